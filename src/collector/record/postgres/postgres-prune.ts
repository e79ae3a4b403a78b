/**
 * Removes from the record in PostgreSQL what is old enough: days of masses are dropped as a whole, all else is deleted in parts, since
 * after a shorter retention there may be more of it than one statement may take time for.
 */
import { dayMs } from "../../../core/maths/durations.ts";
import { utcDayOf } from "../record-rules.ts";
import type { Pruners } from "../retention-policy.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import type { PostgresPartitions } from "./postgres-partitions.ts";
import type { SqlParameter } from "./postgres-values.ts";

/** Rows that a statement deletes at most: some tenths of a second on a busy server. */
const partRows = 4_000;

/** Their numbers of rows are estimates where whole days go. */
export function createPostgresPruners(database: PostgresDatabase, partitions: PostgresPartitions): Pruners {
  const remove = (rows: OldRows, ...values: SqlParameter[]) => removeInParts(database, rows, values);
  return {
    predictions: async (beforeMs) => {
      // A failure mode is not noted oftener than once a day.
      await remove({ table: "point_mode", where: "heard_ms < $1" }, beforeMs - dayMs);
      return (
        (await partitions.drop("prediction", beforeMs)) +
        (await partitions.drop("prediction_summary", beforeMs))
      );
    },
    events: (beforeMs) => partitions.drop("event", beforeMs),
    drift: async (beforeMs) => {
      // Whole days; their cells go with them.
      const days = { table: "drift_period", where: "from_ms < $1", order: "from_ms" };
      const removed =
        (await remove(days, Date.parse(utcDayOf(beforeMs)))) +
        (await remove({ table: "drift_reference", where: "until_ms < $1" }, beforeMs));
      await database.run(
        `DELETE FROM drift_model WHERE from_ms < $1
           AND NOT EXISTS (SELECT 1 FROM drift_reference WHERE drift_reference.model_digest = drift_model.model_digest)
           AND NOT EXISTS (SELECT 1 FROM drift_period WHERE drift_period.model_digest = drift_model.model_digest)`,
        [beforeMs],
      );
      await remove({ table: "baseline_renewal", where: "time_ms < $1" }, beforeMs);
      return removed;
    },
    verdicts: async (beforeMs) => {
      // The first condition is for the index: a period begins before it ends.
      const ended = { table: "drift_verdict", where: "from_ms < $1 AND to_ms < $1", order: "from_ms" };
      return (
        (await remove(ended, beforeMs)) +
        (await remove({ table: "outcome", where: "received_ms < $1" }, beforeMs))
      );
    },
    updates: (beforeMs) =>
      remove({ table: "model_update", where: "received_ms < $1", order: "received_ms" }, beforeMs),
  };
}

interface OldRows {
  readonly table: string;
  readonly where: string;
  /** Column of an index, so that no part passes over what those before it have deleted. */
  readonly order?: string;
}

/** The condition is asked again of a row that somebody changed meanwhile. */
async function removeInParts(
  database: PostgresDatabase,
  { table, where, order }: OldRows,
  values: readonly SqlParameter[],
): Promise<number> {
  let removed = 0;
  for (let more = partRows; more >= partRows; ) {
    more = await database.run(
      `DELETE FROM ${table} WHERE ${where} AND ctid = ANY (ARRAY(
         SELECT ctid FROM ${table} WHERE ${where} ${order === undefined ? "" : `ORDER BY ${order}`} LIMIT ${partRows}))`,
      values,
    );
    removed += more;
  }
  return removed;
}
