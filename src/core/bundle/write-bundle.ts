/**
 * Writes a bundle as a folder: all of it or nothing (a sibling folder, renamed when it is complete). What it writes
 * depends only on the content and the key, never on the clock.
 */
import { randomBytes } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { AuroraError } from "../contract/aurora-error.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import { writeFileAtomic } from "../platform/files/atomic-file.ts";
import { type FileSystem, nodeFileSystem } from "../platform/files/file-system.ts";
import { sha256Hex } from "../platform/files/sha256.ts";
import { type Bundle, manifestFileName, signatureFileName } from "./bundle.ts";
import { canonicalJsonBytes } from "./canonical-json.ts";
import type { Signer } from "./dsse.ts";
import { signManifest } from "./sign-manifest.ts";
import { parseManifest, readBundle } from "./verify-bundle.ts";

/** What goes into a bundle: everything but what can be computed from it. */
export interface BundleContents {
  /** The manifest without its list of files. */
  readonly manifest: Omit<Manifest, "files">;
  /** Every other file by name; must hold those of `bundleFileNames`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Builds the bundle in memory: lists the files, writes the manifest canonically, signs it.
 * @throws AuroraError BUNDLE_FORMAT when the manifest or the set of files is wrong.
 */
export function createBundle(contents: BundleContents, signer: Signer): Bundle {
  const names = [...contents.files.keys()].sort();
  const listed = names.map((path) => {
    const bytes = contents.files.get(path)!;
    return { path, sizeBytes: bytes.length, sha256: sha256Hex(bytes) };
  });
  const manifestBytes = canonicalJsonBytes({ ...contents.manifest, files: listed });
  const manifest = parseManifest(manifestBytes, `${contents.manifest.name}@${contents.manifest.version}`);
  const digest = sha256Hex(manifestBytes);
  return {
    manifest,
    digest,
    files: new Map(names.map((name) => [name, contents.files.get(name)!])),
    manifestBytes,
    signatureBytes: signManifest(digest, [signer]),
  };
}

/**
 * Creates, signs and writes a bundle. A bundle that is in `dir` already is replaced; any other content is refused.
 * @throws AuroraError BUNDLE_FORMAT for a wrong manifest or a folder that is not a bundle's.
 */
export async function writeBundle(dir: string, contents: BundleContents, signer: Signer): Promise<Bundle> {
  const bundle = createBundle(contents, signer);
  await writeBundleFolder(dir, bundle);
  return bundle;
}

/** Writes a bundle that exists in memory. Durable when it returns. Fails with BUNDLE_FORMAT or STORE. */
export async function writeBundleFolder(
  dir: string,
  bundle: Bundle,
  files: FileSystem = nodeFileSystem,
): Promise<void> {
  const target = resolve(dir);
  const parent = dirname(target);
  await checkBundleFolder(target, files);
  const staging = join(parent, `.${basename(target)}.new-${randomBytes(4).toString("hex")}`);
  try {
    await files.makeFolder(staging);
    for (const [name, bytes] of bundleEntries(bundle)) await files.writeAtomic(join(staging, name), bytes);
    await files.remove(target);
    await files.rename(staging, target);
  } catch (error) {
    await files.remove(staging).catch(() => undefined); // says less than what went wrong before
    throw error;
  }
}

/** Every file of a bundle, manifest and signature included, sorted by name. */
export function bundleEntries(bundle: Bundle): ReadonlyMap<string, Uint8Array> {
  const entries: [string, Uint8Array][] = [
    ...bundle.files,
    [manifestFileName, bundle.manifestBytes],
    [signatureFileName, bundle.signatureBytes],
  ];
  return new Map(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/**
 * Is `dir` a bundle's folder, empty or not there? What takes long asks before it begins.
 * @throws AuroraError BUNDLE_FORMAT for a folder that is not a bundle's, STORE for what can be none.
 */
export async function checkBundleFolder(dir: string, files: FileSystem = nodeFileSystem): Promise<void> {
  const names = await files.list(dir);
  if (names.length === 0 || names.includes(manifestFileName)) return;
  throw new AuroraError("BUNDLE_FORMAT", "is a folder with other things in it", {
    op: "write bundle",
    subject: dir,
    hint: "Name a new folder.",
  });
}
/**
 * Signs a written bundle with other keys: replaces `manifest.dsse.json` in `dir`, and with it the old signatures. Content
 * and digest stay. Every signer signs; whoever verifies must trust all of them.
 * @throws AuroraError BUNDLE_FORMAT or BUNDLE_DIGEST when the bundle itself is not whole: nothing is signed then.
 */
export async function resignBundle(dir: string, signers: readonly Signer[]): Promise<Bundle> {
  const bundle = await readBundle(dir);
  const signatureBytes = signManifest(bundle.digest, signers);
  await writeFileAtomic(join(dir, signatureFileName), signatureBytes);
  return { ...bundle, signatureBytes };
}
