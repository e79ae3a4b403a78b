/**
 * A kept text as it stands on the disk: with a checksum behind it, since SQLite has none and a digit that a disk has changed would be
 * believed. Written in blanks, which whoever parses the JSON before them passes over, an older version too.
 */
import { crc32 } from "node:zlib";

const bits = 32;
const sealPattern = /\n([ \t]{32})$/;

/** The text with its seal. */
export function sealText(text: string): string {
  const sum = crc32(text).toString(2).padStart(bits, "0");
  return `${text}\n${sum.replaceAll("0", " ").replaceAll("1", "\t")}`;
}

/** The text, or null where it is not what was written. One without a seal is an older version's, and taken as it stands. */
export function openSealedText(sealed: string): string | null {
  const seal = sealPattern.exec(sealed);
  if (seal === null) return sealed;
  const text = sealed.slice(0, seal.index);
  return sealText(text) === sealed ? text : null;
}
