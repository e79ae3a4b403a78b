/**
 * Takes up the roots of the keys' folder into the repository, which serves them all: each must follow the one before, from the first on,
 * so that a gateway can walk from any to the newest. Changes none that is served.
 */
import type { Metadata, Root } from "@tufjs/models";
import { issuedAtMs, parseRoot } from "../../core/bundle/update-metadata.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { olderRootName, type RegistryKeys, rootFileName } from "./installation-keys.ts";
import type { MetadataFolder } from "./metadata-folder.ts";
import { encodeMetadata } from "./tuf-signing.ts";

interface AdoptOptions {
  readonly folder: MetadataFolder;
  readonly keys: Pick<RegistryKeys, "root" | "olderRoots">;
  /** Folder of the repository, for messages. */
  readonly subject: string;
  readonly nowMs: number;
}

/**
 * Resolves with the newest root; what is missing in the repository is written, the lowest version first.
 * @throws AuroraError KEY when the roots do not fit what is served, CLOCK when a root that is to be taken up was made after now
 */
export async function adoptRoot({ folder, keys, subject, nowMs }: AdoptOptions): Promise<Metadata<Root>> {
  const refuse = (message: string, cause?: unknown): AuroraError =>
    new AuroraError("KEY", message, {
      op: "open registry",
      subject,
      hint: "Use the folder that `aurora keys init` made for this collector, with all that `aurora keys rotate` has said since.",
      cause,
    });
  const parse = (name: string, bytes: Uint8Array, previous: Metadata<Root> | null): Metadata<Root> => {
    try {
      return parseRoot(bytes, previous);
    } catch (cause) {
      const { message } = cause as Error;
      throw refuse(
        previous === null
          ? `${name} is not good: ${message}`
          : `${name} cannot follow root ${previous.signed.version}: ${message}`,
        cause,
      );
    }
  };
  const served = await folder.readRoots();
  const newest = await folder.newestRoot();
  const given = parse(rootFileName, keys.root, null);
  const { version } = given.signed;
  if (version < newest) throw refuse(`root.json is root ${version}, and root ${newest} is served already`);
  let root: Metadata<Root> | null = null;
  const missing = new Map<number, Uint8Array>();
  for (let at = 1; at <= version; at++) {
    const bytes = served.get(at) ?? (at === version ? keys.root : keys.olderRoots.get(at));
    if (bytes === undefined) {
      throw refuse(`${olderRootName(at)} is missing: no gateway could follow past root ${at - 1}`);
    }
    root = parse(at === version ? rootFileName : olderRootName(at), bytes, root);
    if (!served.has(at)) missing.set(at, bytes);
  }
  if (root === null || Buffer.compare(encodeMetadata(root), encodeMetadata(given)) !== 0) {
    throw refuse(`root.json is another root ${version} than the one that is served`);
  }
  // What it says of the time, gateways believe. The first was made by whoever sets up the collector.
  if (version > 1 && version > newest && issuedAtMs(root) > nowMs + dayMs) {
    throw new AuroraError("CLOCK", `root ${version} was made at ${renderIsoTime(issuedAtMs(root))}`, {
      op: "open registry",
      subject: `${renderIsoTime(nowMs)} here`,
      hint: "Set this machine's clock. Is it right, then that of the machine with the root key was wrong: put the older root.json back there, and make the next root again.",
    });
  }
  for (const [at, bytes] of missing) await folder.writeRoot(at, bytes);
  return root;
}
