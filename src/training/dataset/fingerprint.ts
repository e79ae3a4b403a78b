/** The fingerprint of a data set: what was read, byte for byte, whatever the order in which it was read. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readDataFile } from "./read-data-file.ts";

/**
 * SHA-256 (lower-case hex) over, for every file in order of its name: the name's UTF-8 length and bytes,
 * the file's length and bytes. Lengths are written as 8-byte big-endian, so no two sets share an encoding.
 */
export function computeFingerprint(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): string {
  const hash = createHash("sha256");
  const length = Buffer.alloc(8);
  const add = (bytes: Uint8Array): void => {
    length.writeBigUInt64BE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  };
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  for (const file of [...files].sort(byName)) {
    add(Buffer.from(file.name, "utf8"));
    add(file.bytes);
  }
  return hash.digest("hex");
}

/** The fingerprint of files below `dir`, given by names relative to it; each counts once. Fails as `readDataFile`. */
export async function fingerprintFiles(dir: string, names: readonly string[]): Promise<string> {
  const files: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  for (const name of new Set(names)) files.push({ name, bytes: await readDataFile(join(dir, name)) });
  return computeFingerprint(files);
}
