/**
 * Thins decisions to what the collector's page and the drift need: one row a minute and point with mean and maximum,
 * and every window whose probability reaches its threshold as a row of its own, within an allowance. Every window is
 * counted in exactly one row. Reads no clock: rows follow the windows' own times, which may be of any day; how long windows wait
 * goes by `tick`.
 */
import { namePoint } from "../../core/contract/name-point.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { PredictionBatch } from "../../core/contract/uplink-record.ts";
import { createRowBuilder, type RowBuilder } from "./prediction-rows.ts";

interface PredictionThinnerOptions {
  /** Length of a row; default 60,000 ms. */
  readonly rowMs?: number;
  /** A batch is sent with this many rows; default 15. */
  readonly batchRows?: number;
  /** … or when its rows are of so long a time, or one window has waited so long; whole rows, default 5 minutes. */
  readonly batchMs?: number;
}

interface PredictionThinner {
  /** Takes one decision. `shaftRpm` may be NaN. A decision without modes (information unavailable) counts nothing. */
  update(decision: Decision, shaftRpm: number): void;
  /** Closes what has waited long enough; call it about once a second. */
  tick(monotonicMs: number): void;
  /** Closes and gives everything. */
  flush(): void;
  /** Windows in rows that were not given yet, of all points; null: none. */
  readonly held: { readonly windows: number; readonly fromMs: number; readonly toMs: number } | null;
}

/** Single windows that a point may still have as rows of their own, and since when. */
interface Allowance {
  left: number;
  atMs: number;
}

/** Everything of one point under one model, with the same failure modes. */
interface PointBatch {
  readonly header: Pick<
    PredictionBatch,
    "site" | "turbine" | "component" | "modelName" | "modelVersion" | "failureModes"
  >;
  readonly rows: RowBuilder;
  /** Number of the row that windows are gathered for now, in units of rowMs since the epoch. */
  rowNumber: number;
  /** When the first row began, of those that the batch holds. */
  openedMs: number;
  /** The first tick since then; NaN: none yet. */
  seenMonotonicMs: number;
  /** Shared by the batches of a point. */
  readonly allowance: Allowance;
  /** When the first window of the open row began. */
  rowFromMs: number;
  /** Windows that were not given yet, when the first of them began and the last one ended. */
  heldWindows: number;
  heldFromMs: number;
  heldToMs: number;
}

/**
 * Batches of a point that are open at once: a level is known at some speeds alone, and a machine whose speed wanders about
 * their border must not begin a batch with each window.
 */
const mostOpen = 2;

/** Rows of single windows that a point may have in a burst. */
const burst = 120;

/** How long it takes to earn another row of a single window: two a minute beside the minute's own, while a fault is there all day. */
const earnMs = 30_000;

/** Creates a thinner that hands its batches to `emit`, each with the time at which its first window began. */
export function createPredictionThinner(
  emit: (batch: PredictionBatch, fromMs: number) => void,
  options: PredictionThinnerOptions = {},
): PredictionThinner {
  const rowMs = options.rowMs ?? 60_000;
  const batchRows = options.batchRows ?? 15;
  const batchMs = options.batchMs ?? 300_000;
  const points = new Map<string, readonly PointBatch[]>();

  const give = (batch: PointBatch): void => {
    const columns = batch.rows.take();
    if (columns.timesMs.length > 0)
      emit({ kind: "prediction-batch", ...batch.header, ...columns }, batch.heldFromMs);
    batch.heldWindows = batch.rows.windowsInRow;
    batch.heldFromMs = batch.rowFromMs;
    batch.seenMonotonicMs = Number.NaN;
  };

  const close = (batch: PointBatch): void => {
    batch.rows.closeRow();
    give(batch);
  };

  const openPoint = (decision: Decision): PointBatch => {
    const { point, model, modes, toMs } = decision;
    const { site, turbine, component } = point;
    const key = namePoint(point);
    const known = points.get(key) ?? [];
    const current = known.find(({ header }) => isSame(header, decision));
    if (current !== undefined) return current;
    // Another model takes the place of all that was open, other modes that of the older one.
    const stay = known.filter(({ header }) => isOfModel(header, model)).slice(1 - mostOpen);
    for (const batch of known) if (!stay.includes(batch)) close(batch);
    const failureModes = modes.map((mode) => mode.failureMode);
    const opened: PointBatch = {
      header: { site, turbine, component, modelName: model.name, modelVersion: model.version, failureModes },
      rows: createRowBuilder(failureModes.length),
      rowNumber: Math.floor(toMs / rowMs),
      openedMs: toMs,
      seenMonotonicMs: Number.NaN,
      allowance: known[0]?.allowance ?? { left: burst, atMs: toMs },
      rowFromMs: toMs,
      heldWindows: 0,
      heldFromMs: toMs,
      heldToMs: toMs,
    };
    points.set(key, stay.concat(opened));
    return opened;
  };

  return {
    update(decision, shaftRpm) {
      if (decision.modes.length === 0) return;
      const batch = openPoint(decision);
      const { modes, fromMs, toMs } = decision;
      const rowNumber = Math.floor(toMs / rowMs);
      if (batch.heldWindows > 0 && Math.abs(toMs - batch.openedMs) >= batchMs) close(batch);
      if (rowNumber !== batch.rowNumber) {
        batch.rows.closeRow();
        batch.rowNumber = rowNumber;
      }
      if (batch.heldWindows === 0) {
        batch.openedMs = rowNumber * rowMs;
        batch.heldFromMs = fromMs;
        batch.heldToMs = toMs;
      }
      batch.heldWindows += 1;
      batch.heldFromMs = Math.min(batch.heldFromMs, fromMs);
      batch.heldToMs = Math.max(batch.heldToMs, toMs);
      const reached = modes.some((mode) => mode.probability >= mode.threshold);
      if (reached && mayKeep(batch.allowance, toMs)) batch.rows.addRow(decision, shaftRpm);
      else {
        const isFirst = batch.rows.windowsInRow === 0;
        batch.rowFromMs = isFirst ? fromMs : Math.min(batch.rowFromMs, fromMs);
        batch.rows.addWindow(decision, shaftRpm);
      }
      if (batch.rows.length < batchRows) return;
      give(batch);
      batch.openedMs = rowNumber * rowMs;
    },
    tick(monotonicMs) {
      for (const batch of allBatches(points)) {
        if (batch.heldWindows === 0) continue;
        if (Number.isNaN(batch.seenMonotonicMs)) batch.seenMonotonicMs = monotonicMs;
        else if (monotonicMs - batch.seenMonotonicMs >= batchMs) close(batch);
      }
    },
    flush() {
      for (const batch of allBatches(points)) close(batch);
    },
    // Asked after every window: nothing is allocated a point.
    get held() {
      let windows = 0;
      let fromMs = Number.POSITIVE_INFINITY;
      let toMs = Number.NEGATIVE_INFINITY;
      for (const batches of points.values()) {
        for (const batch of batches) {
          if (batch.heldWindows === 0) continue;
          windows += batch.heldWindows;
          if (batch.heldFromMs < fromMs) fromMs = batch.heldFromMs;
          if (batch.heldToMs > toMs) toMs = batch.heldToMs;
        }
      }
      return windows === 0 ? null : { windows, fromMs, toMs };
    },
  };
}

function* allBatches(points: ReadonlyMap<string, readonly PointBatch[]>): Iterable<PointBatch> {
  for (const batches of points.values()) yield* batches;
}

/** A token bucket in the windows' own time; a clock set back earns nothing and costs nothing. */
function mayKeep(allowance: Allowance, timeMs: number): boolean {
  const earned = Math.max(0, timeMs - allowance.atMs) / earnMs;
  allowance.left = Math.min(burst, allowance.left + earned);
  allowance.atMs = timeMs;
  if (allowance.left < 1) return false;
  allowance.left -= 1;
  return true;
}

function isOfModel(header: PointBatch["header"], { name, version }: Decision["model"]): boolean {
  return header.modelName === name && header.modelVersion === version;
}

function isSame(header: PointBatch["header"], { model, modes }: Pick<Decision, "model" | "modes">): boolean {
  return (
    isOfModel(header, model) &&
    header.failureModes.length === modes.length &&
    header.failureModes.every((failureMode, index) => failureMode === modes[index]!.failureMode)
  );
}
