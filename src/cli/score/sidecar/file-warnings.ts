/**
 * Warnings of files whose own words and what is said of them differ, or whose times are no clock's: a few of each kind,
 * since a thousand files are usually alike. Decides nothing, prints nothing.
 */
import {
  describeBackStep,
  type SteadyTimes,
  type TimeColumn,
  type TimesGoBack,
} from "../../../training/dataset/samples/time-column.ts";

/** Hears of one file after the other. */
export interface FileWarnings {
  /** What a column of times says beside its rate; of a file once. */
  ofTimes(path: string, times: TimeColumn): void;
  /** The rate that a file states, by its option, and by a description of it; Hz. */
  ofRate(path: string, rates: SaidRates): void;
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
/** Rates that differ by less are one. */
const rateTolerance = 0.001;

/** Creates the warnings of one run. */
export function createFileWarnings(): FileWarnings {
  const warnings: string[] = [];
  const told = new Set<string>();
  let isWarned = false;
  const described = new Set<string>();
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
      if (Math.abs(countsHz / statedHz - 1) <= rateTolerance) return;
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
    list: () => warnings,
  };
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
