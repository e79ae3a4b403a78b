/** What became of a turbine's rows in a file, and what is known of its components at their end. */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { MonitorDay } from "../../../core/decision/normal-behaviour/residual-monitor.ts";
import type { WatchOutcome } from "../../../core/decision/normal-behaviour/turbine-watch.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { ComponentStanding } from "../../../core/serving/scada/scada-farm.ts";
import { requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import type { ErrorReport } from "../../terminal/end-process.ts";
import { createLossCounter, type LossCounter, type Losses } from "../files/file-report.ts";
import type { FarmFiles, FarmTables } from "./read-tables.ts";
import type { FarmSink, ReplayedRow, RowPlace } from "./replay-farm.ts";

/** What a row says; see `turbine-watch.ts`. */
type RowState = WatchOutcome["state"];

/** How far the site's own share of the residuals has been learnt: rows in normal operation, and as many as are needed. */
interface LearningProgress {
  readonly rows: number;
  readonly of: number;
}

/** Days on which a sensor was not believed. */
interface SensorFault {
  readonly channel: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One turbine in one file in `aurora score --json`. */
export interface TableSummary {
  readonly file: string;
  readonly turbine: string;
  /** Rows of the bundle's length of time that were decided, and what they say. */
  readonly windows: number;
  readonly states: Readonly<Record<RowState, number>>;
  /** Rows that were lost to bad data, and readings by the reason that they were set aside for. */
  readonly setAside: Losses;
  /** At the end of the last day of these rows: |z|, and the probability of a failure in the horizon; null: nothing is known. */
  readonly components: Readonly<
    Record<string, { readonly score: number | null; readonly probability: number | null }>
  >;
  readonly sensorFaults: readonly SensorFault[];
  /** While residuals do not count; null once the site's own share has been learnt. */
  readonly learning: LearningProgress | null;
  /** Why the file could not be read; absent where all went well. */
  readonly error?: ErrorReport;
}

/** A turbine in a file. */
export interface TableEntry extends Pick<RowPlace, "file" | "turbine"> {
  /** Rows of the file that are nobody's, counted with its first turbine. */
  readonly unusableRows: number;
}

/** Summaries of all files, by turbine. */
interface TableSummaries {
  readonly sink: Pick<FarmSink, "setAside" | "takeDay" | "takeStanding">;
  count(row: ReplayedRow): void;
  list(): TableSummary[];
}

/** Starts the summaries of `files`, with what is known of them before their rows are played. */
export function createTableSummaries(
  manifest: Manifest,
  { files, turbines }: Pick<FarmFiles, "files" | "turbines">,
  { entries, errors }: Pick<FarmTables, "errors"> & { readonly entries: readonly TableEntry[] },
): TableSummaries {
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
      if (row.decided.state === "learning") learnt.set(turbine, (learnt.get(turbine) ?? 0) + 1);
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

/** Sums up one turbine in one file. */
interface TableSummaryBuilder {
  update(row: ReplayedRow, learning: LearningProgress | null): void;
  readonly setAside: LossCounter["update"];
  takeDay(day: MonitorDay): void;
  takeStanding(standing: readonly ComponentStanding[]): void;
  summarise(error?: ErrorReport): TableSummary;
}

function createTableSummary(
  manifest: Manifest,
  { file, turbine }: Pick<TableSummary, "file" | "turbine">,
  learningBefore: LearningProgress | null,
): TableSummaryBuilder {
  const { residuals } = requireSpec(manifest);
  const states: Record<RowState, number> = { scored: 0, learning: 0, "not-operating": 0, frozen: 0 };
  const counter = createLossCounter();
  const faults: { channel: string; fromMs: number; toMs: number }[] = [];
  let learning = learningBefore;
  let known: readonly ComponentStanding[] = residuals.map(({ component }) => ({
    component,
    score: Number.NaN,
    probability: 0,
  }));
  return {
    update: ({ decided }, progress) => {
      states[decided.state]++;
      learning = progress;
    },
    setAside: counter.update,
    takeDay: ({ day, sensorFaults }) => {
      for (const output of sensorFaults) {
        const { channel } = residuals[output]!;
        const running = faults.find((fault) => fault.channel === channel && fault.toMs === day * dayMs);
        if (running === undefined) faults.push({ channel, fromMs: day * dayMs, toMs: (day + 1) * dayMs });
        else running.toMs += dayMs;
      }
    },
    takeStanding: (standing) => {
      known = standing;
    },
    summarise: (error) => ({
      file,
      turbine,
      windows: Object.values(states).reduce((sum, count) => sum + count, 0),
      states,
      setAside: counter.losses,
      components: Object.fromEntries(
        known.map(({ component, score, probability }) => [
          component,
          {
            score: Number.isNaN(score) ? null : score,
            // 0 stands for a pair that has never been weighed.
            probability: Number.isNaN(score) || probability === 0 ? null : probability,
          },
        ]),
      ),
      sensorFaults: faults,
      learning,
      ...(error === undefined ? {} : { error }),
    }),
  };
}
