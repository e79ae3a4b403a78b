/** Drift sketches in SQLite, merged per point, model, feature and day (UTC). Assesses nothing. */
import type { DriftReport, FeatureSketch } from "../../../core/contract/uplink-record.ts";
import { mergeSketches } from "../../../core/drift/sketcher.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { DriftDay, TurbineFilter } from "../fleet-record.ts";
import { utcDayOf, withFiniteMoments } from "../record-rules.ts";

export interface SqliteDrift {
  /**
   * Merges a report into its day.
   * @throws RangeError when its bins are not those of the day so far
   */
  put(point: number, report: DriftReport): void;
  read(query: TurbineFilter & { readonly day: string }): DriftDay[];
  newestDay(untilDay: string): string | null;
  /** Removes whole days before `beforeDay`; returns how many rows. */
  prune(beforeDay: string): number;
}

/** Prepares the statements over a migrated database. */
export function createSqliteDrift(database: SqliteDatabase): SqliteDrift {
  const find = database.prepare(
    `SELECT sketch_json, from_ms, to_ms, reports FROM drift
     WHERE day = ? AND point = ? AND model_digest = ? AND feature = ?`,
  );
  const put = database.prepare(
    `INSERT OR REPLACE INTO drift
     (point, day, model_digest, model_name, model_version, feature, sketch_json, reports, from_ms, to_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const read = database.prepare(
    `SELECT drift.*, point.site, point.turbine, point.component FROM drift JOIN point ON point.id = drift.point
     WHERE day = ? AND (? IS NULL OR site = ?) AND (? IS NULL OR turbine = ?)
     ORDER BY site, turbine, component, model_digest, feature LIMIT 200000`,
  );
  const newest = database.prepare("SELECT MAX(day) AS day FROM drift WHERE day <= ?");
  const prune = database.prepare("DELETE FROM drift WHERE day < ?");
  return {
    put: (point, report) => {
      // The end is exclusive: an interval that ends at midnight belongs to the day before.
      const day = utcDayOf(report.toMs - 1);
      for (const raw of report.sketches) {
        const sketch = withFiniteMoments(raw);
        const row = find.get(day, point, report.modelDigest, sketch.feature);
        const merged = row === undefined ? sketch : mergeSketches(readSketch(row), sketch);
        put.run(
          point,
          day,
          report.modelDigest,
          report.modelName,
          report.modelVersion,
          sketch.feature,
          JSON.stringify(merged),
          Number(row?.reports ?? 0) + 1,
          Math.trunc(Math.min(report.fromMs, Number(row?.from_ms ?? report.fromMs))),
          Math.trunc(Math.max(report.toMs, Number(row?.to_ms ?? report.toMs))),
        );
      }
    },
    read: ({ day, site = null, turbine = null }) =>
      groupIntoDays(day, read.all(day, site, site, turbine, turbine)),
    newestDay: (untilDay) => {
      const day = newest.get(untilDay)?.day;
      return day === undefined || day === null ? null : String(day);
    },
    prune: (beforeDay) => prune.run(beforeDay).changes,
  };
}

/** Joins the rows of one point and model, which follow one another. */
function groupIntoDays(day: string, rows: readonly SqlRow[]): DriftDay[] {
  const days: (DriftDay & { readonly sketches: FeatureSketch[] })[] = [];
  for (const row of rows) {
    const last = days.at(-1);
    const isSame =
      last !== undefined &&
      last.site === row.site &&
      last.turbine === row.turbine &&
      last.component === row.component &&
      last.modelDigest === row.model_digest;
    if (isSame) {
      last.sketches.push(readSketch(row));
      continue;
    }
    days.push({
      site: String(row.site),
      turbine: String(row.turbine),
      component: String(row.component),
      day,
      modelName: String(row.model_name),
      modelVersion: String(row.model_version),
      modelDigest: String(row.model_digest),
      fromMs: Number(row.from_ms),
      toMs: Number(row.to_ms),
      reports: Number(row.reports),
      sketches: [readSketch(row)],
    });
  }
  return days;
}

function readSketch(row: SqlRow): FeatureSketch {
  return JSON.parse(String(row.sketch_json)) as FeatureSketch;
}
