/**
 * Drift summaries in SQLite: one row a point, model and period with its sketches, and until the period is assessed one
 * row a slot and load with the moments of every column. Assesses nothing.
 */
import type { DriftReport, FeatureSketch } from "../../../core/contract/uplink-record.ts";
import type { DayFeature, DaySummary } from "../../../core/drift/day-summary.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import {
  mergeColumn,
  mergeColumns,
  packMoments,
  packSketches,
  unpackMoments,
  unpackSketches,
} from "../drift-blobs.ts";
import type { DriftBacklog } from "../drift-record.ts";
import {
  assembleSummary,
  cellOf,
  checkDayBins,
  checkLoads,
  checkRoom,
  mergeSketch,
  packTogether,
  placeReport,
} from "../drift-rows.ts";
import type { RecordSource } from "../fleet-record.ts";

export interface SqliteDrift {
  /**
   * Merges a report into its period; one of a period that is assessed already is counted as late.
   * @throws DriftRefusedError when it does not fit its period, or its gateway occupies too much
   */
  put(point: number, report: DriftReport, origin: RecordSource): void;
  /** What was heard in an open period, by the number of its row; null: it was assessed. */
  readSummary(period: number): DaySummary | null;
  /** Ends a period that has been assessed: its moments go, its sketches stay for its day. */
  settle(period: number): void;
  backlog(): DriftBacklog;
}

/** Prepares the statements over a migrated database. @param periodMs length of a period of assessment; divides a day */
export function createSqliteDrift(database: SqliteDatabase, periodMs: number): SqliteDrift {
  const putCells = createCellWriter(database);
  const checkGateway = createRoomCheck(database);
  const checkDay = createDayCheck(database);
  const noteModel = database.prepare(
    `INSERT INTO drift_model (model_digest, from_ms) VALUES (?, ?)
     ON CONFLICT (model_digest) DO UPDATE SET from_ms = MIN(from_ms, excluded.from_ms)`,
  );
  const find = database.prepare(
    `SELECT id, assessed, sketches FROM drift_period
     WHERE point = ? AND model_digest = ? AND from_ms = ? AND period_ms = ?`,
  );
  const insert = database.prepare(
    `INSERT INTO drift_period (point, model_digest, from_ms, period_ms, model_name, model_version, gateway, first_ms,
       last_ms, reports, late_reports, assessed, received_ms, sketches)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, ?, ?)`,
  );
  const update = database.prepare(
    `UPDATE drift_period SET gateway = ?, first_ms = MIN(first_ms, ?), last_ms = MAX(last_ms, ?), reports = reports + 1,
       late_reports = late_reports + assessed, received_ms = ?, sketches = ? WHERE id = ?`,
  );
  return {
    ...createSettlement(database),
    put: (point, report, { gateway, receivedMs }) => {
      const { fromMs, features } = placeReport(report, periodMs);
      const sketches = features.map(({ sketch }) => sketch);
      const row = find.get(point, report.modelDigest, fromMs, periodMs);
      const { modelDigest, modelName, modelVersion } = report;
      const [first, last] = [Math.trunc(report.fromMs), Math.trunc(report.toMs)];
      const received = Math.trunc(receivedMs);
      if (row === undefined || periodMs < dayMs) checkDay({ point, modelDigest, fromMs }, sketches);
      let id = Number(row?.id);
      if (row === undefined) {
        checkGateway(gateway, fromMs);
        noteModel.run(modelDigest, fromMs);
        const names = [modelDigest, fromMs, periodMs, modelName, modelVersion, gateway] as const;
        id = insert.run(point, ...names, first, last, received, packSketches(sketches)).lastInsertRowid;
      } else {
        const merged = mergeColumns(unpackSketches(row.sketches as Uint8Array), sketches, mergeSketch);
        update.run(gateway, first, last, received, packSketches(merged), id);
      }
      if (Number(row?.assessed ?? 0) === 0) putCells(id, features);
    },
  };
}

/** Throws `DriftRefusedError` for sketches that could not be read together with what is kept of their day. */
function createDayCheck(
  database: SqliteDatabase,
): (
  of: { readonly point: number; readonly modelDigest: string; readonly fromMs: number },
  sketches: readonly FeatureSketch[],
) => void {
  const find = database.prepare(
    `SELECT sketches FROM drift_period WHERE point = ? AND model_digest = ? AND from_ms >= ? AND from_ms < ? AND reports > 0
     ORDER BY from_ms, period_ms LIMIT 1`,
  );
  return ({ point, modelDigest, fromMs }, sketches) => {
    const dayFromMs = Math.floor(fromMs / dayMs) * dayMs;
    const row = find.get(point, modelDigest, dayFromMs, dayFromMs + dayMs);
    if (row !== undefined) checkDayBins(row.sketches as Uint8Array, sketches);
  };
}

/** Throws `DriftRefusedError` when a gateway may not begin another period of a point and model. */
function createRoomCheck(database: SqliteDatabase): (gateway: string, fromMs: number) => void {
  const countInPeriod = database.prepare(
    "SELECT COUNT(*) AS total FROM drift_period WHERE gateway = ? AND from_ms = ?",
  );
  const countOpen = database.prepare(
    "SELECT COUNT(*) AS total FROM drift_period WHERE gateway = ? AND assessed = 0",
  );
  return (gateway, fromMs) => {
    const inPeriod = Number(countInPeriod.get(gateway, fromMs)?.total);
    checkRoom(gateway, { inPeriod, open: Number(countOpen.get(gateway)?.total) });
  };
}

/** Merges the moments of one report, which lie in one slot and at one load. */
function createCellWriter(database: SqliteDatabase): (period: number, report: readonly DayFeature[]) => void {
  const find = database.prepare(
    "SELECT moments FROM drift_cell WHERE period = ? AND slot = ? AND load_name = ?",
  );
  const count = database.prepare("SELECT COUNT(*) AS total FROM drift_cell WHERE period = ? AND slot = ?");
  const put = database.prepare(
    `INSERT INTO drift_cell (period, slot, load_name, moments) VALUES (?, ?, ?, ?)
     ON CONFLICT (period, slot, load_name) DO UPDATE SET moments = excluded.moments`,
  );
  return (period, report) => {
    const cell = cellOf(report);
    if (cell === null) return;
    const { slot, loadName, moments } = cell;
    const row = find.get(period, slot, loadName);
    if (row === undefined) checkLoads(Number(count.get(period, slot)?.total));
    const merged =
      row === undefined
        ? moments
        : mergeColumns(unpackMoments(row.moments as Uint8Array), moments, mergeColumn);
    put.run(period, slot, loadName, packMoments(merged));
  };
}

/** The end of a period, and what is to be known until then. */
function createSettlement(database: SqliteDatabase): Pick<SqliteDrift, "readSummary" | "settle" | "backlog"> {
  const find = database.prepare("SELECT * FROM drift_period WHERE id = ? AND assessed = 0");
  const cells = database.prepare(
    "SELECT slot, load_name, moments FROM drift_cell WHERE period = ? ORDER BY slot, load_name",
  );
  const backlog = database.prepare(
    `SELECT (SELECT COUNT(*) FROM drift_period WHERE assessed = 0) AS open,
            (SELECT SUM(late_reports) FROM drift_period WHERE late_reports > 0) AS late`,
  );
  const close = database.prepare("UPDATE drift_period SET assessed = 1 WHERE id = ?");
  const dropCells = database.prepare("DELETE FROM drift_cell WHERE period = ?");
  const fold = createFold(database);
  return {
    readSummary: (period) => {
      const row = find.get(period);
      return row === undefined ? null : assembleSummary(row, cells.all(period));
    },
    settle: (period) => {
      const row = find.get(period);
      if (row === undefined) return;
      close.run(period);
      dropCells.run(period);
      if (Number(row.period_ms) < dayMs) fold(row);
    },
    backlog: () => {
      const row = backlog.get();
      return { openPeriods: Number(row?.open ?? 0), lateReports: Number(row?.late ?? 0) };
    },
  };
}

/** Folds the sketches of a period that is shorter than a day into its day, so that a day is read from few rows. */
function createFold(database: SqliteDatabase): (row: SqlRow) => void {
  const find = database.prepare(
    "SELECT id, sketches FROM drift_period WHERE point = ? AND model_digest = ? AND from_ms = ? AND period_ms = 0",
  );
  const begin = database.prepare(
    `INSERT INTO drift_period (point, model_digest, from_ms, period_ms, model_name, model_version, gateway, first_ms,
       last_ms, reports, late_reports, assessed, sketches)
     SELECT point, model_digest, ?, 0, model_name, model_version, '', first_ms, last_ms, reports, 0, 1, sketches
     FROM drift_period WHERE id = ?`,
  );
  const add = database.prepare(
    `UPDATE drift_period SET first_ms = MIN(first_ms, ?), last_ms = MAX(last_ms, ?), reports = reports + ?, sketches = ?
     WHERE id = ?`,
  );
  const empty = database.prepare("UPDATE drift_period SET reports = 0, sketches = ? WHERE id = ?");
  return (row) => {
    const dayFromMs = Math.floor(Number(row.from_ms) / dayMs) * dayMs;
    const day = find.get(row.point!, row.model_digest!, dayFromMs);
    if (day === undefined) begin.run(dayFromMs, row.id!);
    else {
      const merged = packTogether(day.sketches as Uint8Array, row.sketches as Uint8Array);
      if (merged !== null) add.run(row.first_ms!, row.last_ms!, row.reports!, merged, day.id!);
    }
    empty.run(packSketches([]), row.id!);
  };
}
