/** The keys of a description of samples, in any usual spelling: which are read, and what they come to. */

import { type Fields, isAbsent } from "../../../core/contract/fields.ts";
import { maxPolePairs } from "../../../core/contract/stated-shafts.ts";
import { plainKey } from "../plain-key.ts";
import { speaksOfBearing } from "./bearing-words.ts";

/** A key that holds a number. */
export interface NumberKey {
  /** All its spellings, of which an error names the one that is written; the first stands for all. */
  readonly names: readonly string[];
  /** The largest value that can be; the least is above 0. */
  readonly max: number;
  /** 0 is a value too: the shaft stands. */
  readonly mayBeZero?: boolean;
}

type NumberKeyName = "rateHz" | "shaftRpm" | "scale" | "polePairs" | "durationS";

/** What each means is said where it is read (`Sidecar`). */
export const numberKeys: Readonly<Record<NumberKeyName, NumberKey>> = {
  rateHz: {
    names: ["ratehz", "rate", "samplerate", "sampleratehz", "samplingrate", "samplingratehz", "fs", "fshz"],
    max: 1e7,
  },
  shaftRpm: { names: ["shaftrpm", "rpm", "speedrpm"], max: 1e5, mayBeZero: true },
  scale: { names: ["scale"], max: 1e12 },
  polePairs: { names: ["polepairs"], max: maxPolePairs },
  durationS: { names: ["durations", "durationseconds", "duration"], max: 1e9 },
};

/** The one spelling that all spellings of a key come to; of a key that says nothing of samples, itself without case and punctuation. */
export function oneSpelling(key: string): string {
  const plain = plainKey(key);
  const known = Object.values(numberKeys).find(({ names }) => names.includes(plain));
  return known?.names[0] ?? plain;
}

/** Does any key say something of a file's samples? */
export function isSidecar(fields: Fields): boolean {
  const names: readonly string[] = [
    ...Object.values(numberKeys).flatMap((key) => key.names),
    "bearing",
    "gearedshafts",
    "unit",
    "channel",
    "speed",
  ];
  return speaksOfBearing(fields) || Object.keys(fields).some((key) => names.includes(plainKey(key)));
}

/** Keys that say nothing of samples, and are read: by a replay, by whoever learns or checks, by people. */
const otherKeys: ReadonlySet<string> = new Set(
  "file time point turbine label machine component shared load learn id note notes".split(" "),
);

/** Keys of `fields` that nobody reads, as they are written, but for those of `more`, in one spelling: a word may be misspelt. */
export function findUnreadKeys(fields: Fields, more: ReadonlySet<string>): readonly string[] {
  const isRead = (key: string): boolean => otherKeys.has(key) || more.has(key);
  return Object.keys(fields).filter((key) => !isRead(plainKey(key)) && !isSidecar({ [key]: 0 }));
}

/** Does any key state a speed that stays? */
export function saysRpm(fields: Fields): boolean {
  const { names } = numberKeys.shaftRpm;
  return Object.entries(fields).some(([key, value]) => names.includes(plainKey(key)) && !isAbsent(value));
}
