/**
 * NASA's C-MAPSS turbofan simulations (Saxena et al., PHM 2008): engines that run to failure, and engines that are cut
 * off somewhere before it. Simulated, never measured. One row is one flight; there is no other time.
 * Refuses gaps: an engine's cycles are 1, 2, 3, …
 */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { fingerprintFiles } from "./fingerprint.ts";
import { readDataText } from "./read-data-file.ts";

/** The subsets with one operating condition: FD001 has one kind of fault, FD003 two. */
export type CmapssSubset = "FD001" | "FD003";

/** Columns after engine and cycle, in the order of the files; lower case as channel names. */
export const cmapssChannels: readonly string[] = [
  "altitude",
  "mach",
  "throttle",
  "t2",
  "t24",
  "t30",
  "t50",
  "p2",
  "p15",
  "p30",
  "nf",
  "nc",
  "epr",
  "ps30",
  "phi",
  "nrf",
  "nrc",
  "bpr",
  "farb",
  "htbleed",
  "nf-dmd",
  "pcnfr-dmd",
  "w31",
  "w32",
];

/** One engine. */
export interface CmapssEngine {
  /** Subset, part and number, for example `FD001-test-7`: what must not be split. */
  readonly id: string;
  /** Flights in order. */
  readonly cycles: number;
  /** [cycles × channels], in the units of the data set. */
  readonly values: Float64Array;
  /** Cycles that were left after the last row; 0 for an engine that ran to failure. */
  readonly remainingCycles: number;
}

/** One subset. */
export interface CmapssData {
  readonly subset: CmapssSubset;
  /** Engines that ran to failure. */
  readonly train: readonly CmapssEngine[];
  /** Engines that were cut off, to be judged once, at their last row. */
  readonly test: readonly CmapssEngine[];
  readonly fingerprint: string;
}

const maxTextBytes = 64 * 1024 * 1024;

/** Reads a subset from the folder that holds `train_FD001.txt.gz` and its like. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readCmapss(dir: string, subset: CmapssSubset): Promise<CmapssData> {
  const names = [`train_${subset}.txt.gz`, `test_${subset}.txt.gz`, `RUL_${subset}.txt.gz`] as const;
  const [train, test, remaining] = await Promise.all(
    names.map((name) => readDataText(join(dir, name), maxTextBytes)),
  );
  const left = parseRemaining(remaining!, names[2]);
  return {
    subset,
    train: parseCmapssEngines(train!, names[0], `${subset}-train`, null),
    test: parseCmapssEngines(test!, names[1], `${subset}-test`, left),
    fingerprint: await fingerprintFiles(dir, names),
  };
}

/**
 * Parses rows of engine, cycle and channels, separated by spaces. `remaining` holds the cycles left for each engine in
 * order, or is null when all ran to failure. `prefix` names the part in the engines' ids. Fails with DATA_FORMAT, naming the line.
 */
export function parseCmapssEngines(
  text: string,
  subject: string,
  prefix: string,
  remaining: readonly number[] | null,
): readonly CmapssEngine[] {
  const columns = 2 + cmapssChannels.length;
  const engines: number[][][] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const fields = line.trim().split(/\s+/);
    if (fields.length === 1 && fields[0] === "") continue;
    const row = fields.map(Number);
    if (row.length !== columns || !row.every(Number.isFinite)) {
      throw refuse(subject, index + 1, `expected ${columns} numbers, got ${fields.length} fields`);
    }
    const [engine, cycle] = row as [number, number];
    if (cycle === 1) engines.push([]);
    const current = engines.at(-1);
    if (current === undefined || engine !== engines.length || cycle !== current.length + 1) {
      throw refuse(subject, index + 1, `engine ${engine}, cycle ${cycle} is out of order`);
    }
    current.push(row.slice(2));
  }
  if (remaining !== null && remaining.length !== engines.length) {
    throw refuse(subject, 1, `${engines.length} engines, but ${remaining.length} remaining lives`);
  }
  return engines.map((rows, index) => ({
    id: `${prefix}-${index + 1}`,
    cycles: rows.length,
    values: Float64Array.from(rows.flat()),
    remainingCycles: remaining?.[index] ?? 0,
  }));
}

function parseRemaining(text: string, subject: string): readonly number[] {
  const fields = text.trim().split(/\s+/);
  return fields.map((field, index) => {
    const value = Number(field);
    if (field === "" || !Number.isInteger(value) || value < 0) {
      throw refuse(subject, index + 1, `expected a count of cycles, got "${field.slice(0, 32)}"`);
    }
    return value;
  });
}

function refuse(subject: string, line: number, message: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${subject}, line ${line}: ${message}`, {
    op: "read engines",
    subject,
    hint: "the folder must be the cmapss folder of the data set, unchanged",
  });
}
