/**
 * Reads the tables of a configuration into one series a turbine: units turned into the channels', times into moments, rows
 * that a gateway would not judge either left out and counted. Repairs and fills in nothing; holds the used rows, not the files.
 */
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import { medianInPlace } from "../../../core/maths/select.ts";
import { parseCellNumber, parseText } from "../table-cell.ts";
import { openTableRows } from "../table-rows.ts";
import { createGrowingRows, type GrowingRows, type TurbineSeries } from "./growing-rows.ts";
import { type ListedFile, listTableFiles } from "./list-files.ts";
import { type CellPlace, createMomentReader, type MomentReader, refuseNever } from "./read-moments.ts";
import { countLosses, type LossCount, type RowLoss, sayLoss } from "./row-losses.ts";
import {
  type ColumnSource,
  conversionOf,
  type DeniedUnit,
  findTableColumns,
  listDeniedUnits,
  refuseDenied,
} from "./table-columns.ts";
import { parseDay, type ScadaTableDataset } from "./table-config.ts";

/** What is read of a configuration. */
export interface ScadaSource extends ColumnSource {
  /** Length of a row's interval. */
  readonly intervalMs: number;
}

/** `train`: nothing from `period.test` on, and no file that begins there is opened. */
export type ScadaPeriod = "train" | "all";

interface ScadaTables {
  /** In the sequence of the configuration's turbines. */
  readonly turbines: readonly TurbineSeries[];
  readonly losses: readonly RowLoss[];
}

/** Rows of all turbines that are held: 76 turbine-years of ten minutes. */
const maxHeldRows = 4_000_000;
/** Rows of one file; those of other turbines and times are passed over. */
const maxFileRows = 100_000_000;

/** Reads the tables. Fails with DATA_MISSING or DATA_FORMAT, naming file, line and value. */
export async function readScadaTables(
  dataDir: string,
  source: ScadaSource,
  period: ScadaPeriod,
): Promise<ScadaTables> {
  const { turbines, losses } = await scanScadaTables(dataDir, source, {
    period,
    hasPlaces: false,
    onNever: (place, cell) => {
      throw refuseNever(place, cell, source.dataset.time);
    },
    onDenied: (path, denied) => {
      throw refuseDenied(path, denied);
    },
  });
  const empty = turbines.find(({ rows }) => rows === 0);
  if (empty !== undefined) throw refuseEmpty(empty.turbine, losses);
  checkInterval(turbines, source.intervalMs);
  return { turbines, losses };
}

/** How tables are gone through. */
interface ScanOptions {
  readonly period: ScadaPeriod;
  /** Are two columns added to each series: the row's file (its place in `files`) and its line or row there? */
  readonly hasPlaces: boolean;
  /** Told of a local time that never was; the row is left out. */
  readonly onNever: (place: CellPlace, cell: unknown) => void;
  /** Told of a column whose own name states another unit than the configuration. */
  readonly onDenied: (path: string, denied: DeniedUnit) => void;
}

/** What was gone through, whatever it is like: a series may be empty or of another interval. */
export interface ScannedTables extends ScadaTables {
  readonly files: readonly string[];
  /** Times of rows that were left out because another row of the turbine has them. */
  readonly repeated: ReadonlyMap<string, Float64Array>;
}

/** Goes through the tables. Fails with DATA_MISSING or DATA_FORMAT where a file cannot be read or lacks a column. */
export async function scanScadaTables(
  dataDir: string,
  source: ScadaSource,
  options: ScanOptions,
): Promise<ScannedTables> {
  const { dataset, channels } = source;
  const losses = countLosses();
  const width = channels.length + (options.hasPlaces ? 2 : 0);
  const held = new Map(dataset.turbines.map((turbine) => [turbine, createGrowingRows(width)]));
  const readers = new Map<string, MomentReader>();
  const tally = { rows: 0 };
  const listed = await listPeriodFiles(dataDir, dataset, options.period);
  for (const [index, file] of listed.entries()) {
    // Files of one turbine go on where the one before ended, also in the middle of a doubled hour.
    const owner = file.turbine ?? "";
    const moments = readers.get(owner) ?? createMomentReader(dataset.time);
    readers.set(owner, moments);
    const reading = { source, options, held, losses, moments, tally, index };
    await readFile(join(dataDir, file.name), file, reading);
  }
  const repeated = new Map<string, Float64Array>();
  const turbines = [...held].map(([turbine, rows]) =>
    rows.finish(turbine, (timesMs) => {
      repeated.set(turbine, timesMs);
      const place = new Date(timesMs[0]!).toISOString();
      losses.add("repeated", () => ({ file: turbine, place, value: "the first counts" }), timesMs.length);
    }),
  );
  return { turbines, losses: losses.list(), files: listed.map(({ name }) => name), repeated };
}

/** Files that may hold rows of the period. Fails with DATA_MISSING. */
export async function listPeriodFiles(
  dataDir: string,
  dataset: ScadaTableDataset,
  period: ScadaPeriod | "test",
): Promise<ListedFile[]> {
  const { test } = dataset.period;
  const isWanted = ({ entry: { from, until } }: ListedFile): boolean =>
    period === "all" ||
    (period === "train" ? from === undefined || from < test : until === undefined || until > test);
  return (await listTableFiles(dataDir, dataset)).filter(isWanted);
}

interface Reading {
  readonly source: ScadaSource;
  readonly options: ScanOptions;
  /** Place of the file among all. */
  readonly index: number;
  readonly held: ReadonlyMap<string, GrowingRows>;
  readonly losses: LossCount;
  readonly moments: MomentReader;
  /** Of all turbines together. */
  readonly tally: { rows: number };
}

async function readFile(
  path: string,
  file: ListedFile,
  { source, options, index, held, losses, moments, tally }: Reading,
): Promise<void> {
  const { dataset, channels } = source;
  const table = await openTableRows(path, { ...dataset.layout, maxRows: maxFileRows });
  const columns = findTableColumns(path, table, source);
  for (const denied of listDeniedUnits(table, source)) options.onDenied(path, denied);
  const conversions = channels.map((channel) => conversionOf(dataset, channel));
  const [fromMs, untilMs] = limitDays(dataset, file, options.period);
  const values = new Float64Array(channels.length + (options.hasPlaces ? 2 : 0));
  const wanted = [columns.time, ...columns.channels, ...(columns.turbine < 0 ? [] : [columns.turbine])];
  await table.read(wanted, (cells, at) => {
    const place = `${table.placeWord} ${at}`;
    const lose = (reason: RowLoss["reason"], value: () => string): void =>
      losses.add(reason, () => ({ file: path, place, value: value() }));
    const named = columns.turbine < 0 ? file.turbine! : parseText(cells[channels.length + 1]);
    const turbine = dataset.turbineNames?.[named] ?? named;
    const own = held.get(turbine);
    if (own === undefined) {
      lose(turbine === "" ? "no-turbine" : "other-turbine", () => turbine);
      return;
    }
    const moment = moments.read(cells[0], turbine);
    if (moment.kind === "never") {
      options.onNever({ file: path, place }, cells[0]);
      return;
    }
    if (moment.kind === "none") {
      lose("no-time", () => `"${String(cells[0])}"`);
      return;
    }
    const { timeMs } = moment;
    if (timeMs < fromMs || timeMs >= untilMs) {
      lose("outside", () => new Date(timeMs).toISOString());
      return;
    }
    for (const [channel, { name, unit, min, max }] of channels.entries()) {
      const written = parseCellNumber(cells[1 + channel], table.decimal);
      const value = conversions[channel]?.(written) ?? written;
      if (!Number.isFinite(value)) {
        lose("missing-reading", () => `${name} says "${parseText(cells[1 + channel])}"`);
        return;
      }
      if (value < min || value > max) {
        lose("out-of-range", () => `${name} is ${value} ${unit}, expected ${min} to ${max}`);
        return;
      }
      values[channel] = value;
    }
    if (options.hasPlaces) values.set([index, at], channels.length);
    own.add(timeMs, values);
    if (++tally.rows > maxHeldRows) throw refuseMany(path);
  });
}

/** First moment that is used of a file, and the first that is no longer. */
function limitDays(
  { period: { begin, test, end } }: ScadaTableDataset,
  { entry }: ListedFile,
  period: ScadaPeriod,
): [number, number] {
  const starts = [begin, entry.from].flatMap((day) => (day === undefined ? [] : [parseDay(day)]));
  const last = period === "train" ? parseDay(test) : parseDay(end) + dayMs;
  const until = entry.until === undefined ? last : Math.min(last, parseDay(entry.until));
  return [Math.max(Number.NEGATIVE_INFINITY, ...starts), until];
}

/** Rows must lie an interval apart, most of them: features and guards count rows. */
function checkInterval(turbines: readonly TurbineSeries[], intervalMs: number): void {
  for (const { turbine, rows, timestampMs } of turbines) {
    if (rows < 2) continue;
    const steps = timestampMs.subarray(1).map((timeMs, row) => timeMs - timestampMs[row]!);
    const usual = medianInPlace(steps, steps.length);
    if (usual === intervalMs) continue;
    throw new AuroraError(
      "DATA_FORMAT",
      `the rows of ${turbine} lie ${usual / 1000} s apart, and window.length says ${intervalMs / 1000}`,
      {
        op: "read SCADA table",
        subject: turbine,
        hint: "average faster rows to ten minutes first; where they are ten minutes apart, mend dataset.time.form",
      },
    );
  }
}

function refuseEmpty(turbine: string, losses: readonly RowLoss[]): AuroraError {
  const why = losses.map(sayLoss).join("; ");
  return new AuroraError(
    "DATA_FORMAT",
    `no row of the turbine ${turbine} can be used${why === "" ? "" : `: ${why}`}`,
    {
      op: "read SCADA table",
      subject: turbine,
      hint: "mend dataset.turbines, turbineNames, time, period or the units of columns; `aurora data check` looks at each",
    },
  );
}

function refuseMany(path: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} would bring the rows of all turbines above ${maxHeldRows}`, {
    op: "read SCADA table",
    subject: path,
    hint: "name fewer turbines, or a later period.begin: 20 turbines of three years are plenty",
  });
}
