/**
 * Thins decisions to what the collector's page and the drift need: one row a minute and point with mean and maximum,
 * and every window whose probability reaches its threshold as a row of its own, within an allowance. Every window is
 * counted in exactly one row. Reads no clock: rows follow the windows' own times, and `tick` says what time it is.
 */
import type { Decision } from "../../core/contract/prediction.ts";
import type { PredictionBatch } from "../../core/contract/uplink-record.ts";
import { createRowBuilder, type RowBuilder } from "./prediction-rows.ts";

export interface PredictionThinnerOptions {
  /** Length of a row; default 60,000 ms. */
  readonly rowMs?: number;
  /** A batch is sent with this many rows; default 15. */
  readonly batchRows?: number;
  /** … or when its first row is this old; default 5 minutes. */
  readonly batchMs?: number;
  /** Rows of single windows that a point may have in a burst; default 120. */
  readonly fullRateBurst?: number;
  /** … and how long it takes to earn another one; default 30 s. */
  readonly fullRateEveryMs?: number;
}

export interface PredictionThinner {
  /** Takes one decision. `shaftRpm` may be NaN. A decision without modes (information unavailable) counts nothing. */
  update(decision: Decision, shaftRpm: number): void;
  /** Closes what is old enough at `nowMs` (epoch); call it about once a second. */
  tick(nowMs: number): void;
  /** Closes and gives everything. */
  flush(): void;
  /** Windows in rows that were not given yet, of all points; null: none. */
  readonly held: { readonly windows: number; readonly fromMs: number; readonly toMs: number } | null;
}

/** Everything of one point under one model. */
interface PointBatch {
  readonly header: Pick<
    PredictionBatch,
    "site" | "turbine" | "component" | "modelName" | "modelVersion" | "failureModes"
  >;
  readonly rows: RowBuilder;
  /** Number of the row that windows are gathered for now, in units of rowMs since the epoch. */
  rowNumber: number;
  openedMs: number;
  allowance: number;
  allowanceMs: number;
  /** When the first window of the open row began. */
  rowFromMs: number;
  /** Windows that were not given yet, when the first of them began and the last one ended. */
  heldWindows: number;
  heldFromMs: number;
  heldToMs: number;
}

/** Creates a thinner that hands its batches to `emit`, each with the time at which its first window began. */
export function createPredictionThinner(
  emit: (batch: PredictionBatch, fromMs: number) => void,
  options: PredictionThinnerOptions = {},
): PredictionThinner {
  const rowMs = options.rowMs ?? 60_000;
  const batchRows = options.batchRows ?? 15;
  const batchMs = options.batchMs ?? 300_000;
  const burst = options.fullRateBurst ?? 120;
  const everyMs = options.fullRateEveryMs ?? 30_000;
  const points = new Map<string, PointBatch>();

  const give = (batch: PointBatch): void => {
    const columns = batch.rows.take();
    if (columns.timesMs.length > 0)
      emit({ kind: "prediction-batch", ...batch.header, ...columns }, batch.heldFromMs);
    batch.heldWindows = batch.rows.windowsInRow;
    batch.heldFromMs = batch.rowFromMs;
  };

  const close = (batch: PointBatch): void => {
    batch.rows.closeRow();
    give(batch);
  };

  const openPoint = (decision: Decision): PointBatch => {
    const { point, model, modes, toMs } = decision;
    const { site, turbine, component } = point;
    const key = `${site}/${turbine}/${component}`;
    const current = points.get(key);
    if (current !== undefined && isSame(current.header, decision)) return current;
    if (current !== undefined) close(current);
    const failureModes = modes.map((mode) => mode.failureMode);
    const opened: PointBatch = {
      header: { site, turbine, component, modelName: model.name, modelVersion: model.version, failureModes },
      rows: createRowBuilder(failureModes.length),
      rowNumber: Math.floor(toMs / rowMs),
      openedMs: toMs,
      allowance: current?.allowance ?? burst,
      allowanceMs: current?.allowanceMs ?? toMs,
      rowFromMs: toMs,
      heldWindows: 0,
      heldFromMs: toMs,
      heldToMs: toMs,
    };
    points.set(key, opened);
    return opened;
  };

  const giveIfDue = (batch: PointBatch, nowMs: number): void => {
    if (batch.rows.length >= batchRows) give(batch);
    else if (Math.abs(nowMs - batch.openedMs) >= batchMs) close(batch);
    else return;
    batch.openedMs = nowMs;
  };

  return {
    update(decision, shaftRpm) {
      if (decision.modes.length === 0) return;
      const batch = openPoint(decision);
      const { modes, fromMs, toMs } = decision;
      const rowNumber = Math.floor(toMs / rowMs);
      if (batch.rows.length === 0 && batch.rows.windowsInRow === 0) batch.openedMs = toMs;
      if (rowNumber !== batch.rowNumber) {
        batch.rows.closeRow();
        batch.rowNumber = rowNumber;
      }
      if (batch.heldWindows === 0) {
        batch.heldFromMs = fromMs;
        batch.heldToMs = toMs;
      }
      batch.heldWindows += 1;
      batch.heldFromMs = Math.min(batch.heldFromMs, fromMs);
      batch.heldToMs = Math.max(batch.heldToMs, toMs);
      const reached = modes.some((mode) => mode.probability >= mode.threshold);
      if (reached && mayKeep(batch, toMs, { burst, everyMs })) batch.rows.addRow(decision, shaftRpm);
      else {
        const isFirst = batch.rows.windowsInRow === 0;
        batch.rowFromMs = isFirst ? fromMs : Math.min(batch.rowFromMs, fromMs);
        batch.rows.addWindow(decision, shaftRpm);
      }
      giveIfDue(batch, toMs);
    },
    tick(nowMs) {
      for (const batch of points.values()) {
        // A row is over one row length after its end: late windows still find it.
        if (Math.floor(nowMs / rowMs) > batch.rowNumber + 1) batch.rows.closeRow();
        if (batch.rows.length > 0 || batch.rows.windowsInRow > 0) giveIfDue(batch, nowMs);
      }
    },
    flush() {
      for (const batch of points.values()) close(batch);
    },
    // Asked after every window: nothing is allocated a point.
    get held() {
      let windows = 0;
      let fromMs = Number.POSITIVE_INFINITY;
      let toMs = Number.NEGATIVE_INFINITY;
      for (const batch of points.values()) {
        if (batch.heldWindows === 0) continue;
        windows += batch.heldWindows;
        if (batch.heldFromMs < fromMs) fromMs = batch.heldFromMs;
        if (batch.heldToMs > toMs) toMs = batch.heldToMs;
      }
      return windows === 0 ? null : { windows, fromMs, toMs };
    },
  };
}

/** A token bucket in the windows' own time; a clock set back earns nothing and costs nothing. */
function mayKeep(
  batch: PointBatch,
  timeMs: number,
  { burst, everyMs }: { readonly burst: number; readonly everyMs: number },
): boolean {
  const earned = Math.max(0, timeMs - batch.allowanceMs) / everyMs;
  batch.allowance = Math.min(burst, batch.allowance + earned);
  batch.allowanceMs = timeMs;
  if (batch.allowance < 1) return false;
  batch.allowance -= 1;
  return true;
}

function isSame(header: PointBatch["header"], { model, modes }: Pick<Decision, "model" | "modes">): boolean {
  return (
    header.modelName === model.name &&
    header.modelVersion === model.version &&
    header.failureModes.length === modes.length &&
    header.failureModes.every((failureMode, index) => failureMode === modes[index]!.failureMode)
  );
}
