/** SHA-256 of bytes that are in memory. */
import { createHash } from "node:crypto";

/** The digest, 32 bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** The digest as 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return sha256(bytes).toString("hex");
}
