/**
 * The folder with the keys of an installation: root, targets, snapshot and timestamp of its update repository, and
 * `release` for signing bundles of its own. A key that came later bears its id in its file's name; `root.json` is the newest root
 * metadata and says which keys count, `<version>.root.json` are the older ones.
 */
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Metadata, Root } from "@tufjs/models";
import {
  createKeyPair,
  type KeyPair,
  loadPrivateKey,
  type PrivateKey,
  parsePrivateKey,
  privateKeySuffix,
  removeKeyPair,
  writeKeyPair,
} from "../../core/bundle/keys.ts";
import { parseRoot } from "../../core/bundle/update-metadata.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxRootBytes } from "../../core/contract/publication.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { rootLifetimeMs, signRoot, type TufRole } from "./sign-root.ts";
import { toTufKey } from "./tuf-signing.ts";

/** Name of the root metadata file in the keys' folder: what a gateway is given at enrolment. */
export const rootFileName = "root.json";

const names = ["root", "targets", "snapshot", "timestamp", "release"] as const;

/** What the collector signs with; the root key is not among them and belongs elsewhere. */
export interface RegistryKeys {
  readonly targets: PrivateKey;
  readonly snapshot: PrivateKey;
  readonly timestamp: PrivateKey;
  /** Bytes of the newest root metadata. */
  readonly root: Uint8Array;
  /** Bytes of the older root metadata beside it, by version. */
  readonly olderRoots: ReadonlyMap<number, Uint8Array>;
}

/** The root metadata of a folder of keys. */
export interface FolderRoots {
  readonly newest: Metadata<Root>;
  readonly bytes: Uint8Array;
  /** By the version that their names say, from the one before the newest down to the first that is missing. */
  readonly older: ReadonlyMap<number, Uint8Array>;
}

/** What {@link createInstallationKeys} made. */
interface InstallationKeys {
  /** Key ids by name: of the four roles as the root metadata lists them, of `release` as signed bundles do. */
  readonly keyIds: Readonly<Record<(typeof names)[number], string>>;
  /** Path of the root metadata. */
  readonly rootFile: string;
}

/**
 * Makes the five key pairs and signs the first root metadata.
 * @throws AuroraError KEY when keys or a root are there already; STORE when the folder cannot be written; then none is there.
 */
export async function createInstallationKeys(dir: string, nowMs: number): Promise<InstallationKeys> {
  // Of keys that were changed none needs to have its first name.
  for (const file of [rootFileName, ...names.map((name) => name + privateKeySuffix)]) {
    await refuseExisting(join(dir, file));
  }
  const pairs = names.map((name) => [name, createKeyPair()] as const);
  const written: string[] = [];
  try {
    for (const [name, pair] of pairs) {
      await writeKeyPair(dir, name, pair);
      written.push(name);
    }
    return await signFirstRoot(dir, pairs, nowMs);
  } catch (error) {
    // Some of the keys would be there already when it is tried again.
    for (const name of written) await removeKeyPair(dir, name);
    throw error;
  }
}

async function signFirstRoot(
  dir: string,
  pairs: readonly (readonly [string, KeyPair])[],
  nowMs: number,
): Promise<InstallationKeys> {
  const keys = new Map(pairs.map(([name, pair]) => [name, parsePrivateKey(pair.privateKeyPem)]));
  const root = keys.get("root")!;
  const bytes = signRoot(
    {
      version: 1,
      issuedMs: nowMs,
      lifetimeMs: rootLifetimeMs,
      keys: {
        root: toTufKey(root.publicKey),
        targets: toTufKey(keys.get("targets")!.publicKey),
        snapshot: toTufKey(keys.get("snapshot")!.publicKey),
        timestamp: toTufKey(keys.get("timestamp")!.publicKey),
      },
    },
    [root],
  );
  const rootFile = join(dir, rootFileName);
  await writeFileAtomic(rootFile, bytes);
  const keyIds = Object.fromEntries(
    [...keys].map(([name, { publicKey }]) => [
      name,
      name === "release" ? publicKey.keyId : toTufKey(publicKey).keyID,
    ]),
  );
  return { keyIds: keyIds as InstallationKeys["keyIds"], rootFile };
}

/**
 * Loads what the registry needs from the folder of {@link createInstallationKeys}.
 * @throws AuroraError KEY when a key is missing or not the one that the newest root names
 */
export async function loadRegistryKeys(dir: string): Promise<RegistryKeys> {
  const { newest, bytes, older } = await readFolderRoots(dir);
  const load = (role: TufRole): Promise<PrivateKey> => loadRoleKey(dir, role, newest);
  return {
    targets: await load("targets"),
    snapshot: await load("snapshot"),
    timestamp: await load("timestamp"),
    root: bytes,
    olderRoots: older,
  };
}

/** @throws AuroraError KEY when there is no root, or none that is signed by itself; STORE when an older one cannot be read */
export async function readFolderRoots(dir: string): Promise<FolderRoots> {
  const rootFile = join(dir, rootFileName);
  const bytes = await readFileBounded(rootFile, maxRootBytes, {
    missing: "KEY",
    tooLarge: "KEY",
    hint: "Make keys with `aurora keys init DIR`.",
  });
  let newest: Metadata<Root>;
  try {
    newest = parseRoot(bytes);
  } catch (cause) {
    throw refuseFolder(`the root metadata is not good: ${(cause as Error).message}`, rootFile);
  }
  const older = new Map<number, Uint8Array>();
  for (let version = newest.signed.version - 1; version > 0; version--) {
    const found = await nodeFileSystem.read(join(dir, olderRootName(version)), maxRootBytes);
    if (found === null) break;
    older.set(version, found);
  }
  return { newest, bytes, older };
}

/** Name of the file of an older root, as gateways ask for it. */
export function olderRootName(version: number): string {
  return `${version}.root.json`;
}

/** Name of the files of a key that came after the first. */
export function laterKeyName(role: TufRole, keyId: string): string {
  return `${role}-${keyId.slice(0, 8)}`;
}

/** File of the private key that `root` names for the role: the one that bears its id, else the first one's. */
export async function findRoleKeyFile(dir: string, role: TufRole, root: Metadata<Root>): Promise<string> {
  for (const keyId of root.signed.roles[role]?.keyIDs ?? []) {
    const later = join(dir, laterKeyName(role, keyId) + privateKeySuffix);
    if (await isThere(later)) return later;
  }
  return join(dir, role + privateKeySuffix);
}

/** @throws AuroraError KEY when it is missing, or not the key that `root` names for the role */
export async function loadRoleKey(dir: string, role: TufRole, root: Metadata<Root>): Promise<PrivateKey> {
  const file = await findRoleKeyFile(dir, role, root);
  const keyIds = root.signed.roles[role]?.keyIDs ?? [];
  const what = `the ${role} key that root ${root.signed.version} names`;
  const later = keyIds.map((keyId) => laterKeyName(role, keyId) + privateKeySuffix).join(" or ");
  const first = role + privateKeySuffix;
  if (!(await isThere(file))) {
    throw refuseFolder(`${what} is missing: ${later}, or ${first} if it was never changed`, dir);
  }
  const key = await loadPrivateKey(file);
  if (keyIds.includes(toTufKey(key.publicKey).keyID)) return key;
  const isFirst = basename(file) === first;
  throw refuseFolder(`${basename(file)} is not ${what}${isFirst ? `, and there is no ${later}` : ""}`, file);
}

/** The error KEY for a folder whose parts do not fit. */
export function refuseFolder(message: string, subject: string): AuroraError {
  return new AuroraError("KEY", message, {
    op: "read keys of updates",
    subject,
    hint: "Use the keys and the root.json that `aurora keys init` or `aurora keys rotate` left in one folder.",
  });
}

/** Is there anything of that name? */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function refuseExisting(path: string): Promise<void> {
  if (!(await isThere(path))) return;
  throw new AuroraError("KEY", `${basename(path)} is there already: keys and roots are never overwritten`, {
    op: "make keys",
    subject: path,
    hint: "Choose another folder, or move the old keys away. Keys are changed by `aurora keys rotate`.",
  });
}
