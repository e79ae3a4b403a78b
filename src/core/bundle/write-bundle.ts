/**
 * Writes a bundle as a folder: all of it or nothing (a sibling folder, renamed when it is complete). What it writes
 * depends only on the content and the key, never on the clock.
 */
import { chmod, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AuroraError } from "../contract/aurora-error.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import { makeFolder, renameAtomic, syncFolder, writeFileAtomic } from "../platform/files/atomic-file.ts";
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

/** Writes a bundle that exists in memory. Durable when it returns: files and folders are synced. Fails with BUNDLE_FORMAT or STORE. */
export async function writeBundleFolder(dir: string, bundle: Bundle): Promise<void> {
  const target = resolve(dir);
  const parent = dirname(target);
  await checkBundleFolder(target);
  await makeFolder(parent);
  const staging = await makeStaging(target);
  try {
    for (const [name, bytes] of bundleEntries(bundle)) await writeSynced(join(staging, name), bytes);
    await chmod(staging, 0o755); // mkdtemp makes it private; a bundle is not a secret
    await syncFolder(staging);
    await rm(target, { recursive: true, force: true });
    await renameAtomic(staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error instanceof AuroraError ? error : cannotWrite(target, error as Error);
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

async function makeStaging(target: string): Promise<string> {
  try {
    return await mkdtemp(join(dirname(target), `.${basename(target)}.new-`));
  } catch (error) {
    throw cannotWrite(target, error as Error);
  }
}

function cannotWrite(target: string, cause: Error): AuroraError {
  return new AuroraError("STORE", `cannot write ${target}: ${cause.message}`, {
    op: "write bundle",
    subject: target,
    cause,
    hint: "name a folder that this user may write, on a disk with some space left",
  });
}

/**
 * Is `dir` a bundle's folder, empty or not there? What takes long asks before it begins.
 * @throws AuroraError BUNDLE_FORMAT for a folder that is not a bundle's, STORE for what can be none.
 */
export async function checkBundleFolder(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw cannotWrite(dir, error);
  });
  if (names.length === 0 || names.includes(manifestFileName)) return;
  throw new AuroraError("BUNDLE_FORMAT", "is a folder with other things in it", {
    op: "write bundle",
    subject: dir,
    hint: "Name a new folder.",
  });
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
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
