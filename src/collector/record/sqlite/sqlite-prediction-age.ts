/**
 * Removes predictions in SQLite when their time is over, in parts: rows by when they arrived, those that sum up others when the day
 * on which theirs arrived has ended before. A row that arrived long ago is of a time long ago, or ahead of its arrival.
 */
import { dayMs } from "../../../core/maths/durations.ts";
import { rest } from "../../../core/platform/rest.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";

/** Rows that are removed at a time. */
const prunedRows = 4_000;

/** Prepares it over a migrated database; it resolves with how many rows it has removed. */
export function createPredictionPruner(database: SqliteDatabase): (beforeMs: number) => Promise<number> {
  const points = database.prepare("SELECT id FROM point ORDER BY id");
  const sent = createSentPruner(database);
  const summaries = createSummaryPruner(database);
  return async (beforeMs) => {
    const before = Math.trunc(beforeMs);
    let removed =
      (await untilFew(() => sent.ahead(before))) + (await untilFew(() => summaries.ahead(before)));
    for (const { id } of points.all()) {
      removed += await sent.ofPoint(Number(id), before);
      removed += await untilFew(() => summaries.ofPoint(Number(id), before));
    }
    return removed;
  };
}

/** Repeats a part as long as it is a full one. */
async function untilFew(part: () => number): Promise<number> {
  let removed = 0;
  for (let more = prunedRows; more >= prunedRows; await rest()) {
    more = part();
    removed += more;
  }
  return removed;
}

interface Pruner {
  ahead(before: number): number;
}

/** Of before a collector noted arrivals rows go by their time. */
function createSentPruner(
  database: SqliteDatabase,
): Pruner & { ofPoint(point: number, before: number): Promise<number> } {
  const edge = database.prepare(
    `SELECT time_ms FROM prediction WHERE point = ? AND time_ms >= ? AND time_ms < ?
     ORDER BY time_ms LIMIT 1 OFFSET ${prunedRows}`,
  );
  const ofPoint = database.prepare(
    `DELETE FROM prediction WHERE point = ? AND time_ms >= ? AND time_ms <= ?
       AND COALESCE(received_ms, time_ms) < ?`,
  );
  const ahead = database.prepare(
    `DELETE FROM prediction WHERE (point, time_ms, failure_mode) IN
       (SELECT point, time_ms, failure_mode FROM prediction
        WHERE received_ms < time_ms AND received_ms < ? ORDER BY received_ms LIMIT ${prunedRows})`,
  );
  return {
    ahead: (before) => ahead.run(before).changes,
    ofPoint: async (point, before) => {
      let removed = 0;
      for (let from = 0; from < before; ) {
        const to = Number(edge.get(point, from, before)?.time_ms ?? before - 1);
        removed += ofPoint.run(point, from, to, before).changes;
        from = to + 1;
        await rest();
      }
      return removed;
    },
  };
}

function createSummaryPruner(database: SqliteDatabase): Pruner & {
  ofPoint(point: number, before: number): number;
} {
  const key = "point, from_ms, row_ms, failure_mode, model_version, day";
  const ofPoint = database.prepare(
    `DELETE FROM prediction_summary WHERE (${key}) IN
       (SELECT ${key} FROM prediction_summary WHERE point = ? AND from_ms < ? AND day < ? LIMIT ${prunedRows})`,
  );
  const ahead = database.prepare(
    `DELETE FROM prediction_summary WHERE (${key}) IN
       (SELECT ${key} FROM prediction_summary WHERE from_ms >= (day + 1) * ${dayMs} AND day < ? LIMIT ${prunedRows})`,
  );
  return {
    ahead: (before) => ahead.run(Math.floor(before / dayMs)).changes,
    ofPoint: (point, before) => ofPoint.run(point, before, Math.floor(before / dayMs)).changes,
  };
}
