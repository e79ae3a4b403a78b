/**
 * Removes from the record in PostgreSQL what is old enough: days of masses are dropped as a whole, all else is deleted in parts, since
 * after a shorter retention there may be more of it than one statement may take time for. A failure leaves the rest for the next time.
 */
import { outcomeEventName } from "../../../core/drift/outcome-event.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import { utcDayOf } from "../record-rules.ts";
import type { PrunedClass } from "../retention-policy.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import type { PostgresPartitions } from "./postgres-partitions.ts";
import type { SqlParameter } from "./postgres-values.ts";

/** Rows that a statement deletes at most: some tenths of a second on a busy server. */
const partRows = 4_000;

/** Resolves with about how many rows there were. */
export async function pruneRecord(
  database: PostgresDatabase,
  partitions: PostgresPartitions,
  olderThanMs: Readonly<Record<PrunedClass, number>>,
): Promise<number> {
  const remove = (rows: OldRows, ...values: SqlParameter[]) => removeInParts(database, rows, values);
  const [predictions, drift, verdicts, updates] = [
    olderThanMs.predictions,
    olderThanMs.drift,
    olderThanMs.verdicts,
    olderThanMs.updates,
  ].map(Math.trunc) as [number, number, number, number];
  // A failure mode is not noted oftener than once a day.
  await remove({ table: "point_mode", where: "heard_ms < $1" }, predictions - dayMs);
  const removed =
    (await partitions.drop("prediction", predictions)) +
    (await partitions.drop("prediction_summary", predictions)) +
    (await partitions.drop("event", olderThanMs.events)) +
    // Whole days; their cells go with them.
    (await remove(
      { table: "drift_period", where: "from_ms < $1", order: "from_ms" },
      Date.parse(utcDayOf(drift)),
    )) +
    (await remove({ table: "drift_reference", where: "until_ms < $1" }, drift)) +
    // The first condition is for the index: a period begins before it ends.
    (await remove(
      { table: "drift_verdict", where: "from_ms < $1 AND to_ms < $1", order: "from_ms" },
      verdicts,
    )) +
    (await remove(
      { table: "outcome", where: "received_ms < $1 AND name = $2" },
      verdicts,
      outcomeEventName,
    )) +
    (await remove({ table: "model_update", where: "received_ms < $1", order: "received_ms" }, updates));
  await database.run(
    `DELETE FROM drift_model WHERE from_ms < $1
       AND NOT EXISTS (SELECT 1 FROM drift_reference WHERE drift_reference.model_digest = drift_model.model_digest)
       AND NOT EXISTS (SELECT 1 FROM drift_period WHERE drift_period.model_digest = drift_model.model_digest)`,
    [drift],
  );
  return removed;
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
