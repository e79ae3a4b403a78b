/**
 * Scores tables of readings with a bundle of normal behaviour, as a gateway would have that had got them: rows to a table, a
 * summary for each turbine in each file, and the inspections that would have been asked for.
 */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import { expectOtherOutput, openRowWriter } from "../files/row-writer.ts";
import { placeDecidedRow } from "./decided-row-cells.ts";
import type { ReadingColumns } from "./read-readings.ts";
import type { LoggedRepair } from "./read-repairs.ts";
import {
  type FarmTables,
  type JoinedRows,
  joinTurbines,
  readTables,
  type TurbineTable,
  turbineOfRow,
} from "./read-tables.ts";
import { type ReplaySink, type RowPlace, replayFarm } from "./replay-farm.ts";
import type { FileTurbine } from "./table-options.ts";
import {
  createTableSummary,
  type LearningProgress,
  type TableSummary,
  type TableSummaryBuilder,
} from "./table-summary.ts";

/** What is scored, and where the rows go. */
export interface TableRequest {
  readonly files: readonly string[];
  /** One a file. */
  readonly turbines: readonly FileTurbine[];
  readonly columns: ReadingColumns;
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
  const summaries = createSummaries(manifest, request, { entries, errors });
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
  };
}

interface Loaded extends Pick<FarmTables, "errors" | "silent"> {
  readonly turbines: readonly JoinedRows[];
  readonly entries: readonly TableEntry[];
}

interface TableEntry extends Pick<RowPlace, "file" | "turbine"> {
  /** Rows of the file that are nobody's, counted with its first turbine. */
  readonly unusableRows: number;
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

interface Summaries {
  readonly sink: Pick<ReplaySink, "setAside" | "takeDay" | "takeStanding">;
  count(row: Parameters<TableSummaryBuilder["update"]>[0]): void;
  list(): TableSummary[];
}

function createSummaries(
  manifest: Manifest,
  { files, turbines }: TableRequest,
  { entries, errors }: Pick<Loaded, "entries" | "errors">,
): Summaries {
  const minRows = requireSpec(manifest).siteCorrection?.minRows ?? 0;
  const learnt = new Map<string, number>();
  const progressOf = (turbine: string): LearningProgress | null => {
    const rows = learnt.get(turbine) ?? 0;
    return rows >= minRows ? null : { rows, of: minRows };
  };
  const builders = files.map(() => new Map<string, TableSummaryBuilder>());
  const builderOf = ({ file, turbine }: Pick<RowPlace, "file" | "turbine">): TableSummaryBuilder => {
    const own = builders[file]!.get(turbine);
    if (own !== undefined) return own;
    const created = createTableSummary(manifest, { file: files[file]!, turbine }, progressOf(turbine));
    builders[file]!.set(turbine, created);
    return created;
  };
  for (const entry of entries) {
    const samples = entry.unusableRows * manifest.channels.length;
    const builder = builderOf(entry);
    if (samples > 0) builder.setAside({ reason: "malformed", samples }, 0);
  }
  return {
    sink: {
      setAside: (place, quarantine, windows) => builderOf(place).setAside(quarantine, windows),
      takeDay: (place, day) => builderOf(place).takeDay(day),
      takeStanding: (place, standing) => builderOf(place).takeStanding(standing),
    },
    count: (row) => {
      const { turbine } = row.place;
      if (row.judged.state === "learning") learnt.set(turbine, (learnt.get(turbine) ?? 0) + 1);
      builderOf(row.place).update(row, progressOf(turbine));
    },
    list: () =>
      files.flatMap((_, file) => {
        const error = errors.get(file);
        if (error !== undefined) return [builderOf({ file, turbine: turbines[file]!.id }).summarise(error)];
        return [...builders[file]!.values()].map((builder) => builder.summarise());
      }),
  };
}
