/**
 * A bundle as one file: uncompressed ustar (POSIX 1003.1) with a single possible form: sorted names, mode 0644,
 * owner 0, time 0, two zero blocks at the end. Reads nothing else: no folders, links, devices, extensions, slack.
 *
 * ```text
 * 0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8 | 156 type 1
 * 157 link 100 | 257 "ustar\0" | 263 "00" | 265 owner 32 | 297 group 32 | 329 major 8 | 337 minor 8 | 345 prefix 155
 * ```
 */
import { AuroraError } from "../contract/aurora-error.ts";
import { type Bundle, bundleLimits } from "./bundle.ts";
import { maxBundleEntries } from "./file-source.ts";
import { bundleEntries } from "./write-bundle.ts";

const blockBytes = 512;
const fileName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$/;

/** The tar of a bundle, manifest and signature included. Same bundle, same bytes. */
export function packBundle(bundle: Bundle): Uint8Array {
  return packTar(bundleEntries(bundle));
}

/** Packs flat files, sorted by name. @throws AuroraError BUNDLE_FORMAT for a name that does not fit. */
export function packTar(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].sort(([left], [right]) => (left < right ? -1 : 1));
  const total = entries.reduce((sum, [, bytes]) => sum + blockBytes + roundUp(bytes.length), 2 * blockBytes);
  const tar = new Uint8Array(total);
  let offset = 0;
  for (const [name, bytes] of entries) {
    if (!fileName.test(name)) throw bad(`cannot hold a file named ${JSON.stringify(name)}`);
    tar.set(encodeHeader(name, bytes.length), offset);
    tar.set(bytes, offset + blockBytes);
    offset += blockBytes + roundUp(bytes.length);
  }
  return tar;
}

/**
 * Unpacks what {@link packTar} packs, and nothing else. The files are views on `tar`.
 * @throws AuroraError BUNDLE_FORMAT for anything that packTar would not have written.
 */
export function unpackTar(tar: Uint8Array): ReadonlyMap<string, Uint8Array> {
  // Headers and padding add up to 1,023 bytes a file.
  const maxBytes = bundleLimits.totalBytes + (maxBundleEntries + 1) * 2 * blockBytes;
  if (tar.length > maxBytes) throw bad(`has ${tar.length} bytes, at most ${maxBytes} are read`);
  if (tar.length % blockBytes !== 0) throw bad(`has ${tar.length} bytes, not a multiple of ${blockBytes}`);
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  let previous = "";
  while (offset < tar.length && tar[offset] !== 0) {
    const header = tar.subarray(offset, offset + blockBytes);
    const { name, sizeBytes } = decodeHeader(header);
    if (name <= previous) throw bad(`holds ${name} twice or out of order`);
    if (files.size >= maxBundleEntries) throw bad(`holds more than ${maxBundleEntries} files`);
    const start = offset + blockBytes;
    const end = start + sizeBytes;
    const next = start + roundUp(sizeBytes);
    if (next > tar.length) throw bad(`is cut within ${name}`);
    if (!isZero(tar.subarray(end, next))) throw bad(`hides bytes behind ${name}`);
    files.set(name, tar.subarray(start, end));
    previous = name;
    offset = next;
  }
  if (tar.length - offset !== 2 * blockBytes || !isZero(tar.subarray(offset))) {
    throw bad("does not end with two empty blocks");
  }
  return files;
}

function encodeHeader(name: string, sizeBytes: number): Uint8Array {
  const header = new Uint8Array(blockBytes);
  const put = (offset: number, text: string): void => {
    header.set(Buffer.from(text, "latin1"), offset);
  };
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${sizeBytes.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        "); // the checksum counts its own field as blanks
  put(156, "0");
  put(257, "ustar\x0000");
  put(329, "0000000\0");
  put(337, "0000000\0");
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  put(148, `${checksum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** Name and size; then writes the header again: any other difference is refused by comparison. */
function decodeHeader(header: Uint8Array): { name: string; sizeBytes: number } {
  const text = Buffer.from(header).toString("latin1");
  const name = text.slice(0, text.indexOf("\0"));
  const type = text[156];
  if (!fileName.test(name)) throw bad(`holds an entry named ${JSON.stringify(name.slice(0, 100))}`);
  if (type !== "0") throw bad(`holds ${name} of type ${JSON.stringify(type)}, only plain files are taken`);
  const size = /^[0-7]{11}$/.exec(text.slice(124, 135));
  if (size === null) throw bad(`holds ${name} with a size that is not octal`);
  const sizeBytes = Number.parseInt(size[0], 8);
  if (Buffer.compare(encodeHeader(name, sizeBytes), header) !== 0) {
    throw bad(`holds ${name} with a header in another form (owner, mode, time, prefix or checksum)`);
  }
  return { name, sizeBytes };
}

function roundUp(length: number): number {
  return Math.ceil(length / blockBytes) * blockBytes;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function bad(message: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `the tar ${message}`, { op: "read bundle tar" });
}
