/** Verdicts of drift in SQLite, and what leads from one to the next. What was assessed once is not assessed again. */
import type { DriftVerdict } from "../../../core/contract/drift-verdict.ts";
import { nameDriftDay, type PeriodRange, readDriftDay } from "../../../core/drift/drift-day.ts";
import { rest } from "../../../core/platform/rest.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import type {
  DriftDayLevels,
  DriftDaysQuery,
  DriftVerdictPage,
  DriftVerdictQuery,
  TurbineFilter,
  TurbineVerdictQuery,
} from "../drift-record.ts";
import { assembleDriftDays, cutVerdicts, readRange } from "../drift-rows.ts";
import { maxDriftDays, placeAfter } from "../drift-rules.ts";

export interface SqliteVerdicts {
  list(query: DriftVerdictQuery): DriftVerdictPage;
  listPeriod(period: PeriodRange & { readonly limit: number; readonly after?: string }): DriftVerdictPage;
  ofTurbine(query: TurbineVerdictQuery): DriftVerdict[];
  /** Reads one period after the other, and gives way between two. */
  days(query: DriftDaysQuery): Promise<DriftDayLevels>;
  newestDay(untilMs: number, filter?: TurbineFilter): string | null;
  /** Stores a verdict, unless there is one already. */
  put(point: number, verdict: DriftVerdict): void;
  /** Writes anew what is there. */
  replace(point: number, verdict: DriftVerdict): void;
  /** Removes at most so many of periods that ended before `beforeMs`; returns how many. */
  prune(beforeMs: number, most: number): number;
}

/** The points of a site and turbine, each of which may be null for all; the plus keeps to the index by time. */
const chosenPoints = `+point IN (SELECT id FROM point WHERE (? IS NULL OR site = ?) AND (? IS NULL OR turbine = ?))`;

/** Prepares the statements over a migrated database. */
export function createSqliteVerdicts(database: SqliteDatabase): SqliteVerdicts {
  const insert = database.prepare(
    `INSERT INTO drift_verdict (point, model_digest, from_ms, to_ms, level, json) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const replace = database.prepare(
    "UPDATE drift_verdict SET json = ? WHERE point = ? AND model_digest = ? AND from_ms = ? AND to_ms = ?",
  );
  const newest = database.prepare(
    `SELECT from_ms, to_ms FROM drift_verdict WHERE from_ms <= ? AND ${chosenPoints} ORDER BY from_ms DESC LIMIT 1`,
  );
  // The first condition is for the index: a period begins before it ends.
  const prune = database.prepare(
    `DELETE FROM drift_verdict WHERE rowid IN
       (SELECT rowid FROM drift_verdict WHERE from_ms < ? AND to_ms < ? ORDER BY from_ms LIMIT ?)`,
  );
  return {
    ...createLists(database),
    days: createDays(database),
    newestDay: (untilMs, { site = null, turbine = null } = {}) => {
      const row = newest.get(Math.trunc(untilMs), site, site, turbine, turbine);
      return row === undefined ? null : nameDriftDay(readRange(row));
    },
    put: (point, verdict) => {
      const { modelDigest, fromMs, toMs, level } = verdict;
      insert.run(point, modelDigest, fromMs, toMs, level, JSON.stringify(verdict));
    },
    replace: (point, verdict) => {
      const { modelDigest, fromMs, toMs } = verdict;
      replace.run(JSON.stringify(verdict), point, modelDigest, fromMs, toMs);
    },
    prune: (beforeMs, most) => prune.run(Math.trunc(beforeMs), Math.trunc(beforeMs), most).changes,
  };
}

function createLists(database: SqliteDatabase): Pick<SqliteVerdicts, "list" | "listPeriod" | "ofTurbine"> {
  // Of a day that holds several periods the newest of each point and model.
  const list = database.prepare(
    `SELECT drift_verdict.json, MAX(drift_verdict.from_ms) FROM drift_verdict JOIN point ON point.id = drift_verdict.point
     WHERE from_ms >= ? AND from_ms < ? AND (? IS NULL OR site = ?) AND (? IS NULL OR turbine = ?)
       AND (site, turbine, component, model_digest) > (?, ?, ?, ?)
     GROUP BY site, turbine, component, model_digest HAVING ? IS NULL OR level = ?
     ORDER BY site, turbine, component, model_digest LIMIT ?`,
  );
  const listPeriod = database.prepare(
    `SELECT drift_verdict.json FROM drift_verdict JOIN point ON point.id = drift_verdict.point
     WHERE from_ms = ? AND to_ms = ? AND (site, turbine, component, model_digest) > (?, ?, ?, ?)
     ORDER BY site, turbine, component, model_digest LIMIT ?`,
  );
  const ofTurbine = database.prepare(
    `SELECT drift_verdict.json FROM point CROSS JOIN drift_verdict ON drift_verdict.point = point.id
     WHERE site = ? AND turbine = ? AND from_ms >= ? AND from_ms < ?
     ORDER BY from_ms DESC, component DESC, model_digest DESC LIMIT ?`,
  );
  return {
    ofTurbine: ({ site, turbine, from, to, limit }) => {
      const [first, last] = [readDriftDay(from), readDriftDay(to)];
      if (first === null || last === null) return [];
      const rows = ofTurbine.all(site, turbine, first.fromMs, last.toMs, limit);
      return rows.reverse().map((row) => JSON.parse(String(row.json)) as DriftVerdict);
    },
    list: ({ day, site = null, turbine = null, level = null, limit, after }) => {
      const range = readDriftDay(day);
      if (range === null) return { verdicts: [], next: null };
      const place = placeAfter(after);
      const { fromMs, toMs } = range;
      const filter = [site, site, turbine, turbine, ...place, level, level] as const;
      return cutVerdicts(list.all(fromMs, toMs, ...filter, limit + 1), limit);
    },
    listPeriod: ({ fromMs, toMs, limit, after }) => {
      const place = placeAfter(after);
      return cutVerdicts(listPeriod.all(fromMs, toMs, ...place, limit + 1), limit);
    },
  };
}

function createDays(database: SqliteDatabase): SqliteVerdicts["days"] {
  const days = database.prepare(
    `SELECT DISTINCT from_ms, to_ms FROM drift_verdict WHERE from_ms >= ? AND from_ms < ? ORDER BY from_ms DESC LIMIT ?`,
  );
  // The plus keeps to the index by time.
  const levels = database.prepare(
    `SELECT point, from_ms, to_ms, level FROM drift_verdict WHERE from_ms >= ? AND from_ms < ?
       AND (? IS NULL OR +point IN (SELECT value FROM json_each(?)))`,
  );
  const listPoints = database.prepare(
    `SELECT id, site, turbine, component FROM point WHERE (? IS NULL OR site = ?) AND (? IS NULL OR turbine = ?)
       AND (site, turbine, component) > (?, ?, ?)
     ORDER BY site, turbine, component LIMIT ?`,
  );
  return async ({ from, to, site, turbine, limit, after }) => {
    const first = readDriftDay(from);
    const last = readDriftDay(to);
    if (first === null || last === null) return { days: [], points: [], next: null };
    const shown = days.all(first.fromMs, last.toMs, maxDriftDays).reverse().map(readRange);
    const filter = [site ?? null, site ?? null, turbine ?? null, turbine ?? null] as const;
    const place = placeAfter(after).slice(0, 3);
    const most = limit === undefined ? -1 : limit + 1;
    const points = listPoints.all(...filter, ...place, most);
    const isWhole = (site ?? turbine ?? limit) === undefined;
    const ids = isWhole ? null : JSON.stringify(points.slice(0, limit).map((row) => Number(row.id)));
    const stored: SqlRow[] = [];
    for (const fromMs of new Set(shown.map((range) => range.fromMs))) {
      for (const row of levels.all(fromMs, fromMs + 1, ids, ids)) stored.push(row);
      await rest();
    }
    return assembleDriftDays({ shown, levels: stored, points, limit });
  };
}
