/**
 * Scores tables of readings with a bundle of normal behaviour, as a gateway would have that had got them: rows to a table, a
 * summary for each turbine in each file, and the inspections that would have been asked for.
 */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { listComponents } from "../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import { type Cell, expectOtherOutput, openRowWriter } from "../files/row-writer.ts";
import { listTimeDoubts } from "../files/time-doubts.ts";
import type { LoggedRepair } from "./read-repairs.ts";
import {
  type FarmFiles,
  type FarmTables,
  type JoinedRows,
  joinTurbines,
  readTables,
  type TurbineTable,
  turbineOfRow,
} from "./read-tables.ts";
import { type ReplayedRow, replayFarm } from "./replay-farm.ts";
import { createTableSummaries, type TableEntry, type TableSummary } from "./table-summary.ts";

/** What is scored, and where the rows go. */
interface TableRequest extends Omit<FarmFiles, "progress"> {
  readonly repairs: readonly LoggedRepair[];
  readonly out: string;
  readonly progress: (done: number, total: number, what: string) => void;
}

/** An inspection that the policy asked for. */
export interface AskedInspection {
  readonly turbine: string;
  readonly component: string;
  /** From when on it is asked for: the begin of the day after the one that decided. */
  readonly atMs: number;
  /** |z|. */
  readonly score: number;
  /** Of a failure in the horizon. */
  readonly probability: number;
  /** What the inspection is expected to be worth. */
  readonly worthEur: number;
}

export interface ScoredTables {
  /** By file, and by turbine in each. */
  readonly files: readonly TableSummary[];
  readonly inspections: readonly AskedInspection[];
  readonly turbines: readonly string[];
  /** Channels without any number, by file. */
  readonly silent: ReadonlyMap<string, readonly string[]>;
  /** What is odd about the times of rows, in words. */
  readonly timeDoubts: readonly string[];
}

/**
 * The table appears when all rows are through, unless no file could be read. Fails with USAGE, STORE, INFERENCE; what is
 * wrong with one file is that file's `error`.
 */
export async function scoreTables(bundle: LoadedBundle, request: TableRequest): Promise<ScoredTables> {
  const { files, out, progress } = request;
  expectOtherOutput(files, out);
  const { manifest } = bundle;
  const { turbines, entries, errors, silent } = await loadTurbines(manifest, request);
  const summaries = createTableSummaries(manifest, request, { entries, errors });
  const inspections: AskedInspection[] = [];
  if (turbines.length > 0) {
    const cells = placeDecidedRow(manifest);
    const writer = await openRowWriter(out, cells.columns);
    try {
      await replayFarm({
        bundle,
        turbines,
        repairs: request.repairs,
        sink: {
          ...summaries.sink,
          takeRows: async (rows) => {
            for (const row of rows) {
              summaries.count(row);
              await writer.add(cells.cellsOf(row, files[row.place.file]!));
            }
          },
          takeInspection: ({ turbine, component, day, score, probability, expectedEur }) =>
            inspections.push({
              turbine,
              component,
              atMs: (day + 1) * dayMs,
              score,
              probability,
              worthEur: expectedEur,
            }),
          progress: (done, total) => progress(done, total, "rows"),
        },
      });
      await writer.finish();
    } finally {
      await writer.close();
    }
  }
  return {
    files: summaries.list(),
    inspections,
    turbines: turbines.map(({ turbine }) => turbine),
    silent: new Map([...silent].map(([file, channels]) => [files[file]!, channels])),
    timeDoubts: turbines.flatMap((rows) => doubtTimes(rows, files)),
  };
}

/** A row of a wrong year makes a silence of years, at whose days an inspection may be asked for by what was known before. */
function doubtTimes({ timeMs, file, row }: JoinedRows, files: readonly string[]): readonly string[] {
  const rows = Array.from(timeMs, (each, at) => ({
    timeMs: each,
    statedTime: null,
    // Of a million rows two are named.
    get file() {
      return `${files[file[at]!]!}, row ${row[at]!}`;
    },
  }));
  return listTimeDoubts(rows, Date.now(), "row");
}

interface Loaded extends Pick<FarmTables, "errors" | "silent"> {
  readonly turbines: readonly JoinedRows[];
  readonly entries: readonly TableEntry[];
}

/** Reads and joins; the tables themselves are not held any longer than that. */
async function loadTurbines(
  manifest: Manifest,
  { files, turbines, columns, progress }: TableRequest,
): Promise<Loaded> {
  const { tables, errors, silent } = await readTables({
    files,
    turbines,
    columns,
    progress: (done, path) => progress(done, files.length, `files read, ${path}`),
  });
  const channels = manifest.channels.map(({ name }) => name);
  return { turbines: joinTurbines(tables, channels), entries: tables.flatMap(listEntries), errors, silent };
}

function listEntries(table: TurbineTable): TableEntry[] {
  const { file } = table;
  const found = new Set<string>();
  let unusable = 0;
  for (let row = 0; row < table.readings.rows; row++) {
    const turbine = turbineOfRow(table, row);
    if (turbine === null) unusable++;
    else found.add(turbine);
  }
  return [...found].map((turbine, index) => ({ file, turbine, unusableRows: index === 0 ? unusable : 0 }));
}

interface DecidedRowCells {
  readonly columns: readonly string[];
  cellsOf(row: ReplayedRow, file: string): Cell[];
}

/**
 * The columns of a bundle's rows, and what stands in them: times, state, of every place integer, expectation, measurement and
 * residual, of every component the decision.
 */
function placeDecidedRow(manifest: Manifest): DecidedRowCells {
  const spec = requireSpec(manifest);
  const components = listComponents(spec);
  const places = spec.residuals.map(({ channel, location, scale }) => ({
    channel,
    location,
    scale,
    // In the order of a row's values.
    at: manifest.channels.filter(({ kind }) => kind === "scalar").findIndex(({ name }) => name === channel),
  }));
  return {
    columns: [
      "turbine",
      "file",
      "row",
      "from_ms",
      "to_ms",
      "state",
      ...places.flatMap(({ channel }) =>
        ["quantised", "expected", "measured", "residual"].map((what) => `${what}_${channel}`),
      ),
      ...components.flatMap((component) =>
        ["score", "probability", "inspect", "sensor_fault"].map((what) => `${what}_${component}`),
      ),
    ],
    cellsOf: ({ place, decided: { row, state, output, residuals: left }, decisions }, file) => [
      place.turbine,
      file,
      place.row,
      row.fromMs,
      row.toMs,
      state,
      ...places.flatMap(({ at, location, scale }, index): Cell[] => [
        output.quantised[index]!,
        location + scale * output.logits[index]!,
        row.values[at]!,
        left?.[index] ?? null,
      ]),
      ...decisions.flatMap(({ modes: [ahead, sensor] }): Cell[] =>
        ahead === undefined || sensor === undefined
          ? [null, null, null, null]
          : [ahead.score, ahead.probability, ahead.active ? 1 : 0, sensor.active ? 1 : 0],
      ),
    ],
  };
}
