/**
 * Warnings of files whose own words and what is said of them differ, whose times are no clock's, or whose descriptions hold keys
 * that nobody reads: a few of each kind, since a thousand files are usually alike. Decides nothing, prints nothing.
 */

import { isSameNumber } from "../../../training/dataset/same-number.ts";
import {
  describeBackStep,
  type SteadyTimes,
  type TimesGoBack,
} from "../../../training/dataset/samples/time-column.ts";
import { countOf } from "../../terminal/count-of.ts";

/** Hears of one file after the other. */
interface FileWarnings {
  /** What a column of times says beside its rate; of a file once. */
  ofTimes(path: string, times: SteadyTimes | TimesGoBack): void;
  /** The rate that a file states, by its option, and by a description of it; Hz. */
  ofRate(path: string, rates: SaidRates): void;
  /** Keys of the `.json` beside it that nobody reads. */
  ofKeys(path: string, unread: readonly string[]): void;
  /** In words, each behind what it is about. */
  list(): readonly string[];
}

/** The first that is there counts: option, description, the file itself. */
interface SaidRates {
  readonly statedHz: number;
  readonly givenHz: number | undefined;
  readonly describedHz: number | undefined;
}

/** Files that are told of, of each kind. */
const shownFiles = 3;

/** Creates the warnings of one run. */
export function createFileWarnings(): FileWarnings {
  const warnings: string[] = [];
  const told = new Set<string>();
  let isWarned = false;
  const described = new Set<string>();
  const pathsOfKey = new Map<string, Set<string>>();
  const warn = (kind: "rate" | "time", sentence: string): void => void warnings.push(`${kind}: ${sentence}`);
  return {
    ofTimes: (path, times) => {
      if ((times.kind === "steady" && times.gaps === 0) || told.has(path)) return;
      if (told.size < shownFiles)
        warn("time", times.kind === "back" ? sayBack(path, times) : sayGap(path, times));
      told.add(path);
    },
    ofRate: (path, { statedHz, givenHz, describedHz }) => {
      const countsHz = givenHz ?? describedHz ?? statedHz;
      if (isSameNumber(statedHz, countsHz)) return;
      const itself = `${path} says ${statedHz} Hz itself`;
      if (givenHz === undefined) {
        if (described.size < shownFiles && !described.has(path))
          warn("rate", `${itself}, and ${countsHz} Hz, as it is described, counts instead`);
        described.add(path);
        return;
      }
      if (!isWarned)
        warn("rate", `${itself}, and --rate-hz ${givenHz} counts instead, for it and all others`);
      isWarned = true;
    },
    ofKeys: (path, unread) => {
      for (const key of unread) pathsOfKey.set(key, (pathsOfKey.get(key) ?? new Set()).add(path));
    },
    list: () => [...warnings, ...listKeys(pathsOfKey)],
  };
}

/** A description may be full of words for others. */
const shownKeys = 10;

function listKeys(pathsOfKey: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const told = [...pathsOfKey].slice(0, shownKeys).map(([key, [first, ...others]]) => {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return `description: nobody reads the key "${key}" in the .json beside ${first}${more}`;
  });
  const rest = pathsOfKey.size - told.length;
  return rest === 0
    ? told
    : [...told, `description: nobody reads ${countOf(rest, "more key")} beside such files`];
}

function sayGap(path: string, { gap, gaps, lookedAt }: SteadyTimes): string {
  const { fromS, lengthS } = gap!;
  const others = gaps === 1 ? "" : ` (the longest of ${gaps} gaps)`;
  const looked = lookedAt === null ? "" : ` in its first ${lookedAt} rows`;
  return (
    `${path} lacks ${lengthS.toPrecision(3)} s after ${fromS.toFixed(3)} s${others}${looked} by its own column of times; ` +
    "what is before and after is taken as one: cut the file there"
  );
}

function sayBack(path: string, times: TimesGoBack): string {
  return `${path}: ${describeBackStep(times)}; rows are taken as they stand: sort them, or cut the file where another recording begins`;
}
