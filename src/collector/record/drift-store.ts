/** Drift sketches, merged per point, model, feature and day (UTC). Judges nothing. */
import type { DriftReport, FeatureSketch } from "../../core/contract/uplink-record.ts";
import { mergeSketches } from "../../core/drift/sketcher.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** All sketches of one point and model over one day. */
export interface DriftDay {
  readonly site: string;
  readonly turbine: string;
  readonly component: string;
  /** `YYYY-MM-DD`, UTC, of the interval's end. */
  readonly day: string;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelDigest: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reports: number;
  /** In the order of the features. */
  readonly sketches: readonly FeatureSketch[];
}

/** Reads and writes drift. */
export interface DriftStore {
  /**
   * Merges a report into its day.
   * @throws RangeError when its bins are not those of the day so far
   */
  put(point: number, report: DriftReport): void;
  read(query: {
    readonly day: string;
    readonly site?: string | undefined;
    readonly turbine?: string | undefined;
  }): DriftDay[];
  /** Newest day up to `until` of which there is anything, or null; a gateway whose clock is ahead does not count. */
  latestDay(until: string): string | null;
  prune(beforeDay: string): number;
}

/** The day (UTC) of a moment. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** Creates the store over an open, migrated database. */
export function createDriftStore(database: SqliteDatabase): DriftStore {
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
  const latest = database.prepare("SELECT MAX(day) AS day FROM drift WHERE day <= ?");
  const prune = database.prepare("DELETE FROM drift WHERE day < ?");
  return {
    put: (point, report) => {
      // The end is exclusive: an interval that ends at midnight belongs to the day before.
      const day = dayOf(report.toMs - 1);
      for (const raw of report.sketches) {
        const sketch = withFiniteMoments(raw);
        const row = find.get(day, point, report.modelDigest, sketch.feature);
        const merged =
          row === undefined
            ? sketch
            : mergeSketches(JSON.parse(String(row.sketch_json)) as FeatureSketch, sketch);
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
    read: ({ day, site, turbine }) => {
      const days: (DriftDay & { readonly sketches: FeatureSketch[] })[] = [];
      const [s, t] = [site ?? null, turbine ?? null];
      for (const row of read.all(day, s, s, t, t)) {
        const last = days.at(-1);
        const sketch = JSON.parse(String(row.sketch_json)) as FeatureSketch;
        const same =
          last !== undefined &&
          last.site === row.site &&
          last.turbine === row.turbine &&
          last.component === row.component &&
          last.modelDigest === row.model_digest;
        if (same) {
          last.sketches.push(sketch);
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
          sketches: [sketch],
        });
      }
      return days;
    },
    latestDay: (until) => {
      const day = latest.get(until)?.day;
      return day === undefined || day === null ? null : String(day);
    },
    prune: (beforeDay) => prune.run(beforeDay).changes,
  };
}

/** JSON has no NaN, which is what the moments of an interval without finite values are. */
function withFiniteMoments(sketch: FeatureSketch): FeatureSketch {
  const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
  return {
    ...sketch,
    mean: finite(sketch.mean),
    sumSquares: finite(sketch.sumSquares),
    min: finite(sketch.min),
    max: finite(sketch.max),
  };
}
