/** `aurora bundle republish`: an older model under a higher version, signed anew, since gateways take no lower one. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { manifestFileName } from "../../core/bundle/bundle.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { checkBundleFolder, writeBundle } from "../../core/bundle/write-bundle.ts";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { semverPattern } from "../../core/contract/bundle/manifest.ts";
import { makeFolder } from "../../core/platform/files/atomic-file.ts";
import { findSignedBundle } from "../bundle/find-bundle.ts";
import { loadReleaseKey } from "../bundle/release-key.ts";
import { renumberBundle } from "../bundle/republish-bundle.ts";
import { releaseKeyFile } from "../installation.ts";
import { printReply } from "../terminal/print-reply.ts";

interface RepublishFlags {
  readonly as: string;
  readonly key: string;
  readonly keys?: string[];
  readonly collector?: string;
  readonly out?: string;
  readonly because?: string;
  readonly json?: boolean;
}

export function republishCommand(): Command {
  return new Command("republish")
    .description("the model of an older bundle under a higher version: how a fleet goes back")
    .argument("<bundle>", "the older bundle's folder, or with --collector NAME@VERSION")
    .requiredOption("--as <version>", "version of the new bundle, higher than what serves", parseVersion)
    .requiredOption("--key <file>", "private release key that signs it")
    .option("--collector <url>", "take the older bundle from this collector")
    .option(
      "--keys <path...>",
      "public keys that the older bundle may be signed with (default: that of --key, and the release key of this installation)",
    )
    .option(
      "--out <dir>",
      "folder of the new bundle (default: beside the older one, named after the version)",
    )
    .option("--because <text>", "why, for its manifest and its card", parseReason)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Student, features, thresholds, drift reference, golden vectors and evaluation keep their bytes;
manifest, card, bill of materials and the header of the microcontroller's model bear the new
version, and the lineage says whose model it is. It is signed here, where the release key is: a
collector has none. Then it is published like any other.

Examples:
  $ aurora bundle republish models/bearing-vibration/1.0.0 --as 1.2.0 --key keys/release.key
  $ aurora bundle republish bearing-vibration@1.0.0 --as 1.2.0 --out 1.2.0 \\
      --collector https://collector.example --key keys/release.key
`,
    )
    .action(republish);
}

async function republish(text: string, flags: RepublishFlags): Promise<void> {
  const { as: version, because = null, json } = flags;
  const signer = await loadReleaseKey(flags.key);
  const trusted = [...(await loadTrustedKeys(flags.keys ?? releaseKeyFile())), signer.publicKey];
  const bundle = await findOlder(text, flags, trusted);
  const out = flags.out ?? (existsSync(text) ? join(resolve(text), "..", version) : version);
  const contents = renumberBundle(bundle, { version, changelog: because });
  await refuseOther(out);
  await makeFolder(resolve(out, ".."));
  const made = await writeBundle(out, contents, signer);
  const { name, version: of } = bundle.manifest;
  const result = { out, name, version, digest: made.digest, of: { version: of, digest: bundle.digest } };
  printReply(
    json,
    { ...result, signedBy: signer.keyId },
    () =>
      `${out}: ${name}@${version}, the model of ${of}\ndigest ${made.digest}\nsigned with ${flags.key}: collector (registry.trustedKeys) and gateways (bundles.trustedKeys) must trust its public half\nTo the gateways: aurora bundle publish ${out} --key FILE --collector URL\n`,
  );
}

/** The older bundle. A signature that nobody here trusts is most often that of another key than was given. */
async function findOlder(
  text: string,
  { collector, key }: RepublishFlags,
  trusted: readonly TrustedKey[],
): ReturnType<typeof findSignedBundle> {
  try {
    return await findSignedBundle(text, collector ?? null, trusted);
  } catch (cause) {
    if (!hasErrorCode(cause, "BUNDLE_SIGNATURE")) throw cause;
    throw new AuroraError(
      "BUNDLE_SIGNATURE",
      `${text} is signed by no trusted key: neither by ${key} nor by one of --keys`,
      {
        op: "republish bundle",
        subject: text,
        hint: `--key is the private release key (keys/release.key of aurora keys init), not a publisher's; if the older bundle was signed with another one, name its public half: --keys FILE`,
        cause,
      },
    );
  }
}

/** A bundle that is there is somebody's; what it is called never changes what it means. */
async function refuseOther(out: string): Promise<void> {
  await checkBundleFolder(out);
  if (!existsSync(join(out, manifestFileName))) return;
  throw new AuroraError("USAGE", `there is a bundle in ${out} already`, {
    op: "republish bundle",
    subject: out,
    hint: "Give a higher version, or another folder with --out.",
  });
}

function parseVersion(text: string): string {
  if (semverPattern.test(text) && text.length <= 64) return text;
  throw new InvalidArgumentError("A semantic version, like 1.2.0.");
}

function parseReason(text: string): string {
  if (text.trim() !== "" && text.length <= 1_000 && !text.includes("\n")) return text;
  throw new InvalidArgumentError("One line of at most 1,000 characters.");
}
