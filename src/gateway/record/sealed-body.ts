/**
 * A record's body as it stands on the disk: with a checksum behind it. SQLite keeps none, so that a byte which a disk has
 * changed within a value would reach the collector as if it had been measured. To whoever reads the record without
 * looking for it, an older version too, it is a field that it does not know.
 */
import { crc32 } from "node:zlib";

/** Of field 2047 with four bytes, as protobuf writes it. */
const tag = [0xfd, 0x7f] as const;
/** Bytes that a seal takes. */
export const sealBytes = 6;

/** The body with its seal. */
export function sealBody(body: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(body.length + sealBytes);
  sealed.set(body);
  sealed.set(tag, body.length);
  new DataView(sealed.buffer).setUint32(body.length + tag.length, crc32(body), true);
  return sealed;
}

/** The body, or null where it is not what was written. One without a seal is an older version's, and taken as it stands. */
export function openSealedBody(sealed: Uint8Array): Uint8Array | null {
  const end = sealed.length - sealBytes;
  if (end < 0 || sealed[end] !== tag[0] || sealed[end + 1] !== tag[1]) return sealed;
  const body = sealed.subarray(0, end);
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
  return view.getUint32(end + tag.length, true) === crc32(body) ? body : null;
}
