/** A partition for each day on which something arrives: made before it is needed, dropped when its time is over. */
import { dayMs } from "../../../core/maths/durations.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import { schemaLock } from "./postgres-schema.ts";

/** The tables that have partitions. */
const tables = ["prediction", "event"] as const;
export type PartitionedTable = (typeof tables)[number];

/** The number of a day (UTC) since 1970; a clock beyond all days is held to a day that there is. */
export function dayNumber(timeMs: number): number {
  return Math.min(2_000_000, Math.max(0, Math.floor(timeMs / dayMs)));
}

export interface PostgresPartitions {
  /** Makes the partitions of a moment's day and of the next, once. Not inside a transaction: it waits for nobody's rows. */
  prepare(nowMs: number): Promise<void>;
  /** Drops the days of a table that ended before `beforeMs`; resolves with about how many rows there were. */
  drop(table: PartitionedTable, beforeMs: number): Promise<number>;
}

export function createPostgresPartitions(database: PostgresDatabase): PostgresPartitions {
  const made = new Set<number>();
  const make = async (day: number): Promise<void> => {
    if (made.has(day)) return;
    await database.transaction(async (session) => {
      await session.rows("SELECT pg_advisory_xact_lock($1)", [schemaLock]);
      for (const table of tables) await makeDay(session, table, day);
    });
    made.add(day);
  };
  return {
    prepare: async (nowMs) => {
      const today = dayNumber(nowMs);
      await make(today);
      await make(today + 1);
    },
    drop: async (table, beforeMs) => {
      const days = await listDays(database, table);
      let rows = 0;
      for (const { day, estimate } of days.filter(({ day }) => day < dayNumber(beforeMs))) {
        made.delete(day);
        // Apart: each waits for the readers of its own day.
        await database.exec(`DROP TABLE IF EXISTS ${table}_${day}`);
        rows += estimate;
      }
      return rows;
    },
  };
}

/** A default partition would be searched at every new one: a day without its own is refused, and made by the next batch. */
async function makeDay(session: SqlSession, table: PartitionedTable, day: number): Promise<void> {
  await session.exec(
    `CREATE TABLE IF NOT EXISTS ${table}_${day} PARTITION OF ${table} FOR VALUES FROM (${day}) TO (${day + 1})`,
  );
}

async function listDays(
  session: SqlSession,
  table: PartitionedTable,
): Promise<readonly { readonly day: number; readonly estimate: number }[]> {
  const rows = await session.rows(
    `SELECT relname, GREATEST(reltuples, (SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = pg_class.oid), 0)
       AS estimate
     FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = $1::text::regclass`,
    [table],
  );
  return rows.map(({ relname, estimate }) => ({
    day: Number(String(relname).slice(table.length + 1)),
    estimate: Math.trunc(Number(estimate)),
  }));
}
