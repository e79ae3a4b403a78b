/** The sketches of whole days in SQLite, for whoever looks at a day: merged from its periods. Writes nothing but what is pruned. */
import { dayMs } from "../../../core/maths/durations.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { DriftDay, DriftDayQuery } from "../drift-record.ts";
import { groupIntoDays } from "../drift-rows.ts";
import { placeAfter } from "../drift-rules.ts";
import { utcDayOf } from "../record-rules.ts";

export interface SqliteDriftDays {
  read(query: DriftDayQuery): DriftDay[];
  newestDay(untilDay: string): string | null;
  /** Removes at most so many rows of whole days before `beforeDay`, with their cells; returns how many. */
  prune(beforeDay: string, most: number): number;
}

/** No day is read beyond this many points and models. */
const maxPoints = 20_000;

/** Prepares the statements over a migrated database. */
export function createSqliteDriftDays(database: SqliteDatabase): SqliteDriftDays {
  const read = database.prepare(
    `WITH page AS (
       SELECT DISTINCT point, model_digest, site, turbine, component
       FROM drift_period JOIN point ON point.id = drift_period.point
       WHERE from_ms >= ? AND from_ms < ? AND (? IS NULL OR site = ?) AND (? IS NULL OR turbine = ?)
         AND (site, turbine, component, model_digest) > (?, ?, ?, ?)
       ORDER BY site, turbine, component, model_digest LIMIT ?)
     SELECT drift_period.*, site, turbine, component FROM page JOIN drift_period USING (point, model_digest)
     WHERE from_ms >= ? AND from_ms < ? AND reports > 0
     ORDER BY site, turbine, component, model_digest, from_ms`,
  );
  const newest = database.prepare("SELECT MAX(from_ms) AS from_ms FROM drift_period WHERE from_ms < ?");
  const oldest = "SELECT id FROM drift_period WHERE from_ms < ? ORDER BY from_ms, id LIMIT ?";
  const pruneCells = database.prepare(`DELETE FROM drift_cell WHERE period IN (${oldest})`);
  const prune = database.prepare(`DELETE FROM drift_period WHERE id IN (${oldest})`);
  return {
    read: ({ day, site = null, turbine = null, limit = maxPoints, after }) => {
      const range = [Date.parse(day), Date.parse(day) + dayMs] as const;
      const place = placeAfter(after);
      const points = Math.min(limit, maxPoints);
      return groupIntoDays(day, read.all(...range, site, site, turbine, turbine, ...place, points, ...range));
    },
    newestDay: (untilDay) => {
      const fromMs = newest.get(Date.parse(untilDay) + dayMs)?.from_ms;
      return fromMs === undefined || fromMs === null ? null : utcDayOf(Number(fromMs));
    },
    prune: (beforeDay, most) => {
      const beforeMs = Date.parse(beforeDay);
      pruneCells.run(beforeMs, most);
      return prune.run(beforeMs, most).changes;
    },
  };
}
