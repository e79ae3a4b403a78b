/** What people call a column of times, and the units that its name may state. Reads the head of a file, and no times. */
import { extname } from "node:path";
import { openParquetTable } from "../parquet-columns.ts";
import { readText } from "../read-text.ts";

/** Of the units in which times are read, by all that they are called. */
export const secondsOfUnit: Readonly<Record<string, number>> = {
  ...ofWords(1, "s sec secs second seconds utc"),
  ...ofWords(1e-3, "ms msec millisecond milliseconds"),
  // Micro has a sign of its own, beside the Greek letter.
  ...ofWords(1e-6, "us \u00b5s \u03bcs usec microsecond microseconds"),
  ...ofWords(1e-9, "ns nsec nanosecond nanoseconds"),
};
/** Of those units what a column of times may be called by itself. */
export const timeUnitNames: readonly string[] = Object.keys(secondsOfUnit).filter((unit) => unit.length >= 3);
/** As people call it; a unit in brackets may follow. */
const bareNames = ["time", "t", "timestamp", "datetime"];
/** What a table may have beside a column that states its unit. */
const laterNames = ["zeit", "zeitstempel", "elapsed"];
const columnNames = [
  ...bareNames,
  ...timeUnitNames,
  ...["s", "sec", "seconds", "ms", "us", "ns"].flatMap((unit) =>
    [...bareNames, ...laterNames].map((name) => `${name}_${unit}`),
  ),
  ...laterNames,
];
/** A name that stands for itself in a text. */
const namePatterns = columnNames.map((name) => new RegExp(`(?<!\\w)${name}(?!\\w)`, "i"));
/** Of a text so much is looked at for names: as many lines as its reader takes, where they are not as long as this together. */
const headLines = 200;
const longestHead = 2 ** 20;

interface TimeName {
  readonly name: string;
  /** Does the file's head speak of it? */
  readonly isNamed: boolean;
  /** That is part of the name itself. */
  readonly namedUnit: string | undefined;
}

/**
 * The names that a column of the file may be found by: the first, which finds the only column of a text without names, and
 * those that its head speaks of, which `isNamed` says. All of them, where the head cannot be read, or there is more of it.
 */
export async function listTimeNames(path: string): Promise<readonly TimeName[]> {
  const head = await readHead(path).catch(() => null);
  return columnNames
    .map((name, index) => {
      const last = name.slice(name.lastIndexOf("_") + 1);
      const namedUnit = Object.hasOwn(secondsOfUnit, last) ? last : undefined;
      return { name, isNamed: head !== null && namePatterns[index]!.test(head), namedUnit };
    })
    .filter(({ isNamed }, index) => isNamed || head === null || index === 0);
}

/** The text in which the columns are named; null where there is more of it. Fails with DATA_MISSING, DATA_FORMAT. */
async function readHead(path: string): Promise<string | null> {
  if (extname(path).toLowerCase() === ".parquet") {
    return (await openParquetTable(path)).columns.map(({ name }) => name).join("\n");
  }
  let text = "";
  let head: readonly string[] = [];
  for await (const piece of readText(path)) {
    text += piece;
    if (text.length > longestHead) return null;
    head = text.split("\n").filter((line) => line.trim() !== "");
    if (head.length > headLines) break;
  }
  return head.slice(0, headLines).join("\n");
}

/** The same for each of the words. */
function ofWords(value: number, words: string): Readonly<Record<string, number>> {
  return Object.fromEntries(words.split(" ").map((word) => [word, value]));
}
