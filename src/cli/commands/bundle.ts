/** `aurora bundle inspect|verify|sign|diff|export-c`: what is in a bundle, and whether it is what was signed. */
import { join } from "node:path";
import { Command } from "commander";
import type { Bundle } from "../../core/bundle/bundle.ts";
import { compareBundles } from "../../core/bundle/compare-bundles.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { loadPrivateKey, loadTrustedKeys } from "../../core/bundle/keys.ts";
import { readBundle, verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { resignBundle } from "../../core/bundle/write-bundle.ts";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { renderModelHeader } from "../device/render-model-header.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** Builds the command. */
export function bundleCommand(): Command {
  return new Command("bundle")
    .addCommand(inspectCommand())
    .addCommand(verifyCommand())
    .addCommand(signCommand())
    .addCommand(diffCommand())
    .addCommand(exportCommand())
    .addHelpText("after", "\nExample:\n  $ aurora bundle verify models/bearing-vibration/1.0.0\n");
}

function inspectCommand(): Command {
  return new Command("inspect")
    .description("show what a bundle is; checks its digests, not who signed it")
    .argument("<dir>", "the bundle's folder")
    .option("--json", "print its manifest and digest as JSON")
    .addHelpText("after", "\nExample:\n  $ aurora bundle inspect models/bearing-vibration/1.0.0\n")
    .action(async (dir: string, options: JsonOption) => {
      const bundle = await readBundle(dir);
      const { manifest, digest } = bundle;
      print(options.json === true ? JSON.stringify({ digest, manifest }, null, 2) : describe(bundle));
    });
}

function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "check a bundle's signature and every byte of it, offline; exit code 1 if anything was changed",
    )
    .argument("<dir...>", "folders of bundles")
    .option(
      "--keys <path...>",
      "trusted public keys, files or folders (default: the release key of this installation)",
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  $ aurora bundle verify models/bearing-vibration/1.0.0\n")
    .action(async (dirs: string[], options: JsonOption & { readonly keys?: string[] }) => {
      const keys = await loadTrustedKeys(options.keys ?? join(packageRoot(), "models", "release.pub"));
      const results = await Promise.all(dirs.map((dir) => judgeBundle(dir, keys)));
      if (results.some((result) => !result.ok)) process.exitCode = 1;
      if (options.json === true) return print(JSON.stringify({ bundles: results }, null, 2));
      for (const result of results) {
        if (result.ok)
          print(`${result.dir}: good, ${result.name}@${result.version}, digest ${result.digest}`);
        else {
          process.stderr.write(`${result.dir}: REFUSED (${result.code}): ${result.message}\n`);
          process.stderr.write(`hint: ${result.hint}\n`);
        }
      }
    });
}

/** What is to be said of one bundle. Throws what is no verdict. */
async function judgeBundle(dir: string, keys: readonly TrustedKey[]) {
  try {
    const { manifest, digest, signedBy } = await verifyBundle(dir, keys);
    return { dir, ok: true as const, name: manifest.name, version: manifest.version, digest, signedBy };
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    return { dir, ok: false as const, code: error.code, message: error.message, hint: error.hint };
  }
}

function signCommand(): Command {
  return new Command("sign")
    .description("sign a bundle with your own key; its content stays as it is, its old signatures go")
    .argument("<dir>", "the bundle's folder")
    .requiredOption("--key <file...>", "private key (several sign together)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  $ aurora bundle sign my-bundle --key keys/release.key\n")
    .action(async (dir: string, options: JsonOption & { readonly key: string[] }) => {
      const signers = await Promise.all(options.key.map((path) => loadPrivateKey(path)));
      const bundle = await resignBundle(dir, signers);
      const signedBy = signers.map((signer) => signer.keyId);
      if (options.json === true) print(JSON.stringify({ dir, digest: bundle.digest, signedBy }));
      else print(`${dir}: signed by ${signedBy.join(", ")}`);
    });
}

function diffCommand(): Command {
  return new Command("diff")
    .description("say in words and figures what differs between two bundles; exit code 0 either way")
    .argument("<before>", "folder of the one bundle")
    .argument("<after>", "folder of the other")
    .option("--json", "print the differences as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora bundle diff models/bearing-vibration/1.0.0 models/bearing-vibration/1.1.0\n",
    )
    .action(async (before: string, after: string, options: JsonOption) => {
      const [left, right] = [await readBundle(before), await readBundle(after)];
      const changes = compareBundles(left, right);
      const same = left.digest === right.digest;
      if (options.json === true) return print(JSON.stringify({ same, changes }, null, 2));
      print(same ? "no difference" : changes.map((change) => change.sentence).join("\n"));
    });
}

function exportCommand(): Command {
  return new Command("export-c")
    .description("write a bundle's model for microcontrollers as a C header, to be linked into a firmware")
    .argument("<dir>", "the bundle's folder")
    .requiredOption("--out <file>", "header to write; a file that exists is replaced")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora bundle export-c models/bearing-vibration/1.0.0 --out model_data.h\n",
    )
    .action(async (dir: string, options: JsonOption & { readonly out: string }) => {
      const bundle = await readBundle(dir);
      const text = renderModelHeader(bundle);
      await writeFileAtomic(options.out, new TextEncoder().encode(text));
      const modelBytes = bundle.files.get(mcuModelFileName)!.length;
      if (options.json === true)
        print(JSON.stringify({ out: options.out, modelBytes, digest: bundle.digest }));
      else print(`${options.out}: ${modelBytes} bytes of ${bundle.manifest.name}@${bundle.manifest.version}`);
    });
}

function describe(bundle: Bundle): string {
  const { manifest } = bundle;
  const files = manifest.files.map(
    (file) => `  ${file.path.padEnd(20)} ${String(file.sizeBytes).padStart(9)} bytes`,
  );
  const heldOut = manifest.lineage.data.map(
    (one) => `${one.name}: ${one.heldOutGroups.join(", ") || "nothing"}`,
  );
  return [
    `${manifest.name}@${manifest.version}: ${manifest.title}`,
    `digest      ${bundle.digest}`,
    `task        ${manifest.task}${manifest.horizonHours === null ? "" : `, ${manifest.horizonHours} h ahead`}`,
    `runtime     ${manifest.runtime}, features catalogue ${manifest.features.catalogueVersion}`,
    `channels    ${manifest.channels.map((one) => `${one.name} (${one.unit})`).join(", ")}`,
    `window      ${manifest.window.length} ${manifest.window.unit}, hop ${manifest.window.hop}`,
    `features    ${manifest.features.list.length} in ${manifest.groups.length} groups: ${manifest.groups.join(", ")}`,
    `outputs     ${manifest.outputs.map((one) => one.failureMode).join(", ")}`,
    `held out    ${heldOut.join("; ")}`,
    `changelog   ${manifest.changelog}`,
    "files",
    ...files,
  ].join("\n");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
