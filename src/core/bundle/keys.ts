/**
 * Ed25519 keys as PEM files: made, written (private ones for the owner alone), loaded. Never prints a private key.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import { chmod, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError, systemCodeOf } from "../contract/aurora-error.ts";
import { makeFolder, storeError } from "../platform/files/atomic-file.ts";
import { readFileBounded } from "../platform/files/bounded-read.ts";
import { sha256Hex } from "../platform/files/sha256.ts";
import type { Signer, TrustedKey } from "./dsse.ts";

export interface KeyPair {
  /** SHA-256 of the public key's SPKI DER, lower-case hex. */
  readonly keyId: string;
  /** SPKI PEM. */
  readonly publicKeyPem: string;
  /** PKCS #8 PEM. */
  readonly privateKeyPem: string;
}

/** A trusted key with its raw form, for those who write key lists. */
export interface PublicKey extends TrustedKey {
  /** The 32 raw bytes. */
  readonly raw: Uint8Array;
  /** SPKI PEM. */
  readonly pem: string;
}

/** A trusted key, and where it was found. */
export interface TrustedKeyFile extends PublicKey {
  /** The file that holds it; of several, the first. */
  readonly path: string;
}

/** A signer with its public half. */
export interface PrivateKey extends Signer {
  readonly publicKey: PublicKey;
}

/** End of a public key file's name. */
export const publicKeySuffix = ".pub";
/** End of a private key file's name. */
export const privateKeySuffix = ".key";

const maxPemBytes = 4096;

/** Makes an ed25519 key pair. */
export function createKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    keyId: keyIdOf(publicKey),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Parses a public key (PEM). @throws AuroraError KEY when it is not an ed25519 public key. */
export function parsePublicKey(pem: string, subject = "public key"): PublicKey {
  if (pem.includes("PRIVATE KEY")) {
    throw new AuroraError("KEY", "is a private key, a public one was expected", {
      op: "load public key",
      subject,
      hint: "Keep private keys out of folders of trusted keys.",
    });
  }
  const key = parseKey(() => createPublicKey({ key: pem, format: "pem" }), "load public key", subject);
  return toPublicKey(key);
}

/** Parses a private key (PKCS #8 PEM). @throws AuroraError KEY when it is not an ed25519 private key. */
export function parsePrivateKey(pem: string, subject = "private key"): PrivateKey {
  const key = parseKey(() => createPrivateKey({ key: pem, format: "pem" }), "load private key", subject);
  const publicKey = toPublicKey(createPublicKey(key));
  return {
    keyId: publicKey.keyId,
    publicKey,
    sign: (data) => new Uint8Array(signBytes(null, data, key)),
  };
}

/**
 * Writes `<name>.key` (mode 0600) and `<name>.pub` (0644) into `dir`, made with mode 0700 if missing.
 * @throws AuroraError KEY when either file is there already: a key is never overwritten; STORE when the system refuses to
 * write. Then neither is there.
 */
export async function writeKeyPair(dir: string, name: string, pair: KeyPair): Promise<void> {
  await makeFolder(dir, 0o700);
  const keyFile = join(dir, name + privateKeySuffix);
  await writeNewFile(keyFile, pair.privateKeyPem, 0o600);
  try {
    await writeNewFile(join(dir, name + publicKeySuffix), pair.publicKeyPem, 0o644);
  } catch (error) {
    // Half a pair would be there already when it is tried again.
    await rm(keyFile, { force: true });
    throw error;
  }
}

/** Takes back what {@link writeKeyPair} wrote, where what it belongs to could not be finished. */
export async function removeKeyPair(dir: string, name: string): Promise<void> {
  for (const suffix of [privateKeySuffix, publicKeySuffix])
    await rm(join(dir, name + suffix), { force: true });
}

/** Loads a private key file. @throws AuroraError KEY. */
export async function loadPrivateKey(path: string): Promise<PrivateKey> {
  return parsePrivateKey(await readPem(path), path);
}

/** Loads a public key file. @throws AuroraError KEY. */
export async function loadPublicKey(path: string): Promise<PublicKey> {
  return parsePublicKey(await readPem(path), path);
}

/**
 * Loads trusted public keys: PEM files, or every `*.pub` of a folder (sorted by name); each key once.
 * @throws AuroraError KEY when there is none, or when one of them is no ed25519 public key.
 */
export async function loadTrustedKeys(paths: string | readonly string[]): Promise<readonly TrustedKeyFile[]> {
  const keys = new Map<string, TrustedKeyFile>();
  const roots = typeof paths === "string" ? [paths] : paths;
  for (const root of roots) {
    for (const path of await publicKeyFiles(root)) {
      const key = await loadPublicKey(path);
      if (!keys.has(key.keyId)) keys.set(key.keyId, { ...key, path });
    }
  }
  if (keys.size === 0) {
    throw new AuroraError("KEY", `holds no *${publicKeySuffix} file`, {
      op: "load trusted keys",
      subject: roots.join(", "),
      hint: "Make keys with `aurora keys init DIR`, or name the folder of the release key.",
    });
  }
  return [...keys.values()];
}

async function publicKeyFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith(publicKeySuffix)).sort();
    return names.map((name) => join(path, name));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function parseKey(parse: () => KeyObject, op: string, subject: string): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch (cause) {
    throw new AuroraError("KEY", "is not a key in PEM form", { op, subject, cause });
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new AuroraError("KEY", `is a ${key.asymmetricKeyType} key, ed25519 was expected`, { op, subject });
  }
  return key;
}

function toPublicKey(key: KeyObject): PublicKey {
  const der = key.export({ type: "spki", format: "der" });
  return {
    keyId: keyIdOf(key),
    raw: new Uint8Array(der.subarray(der.length - 32)), // RFC 8410: the bit string ends the structure
    pem: key.export({ type: "spki", format: "pem" }).toString(),
    verify: (data, signature) => signature.length === 64 && verifyBytes(null, data, key, signature),
  };
}

function keyIdOf(publicKey: KeyObject): string {
  return sha256Hex(publicKey.export({ type: "spki", format: "der" }));
}

async function readPem(path: string): Promise<string> {
  try {
    const bytes = await readFileBounded(path, maxPemBytes);
    return Buffer.from(bytes).toString("utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  let isMine = false;
  try {
    const file = await open(path, "wx", mode);
    isMine = true;
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(path, mode); // whatever the umask says
  } catch (cause) {
    if (isMine) await rm(path, { force: true });
    if (systemCodeOf(cause) !== "EEXIST") throw storeError("write key", path, cause);
    throw new AuroraError("KEY", "is there already, and a key is never overwritten", {
      op: "write key",
      subject: path,
      cause,
      hint: "Choose another folder, or move the old key away.",
    });
  }
}

function unreadable(path: string, cause: unknown): AuroraError {
  const reason = cause instanceof AuroraError ? (cause.cause ?? cause) : cause;
  return new AuroraError(
    "KEY",
    `${path} cannot be read: ${reason instanceof Error ? reason.message : String(reason)}`,
    { op: "load key", subject: path, cause },
  );
}
