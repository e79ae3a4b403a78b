/** Which of a file's channels is meant: a name, a pattern with `*` for files that name the same thing differently, or an index. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { matchesPattern } from "../match-pattern.ts";
import { timeUnitNames } from "./time-names.ts";

/** Names that are listed in a hint. */
const shownNames = 20;

/** Columns that say when, not how much. */
const clockName =
  /^(time|timestamp|date|datetime|elapsed|zeit|zeitstempel|uhrzeit|datum|t|index|sample|samples|n|no|#|)([ _[(].*)?$/i;
/** With more behind it than a unit in brackets it may be something else. */
const clockUnit = new RegExp(`^(${timeUnitNames.join("|")})( ?[[(].*)?$`, "i");

/** A unit in brackets after a name: `Accel [g]`, `acc_x (m/s²)`. */
const unitAfterName = /\s*[[(]([^[(]*)[\])]\s*$/;
/** Without brackets only what nothing else is written like: `Acceleration m/s²`. */
const unitWithoutBrackets = /[\s_,]((?:[cm]?m|ft)\/s\S*)\s*$/;

/** A direction or an end of the machine: `(V)` is vertical, `(DE)` the drive end. */
const placeAfterName = /\s*\([A-Z]{1,3}\)\s*$/;

/** The unit that a channel's name ends with, as it is written; undefined: it has none. */
export function readNamedUnit(name: string): string | undefined {
  const plain = name.replace(placeAfterName, "");
  return unitAfterName.exec(plain)?.[1] ?? unitWithoutBrackets.exec(plain)?.[1];
}

/**
 * Index of the one channel among `names` that `channel` means: the name itself (its unit in brackets may be left out), the
 * only name that fits a pattern (`*` stands for anything), or an index from 0; upper and lower case are the same where
 * nothing else decides. Null takes the only channel there is beside a time or an index. Fails with USAGE.
 */
export function chooseChannel(path: string, names: readonly string[], channel: string | null): number {
  if (names.length === 0) throw usage(path, names, "has no channel of numbers");
  if (channel === null) {
    if (names.length === 1) return 0;
    const signals = names.flatMap((name, index) => (isClock(name.trim()) ? [] : [index]));
    if (signals.length === 1) return signals[0]!;
    throw usage(path, names, `has ${names.length} channels and no --channel says which`);
  }
  const exact = names.indexOf(channel);
  if (exact >= 0) return exact;
  for (const plain of [(name: string) => name, (name: string) => name.replace(unitAfterName, "")]) {
    const same = names.flatMap((name, index) =>
      plain(name).toLowerCase() === channel.toLowerCase() ? [index] : [],
    );
    if (same.length === 1) return same[0]!;
  }
  if (channel.includes("*")) {
    const fitting = names.flatMap((name, index) => (matchesPattern(name, channel) ? [index] : []));
    if (fitting.length === 1) return fitting[0]!;
    const found = fitting.length === 0 ? "no" : `${fitting.length}`;
    throw usage(path, names, `has ${found} channels like "${channel}"`);
  }
  if (/^\d{1,9}$/.test(channel) && Number(channel) < names.length) return Number(channel);
  throw usage(path, names, `has no channel "${channel}"`);
}

function isClock(name: string): boolean {
  return clockName.test(name) || clockUnit.test(name);
}

/** The same for `count` channels that have no names: a name then means the only one, as other files call it so. */
export function chooseUnnamedChannel(path: string, count: number, channel: string | null): number {
  if (count === 1 && channel !== null && !/^\d+$/.test(channel)) return 0;
  return chooseChannel(
    path,
    Array.from({ length: count }, (_, index) => `${index}`),
    channel,
  );
}

function usage(path: string, names: readonly string[], what: string): AuroraError {
  const shown = names.slice(0, shownNames).join(", ");
  const more = names.length > shownNames ? ", …" : "";
  const hint =
    names.length === 0
      ? "this file holds no vibration that can be read"
      : `give --channel with ${names[0] === "0" ? "" : "a name (in which * stands for anything) or "}an index from 0: ${shown}${more}`;
  return new AuroraError("USAGE", `${path} ${what}`, { op: "choose channel", subject: path, hint });
}
