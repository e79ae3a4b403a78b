/**
 * The keys of an installation: root, targets, snapshot and timestamp of its update repository, and `release` for
 * signing bundles of its own. Made once, into one folder; only the public halves and `root.json` leave it.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
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
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxRootBytes } from "../../core/contract/publication.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { rootLifetimeMs, signRoot } from "./sign-root.ts";
import { toTufKey } from "./tuf-signing.ts";

/** Name of the root metadata file in the keys' folder: what a gateway is given at enrolment. */
const rootFileName = "root.json";

const names = ["root", "targets", "snapshot", "timestamp", "release"] as const;

/** What the collector signs with; the root key is not among them and belongs elsewhere. */
export interface RegistryKeys {
  readonly targets: PrivateKey;
  readonly snapshot: PrivateKey;
  readonly timestamp: PrivateKey;
  /** Bytes of the newest root metadata. */
  readonly root: Uint8Array;
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
 * @throws AuroraError KEY when keys are there already; STORE when the folder cannot be written; then none is there.
 */
export async function createInstallationKeys(dir: string, nowMs: number): Promise<InstallationKeys> {
  for (const name of names) await refuseExisting(join(dir, name + privateKeySuffix));
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
        root: root.publicKey,
        targets: keys.get("targets")!.publicKey,
        snapshot: keys.get("snapshot")!.publicKey,
        timestamp: keys.get("timestamp")!.publicKey,
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

/** Loads what the registry needs from the folder of {@link createInstallationKeys}. @throws AuroraError KEY. */
export async function loadRegistryKeys(dir: string): Promise<RegistryKeys> {
  const load = (name: string): Promise<PrivateKey> => loadPrivateKey(join(dir, name + privateKeySuffix));
  return {
    targets: await load("targets"),
    snapshot: await load("snapshot"),
    timestamp: await load("timestamp"),
    root: await readFileBounded(join(dir, rootFileName), maxRootBytes, {
      missing: "KEY",
      tooLarge: "KEY",
      hint: "Make keys with `aurora keys init DIR`.",
    }),
  };
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw new AuroraError("KEY", "keys are there already, and a key is never overwritten", {
    op: "make keys",
    subject: path,
    hint: "Choose another folder, or move the old keys away.",
  });
}
