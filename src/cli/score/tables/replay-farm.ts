/**
 * Plays tables through the gateway's own SCADA code (data contract, rows, student, watch, plan) as if every reading came
 * when it was stamped. All turbines advance together, because the policy ranks them against each other. Reads no clock
 * and keeps nothing: rows and days go out as they come.
 */
import type { Decision } from "../../../core/contract/prediction.ts";
import type { Quarantine, Reading } from "../../../core/contract/stream.ts";
import type { PlannedInspection } from "../../../core/decision/normal-behaviour/inspection-planner.ts";
import type { MonitorDay } from "../../../core/decision/normal-behaviour/residual-monitor.ts";
import { createScalarIngest } from "../../../core/ingest/scalar-ingest.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import {
  type ComponentStanding,
  createScadaFarm,
  type ScadaFarm,
} from "../../../core/serving/scada/scada-farm.ts";
import type { ScoredRow } from "../../../core/serving/scada/scada-turbine.ts";
import type { LoggedRepair } from "./read-repairs.ts";
import type { JoinedRows } from "./read-tables.ts";

/** Where a row stands. */
export interface RowPlace {
  readonly turbine: string;
  /** Place of the file among all, and the row there, from 1. */
  readonly file: number;
  readonly row: number;
}

/** A row that was decided, with what a gateway decides on every component after it. */
export interface ReplayedRow {
  readonly place: RowPlace;
  readonly decided: ScoredRow;
  readonly decisions: readonly Decision[];
}

export interface FarmSink {
  /** Some rows at a time, in order of time. */
  takeRows(rows: readonly ReplayedRow[]): Promise<void>;
  setAside(place: RowPlace, quarantine: Quarantine, windows: 0 | 1): void;
  /** A day of a turbine is over; `place` is its last row until then. */
  takeDay(place: RowPlace, day: MonitorDay): void;
  /** A day is over for all turbines: what is known of this one now. `place` is its last row until then. */
  takeStanding(place: RowPlace, standing: readonly ComponentStanding[]): void;
  takeInspection(inspection: PlannedInspection): void;
  progress(done: number, total: number): void;
}

interface FarmReplayOptions {
  readonly bundle: LoadedBundle;
  readonly turbines: readonly JoinedRows[];
  readonly repairs: readonly LoggedRepair[];
  readonly sink: FarmSink;
}

/** Rows that are played before their answers are waited for: a model lets only so many wait. */
const rowsAtOnce = 1024;

/** Plays all rows, and time on to the end of the last day. Fails with INFERENCE, and as the sink does. */
export async function replayFarm(options: FarmReplayOptions): Promise<void> {
  const { bundle, turbines, sink } = options;
  const { window } = bundle.manifest;
  const players = turbines.map((rows) => ({ rows, next: 0 }));
  const { farm, accept, takeDecided } = openFarm(options);
  const total = turbines.reduce((sum, { rows }) => sum + rows, 0);
  /** A day is closed when its last row is: two windows after its end. */
  const dayBefore = (timeMs: number): number => Math.floor((timeMs - 2000 * window.length) / dayMs);
  let done = 0;
  let settled = 0;
  let day = Number.NEGATIVE_INFINITY;

  const settle = async (): Promise<void> => {
    await farm.idle();
    await sink.takeRows(takeDecided());
    settled = done;
    sink.progress(done, total);
  };
  const tellStanding = (): void => {
    for (const { rows } of players) {
      const standing = farm.standingOf(rows.turbine);
      if (standing !== null) sink.takeStanding(placeBefore(rows, day * dayMs), standing);
    }
  };
  const passTime = async (nowMs: number, feed: () => void): Promise<void> => {
    // What a row's decisions say depends on the plan, which changes as days end: nobody may run ahead of it.
    const endsDay = dayBefore(nowMs) > day;
    if (endsDay) await settle();
    feed();
    farm.advance(nowMs);
    if (!endsDay && done - settled < rowsAtOnce) return;
    await settle();
    if (!endsDay) return;
    day = dayBefore(nowMs);
    tellStanding();
  };

  for (;;) {
    const nowMs = players.reduce(
      (first, { rows, next }) => Math.min(first, rows.timeMs[next] ?? Number.POSITIVE_INFINITY),
      Number.POSITIVE_INFINITY,
    );
    if (nowMs === Number.POSITIVE_INFINITY) break;
    await passTime(nowMs, () => {
      for (const player of players) {
        for (; player.rows.timeMs[player.next] === nowMs; player.next++, done++)
          accept(player.rows, player.next);
      }
    });
  }
  const lastMs = turbines.reduce((latest, { timeMs }) => Math.max(latest, timeMs.at(-1) ?? 0), 0);
  // The last row's end, and the last day's.
  await passTime(lastMs + 3000 * window.length, () => {});
  await passTime((Math.floor(lastMs / dayMs) + 1) * dayMs + 3000 * window.length, () => {});
  await settle();
}

interface OpenFarm {
  readonly farm: ScadaFarm;
  /** Hands on the readings of a row. */
  accept(rows: JoinedRows, at: number): void;
  /** Rows that were decided since the last call. @throws what kept a row from being decided. */
  takeDecided(): readonly ReplayedRow[];
}

function openFarm(options: FarmReplayOptions): OpenFarm {
  const { bundle, turbines, repairs, sink } = options;
  const rowsOf = new Map(turbines.map((rows) => [rows.turbine, rows]));
  const ranks = new Map(turbines.map(({ turbine }, rank) => [turbine, rank]));
  const rankOf = ({ place }: { readonly place: RowPlace }): number => ranks.get(place.turbine)!;
  const failures: unknown[] = [];
  let decided: { place: RowPlace; decided: ScoredRow; decisions: Decision[] }[] = [];
  const placeAt = (turbine: string, timeMs: number): RowPlace => {
    const rows = rowsOf.get(turbine)!;
    return placeOf(rows, Math.min(rows.rows - 1, countBefore(rows.timeMs, timeMs)));
  };
  const farm = createScadaFarm({
    site: "score",
    bundle,
    turbines: turbines.map(({ turbine }) => ({
      id: turbine,
      repairs: repairs.filter((repair) => repair.turbine === turbine),
    })),
    kept: { farm: undefined, turbine: () => undefined },
    sink: {
      onRow: (turbine, row) =>
        decided.push({ place: placeAt(turbine, row.row.fromMs), decided: row, decisions: [] }),
      onDecision: (decision) => decided.at(-1)!.decisions.push(decision),
      onQuarantine: (turbine, quarantine, windows) =>
        sink.setAside(placeAt(turbine, quarantine.timestampMs), quarantine, windows),
      onDropped: (_turbine, error) => failures.push(error),
      onEvent: () => {},
      onInspection: (inspection) => sink.takeInspection(inspection),
      onDay: (turbine, day) => sink.takeDay(placeBefore(rowsOf.get(turbine)!, (day.day + 1) * dayMs), day),
    },
  });
  return {
    farm,
    accept: createRowFeed(options, farm),
    takeDecided: () => {
      if (failures.length > 0) throw failures[0];
      // Each turbine's are in order; which turbine's answers came first depends on the engine.
      const taken = decided.sort(
        (a, b) => a.decided.row.fromMs - b.decided.row.fromMs || rankOf(a) - rankOf(b),
      );
      decided = [];
      return taken;
    },
  };
}

/** Hands on the readings of rows that the data contract lets pass. */
function createRowFeed({ bundle, sink }: FarmReplayOptions, farm: ScadaFarm): OpenFarm["accept"] {
  const { channels } = bundle.manifest;
  const contracts = new Map(channels.map((channel) => [channel.name, channel]));
  let current: RowPlace = { turbine: "", file: 0, row: 0 };
  const ingest = createScalarIngest({
    contractOf: (_turbine, channel) => contracts.get(channel),
    sink: {
      quarantine: (quarantine) => sink.setAside(current, quarantine, 0),
      schemaDrift: () => {},
    },
  });
  return (rows, at) => {
    current = placeOf(rows, at);
    const timestampMs = rows.timeMs[at]!;
    for (const [index, { name, unit }] of channels.entries()) {
      const value = rows.values[index]![at]!;
      const reading: Reading = {
        deviceId: rows.turbine,
        channel: name,
        unit,
        timestampMs,
        value,
        arrivedMs: timestampMs,
        arrivedMonotonicMs: 0,
      };
      if (ingest.accept(reading)) farm.accept(reading);
    }
  };
}

function placeOf({ turbine, file, row }: JoinedRows, at: number): RowPlace {
  return { turbine, file: file[at]!, row: row[at]! };
}

/** The last row before a time; the first one where there is none. */
function placeBefore(rows: JoinedRows, timeMs: number): RowPlace {
  return placeOf(rows, Math.max(0, countBefore(rows.timeMs, timeMs) - 1));
}

/** Rows before a time. */
function countBefore(timeMs: Float64Array, at: number): number {
  let low = 0;
  let high = timeMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeMs[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
