/**
 * The next root of an update repository, made where the root key is: signed by the root key of the one before and by its own (TUF §6.1).
 * Writes new files beside those that are there and replaces `root.json` last: a kill before that leaves the old root, and keys that
 * no root names. Removes nothing, and needs of the private keys the root's alone.
 */
import { basename, join } from "node:path";
import type { Key, Metadata, Root } from "@tufjs/models";
import {
  createKeyPair,
  loadPrivateKey,
  loadPublicKey,
  type PrivateKey,
  parsePrivateKey,
  privateKeySuffix,
  publicKeySuffix,
  writeKeyPair,
} from "../../core/bundle/keys.ts";
import { issuedAtMs, parseRoot } from "../../core/bundle/update-metadata.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import {
  type FolderRoots,
  findRoleKeyFile,
  isThere,
  laterKeyName,
  loadRoleKey,
  olderRootName,
  readFolderRoots,
  refuseFolder,
  rootFileName,
} from "./installation-keys.ts";
import { signRoot, type TufRole, tufRoles } from "./sign-root.ts";
import { toTufKey } from "./tuf-signing.ts";

interface RotationWish {
  /** The roles that get new keys; none: the same keys and a later end. */
  readonly roles: readonly TufRole[];
  readonly lifetimeMs: number;
  readonly nowMs: number;
}

/** What {@link rotateKeys} made. */
interface Rotation {
  readonly version: number;
  /** Until when the new root is good, epoch ms. */
  readonly expiresMs: number;
  /** Key ids as the new root lists them. */
  readonly keyIds: Readonly<Record<TufRole, string>>;
  /** Names of the files that the collector needs beside those of `aurora keys init`; the root last. */
  readonly forCollector: readonly string[];
  /** Names of the files that belong offline. */
  readonly forOffline: readonly string[];
  /** Names of the files of the private keys that the new root names no more, wherever they are. */
  readonly replaced: readonly string[];
}

interface NewKey {
  readonly role: TufRole;
  readonly name: string;
  readonly pair: ReturnType<typeof createKeyPair>;
  readonly key: PrivateKey;
}

/**
 * Makes the next root in the folder of the present one.
 * @throws AuroraError KEY when what is in the folder does not fit, CLOCK when the clock is behind the present root, USAGE when nothing
 *   would change but to an earlier end, STORE when the folder cannot be written
 */
export async function rotateKeys(dir: string, wish: RotationWish): Promise<Rotation> {
  const roots = await readFolderRoots(dir);
  const { newest } = roots;
  const signer = await loadRoleKey(dir, "root", newest);
  const chain = checkChain(dir, roots);
  for (const role of tufRoles) await checkBeside(dir, role, chain);
  checkTime(newest, wish, join(dir, rootFileName));
  if (await isThere(join(dir, olderRootName(newest.signed.version + 1)))) {
    throw refuseFolder(
      `${rootFileName} is older than ${olderRootName(newest.signed.version + 1)} beside it`,
      dir,
    );
  }
  const keys = mapRoles((role) => onlyKey(newest, role, dir));
  const made = [...new Set(wish.roles)].map(makeKey);
  const replaced = made.map(({ role }) => nameOf(role, keys[role], chain) + privateKeySuffix);
  for (const { role, key } of made) keys[role] = toTufKey(key.publicKey);
  const { version } = newest.signed;
  const bytes = signRoot({ version: version + 1, issuedMs: wish.nowMs, lifetimeMs: wish.lifetimeMs, keys }, [
    signer,
    ...made.filter(({ role }) => role === "root").map(({ key }) => key),
  ]);
  const next = parseRoot(bytes, newest);
  for (const { name, pair } of made) await writeKeyPair(dir, name, pair);
  await writeFileAtomic(join(dir, olderRootName(version)), roots.bytes);
  await writeFileAtomic(join(dir, rootFileName), bytes);
  const later = tufRoles
    .map((role) => ({ role, name: nameOf(role, keys[role], chain) }))
    .filter(({ role, name }) => role !== "root" && name !== role);
  return {
    version: version + 1,
    expiresMs: Date.parse(next.signed.expires),
    keyIds: mapRoles((role) => keys[role].keyID),
    forCollector: [
      ...later.map(({ name }) => name + privateKeySuffix),
      ...chain.map(({ signed }) => olderRootName(signed.version)),
      rootFileName,
    ],
    forOffline: made.filter(({ role }) => role === "root").map(({ name }) => name + privateKeySuffix),
    replaced,
  };
}

function mapRoles<T>(of: (role: TufRole) => T): Record<TufRole, T> {
  return { root: of("root"), targets: of("targets"), snapshot: of("snapshot"), timestamp: of("timestamp") };
}

/** Name of the files of a key that a root of the chain names. */
function nameOf(role: TufRole, { keyID }: Key, [first]: readonly Metadata<Root>[]): string {
  const isFirst = first?.signed.roles[role]?.keyIDs.includes(keyID) === true;
  return isFirst ? role : laterKeyName(role, keyID);
}

function makeKey(role: TufRole): NewKey {
  const pair = createKeyPair();
  const key = parsePrivateKey(pair.privateKeyPem);
  return { role, pair, key, name: laterKeyName(role, toTufKey(key.publicKey).keyID) };
}

/** Each root from the first on must be there and follow the one before. @throws AuroraError KEY */
function checkChain(dir: string, { newest, bytes, older }: FolderRoots): readonly Metadata<Root>[] {
  const chain: Metadata<Root>[] = [];
  for (let version = 1; version <= newest.signed.version; version++) {
    const isNewest = version === newest.signed.version;
    const name = isNewest ? rootFileName : olderRootName(version);
    const content = isNewest ? bytes : older.get(version);
    if (content === undefined) {
      throw refuseFolder(`${name} is missing; the collector serves it below /tuf/metadata/`, join(dir, name));
    }
    try {
      chain.push(parseRoot(content, chain.at(-1)));
    } catch (cause) {
      throw refuseFolder(`${name} does not fit: ${(cause as Error).message}`, join(dir, name));
    }
  }
  return chain;
}

/** A private key that lies beside must be one that some root names, and its public half its own. @throws AuroraError KEY */
async function checkBeside(dir: string, role: TufRole, chain: readonly Metadata<Root>[]): Promise<void> {
  const file = await findRoleKeyFile(dir, role, chain.at(-1)!);
  if (!(await isThere(file))) return;
  const { publicKey } = await loadPrivateKey(file);
  const { keyID } = toTufKey(publicKey);
  if (!chain.some(({ signed }) => signed.roles[role]?.keyIDs.includes(keyID))) {
    throw refuseFolder(`${basename(file)} is no ${role} key of any root in this folder`, file);
  }
  const publicFile = file.slice(0, -privateKeySuffix.length) + publicKeySuffix;
  if (!(await isThere(publicFile))) return;
  if ((await loadPublicKey(publicFile)).keyId !== publicKey.keyId) {
    throw refuseFolder(`${basename(publicFile)} is not the public half of ${basename(file)}`, publicFile);
  }
}

/** @throws AuroraError KEY */
function onlyKey(root: Metadata<Root>, role: TufRole, dir: string): Key {
  const { keyIDs, threshold } = root.signed.roles[role] ?? { keyIDs: [], threshold: 0 };
  const key = root.signed.keys[keyIDs[0] ?? ""];
  if (key !== undefined && keyIDs.length === 1 && threshold === 1) return key;
  throw refuseFolder(
    `root ${root.signed.version} gives ${role} ${keyIDs.length} keys, of which ${threshold} sign: another tool made it`,
    join(dir, rootFileName),
  );
}

/** @throws AuroraError CLOCK; USAGE */
function checkTime(root: Metadata<Root>, { nowMs, lifetimeMs, roles }: RotationWish, subject: string): void {
  const op = "make the next root";
  const issuedMs = issuedAtMs(root);
  if (nowMs < issuedMs) {
    const [now, made] = [nowMs, issuedMs].map(renderIsoTime);
    throw new AuroraError("CLOCK", `this clock says ${now}, and the present root was made at ${made}`, {
      op,
      subject,
      hint: "Set this machine's clock: gateways believe what a root says of the time.",
    });
  }
  if (roles.length === 0 && nowMs + lifetimeMs <= Date.parse(root.signed.expires)) {
    throw new AuroraError("USAGE", `the present root is good until ${root.signed.expires} already`, {
      op,
      subject,
      hint: "Ask for more years, or for new keys.",
    });
  }
}
