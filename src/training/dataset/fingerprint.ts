/**
 * Fingerprints of files: SHA-256 (lower-case hex) over, for every file in the order of its name, the length and bytes of its
 * name (UTF-8) and the length and bytes of itself. Lengths are written as 8-byte big-endian, so no two sets share an encoding.
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { compareTexts } from "../../core/maths/compare-texts.ts";
import { openDataFile, readWhole } from "./read-data-file.ts";

const pieceBytes = 1024 * 1024;

/** Of files that are in memory. */
export function fingerprintBytes(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): string {
  const hash = createHash("sha256");
  for (const { name, bytes } of [...files].sort((a, b) => compareTexts(a.name, b.name))) {
    addBytes(hash, Buffer.from(name, "utf8"));
    addBytes(hash, bytes);
  }
  return hash.digest("hex");
}

/**
 * Of files of any size below `dir`, as they lie there (packed ones too); `names` are relative to it, and each counts once.
 * `head` is what stands before them, with its length. Fails with DATA_MISSING or DATA_FORMAT.
 */
export async function fingerprintFiles(
  dir: string,
  names: readonly string[],
  head: Uint8Array | null = null,
): Promise<string> {
  const hash = createHash("sha256");
  if (head !== null) addBytes(hash, head);
  for (const name of [...new Set(names)].sort(compareTexts)) {
    addBytes(hash, Buffer.from(name, "utf8"));
    await addFile(hash, join(dir, name));
  }
  return hash.digest("hex");
}

function addLength(hash: Hash, bytes: number): void {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  hash.update(length);
}

function addBytes(hash: Hash, bytes: Uint8Array): void {
  addLength(hash, bytes.length);
  hash.update(bytes);
}

/** A piece at a time. */
async function addFile(hash: Hash, path: string): Promise<void> {
  const op = "fingerprint data";
  const file = await openDataFile(path, op);
  try {
    const { size } = await file.stat();
    addLength(hash, size);
    const piece = new Uint8Array(Math.min(size, pieceBytes));
    for (let at = 0; at < size; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, size - at));
      await readWhole({ file, path, op }, part, at);
      hash.update(part);
    }
  } finally {
    await file.close();
  }
}
