/**
 * A partition for each day on which something arrives: made before it is needed, dropped when its time is over. Rows that sum
 * up predictions have one for each day and length of rows. Predictions may stand in chunks of TimescaleDB instead, which makes
 * them by itself and drops what belongs to one with its table.
 */
import { setTimeout as delay } from "node:timers/promises";
import { dayMs } from "../../../core/maths/durations.ts";
import { createLastingFault } from "../../../core/platform/lasting-fault.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import { rememberByEra } from "./postgres-era.ts";
import { sqlState } from "./postgres-errors.ts";
import { schemaLock } from "./postgres-schema.ts";
import type { PredictionDays } from "./postgres-timescale.ts";

/** The tables that are written to as things arrive. */
type ArrivalTable = "prediction" | "event";
type PartitionedTable = ArrivalTable | "prediction_summary";

/** Rows of one day of arrival. */
export interface DayPartition {
  readonly name: string;
  readonly day: number;
  /** Length of the rows, ms; 0: they are as they were sent. */
  readonly rowMs: number;
  /** About how many rows there are. */
  readonly estimate: number;
}

/** The number of a day (UTC) since 1970; a clock beyond all days is held to a day that there is. */
export function dayNumber(timeMs: number): number {
  return Math.min(2_000_000, Math.max(0, Math.floor(timeMs / dayMs)));
}

export interface PostgresPartitions {
  /**
   * Makes the partitions of a moment's day and of the next, once, for tables that will be written to. Not inside a transaction: it
   * waits for nobody's rows, and for a lock no longer than `lockMs`. The next day's are tried again later, whatever the server says of them.
   */
  prepare(nowMs: number, tables: readonly ArrivalTable[], lockMs?: number): Promise<void>;
  /**
   * Drops the days of a table that ended before `beforeMs`; resolves with about how many rows there were. What somebody reads
   * for long is left to another time, which is told.
   */
  drop(table: PartitionedTable, beforeMs: number): Promise<number>;
  /** Days before `day` of predictions in shorter rows than `rowMs`, the oldest first. */
  shorterThan(rowMs: number, day: number): Promise<readonly DayPartition[]>;
  /** Makes the partition of longer rows of a day, if there is none. */
  prepareSummaries(rowMs: number, day: number): Promise<void>;
  /** Drops a partition of predictions if it is empty, whoever may still write to it; not now (false) if somebody reads for long. */
  dropEmpty(partition: DayPartition): Promise<boolean>;
}

/** @param days what days of predictions are */
export function createPostgresPartitions(
  database: PostgresDatabase,
  days: PredictionDays,
  logger: Logger,
): PostgresPartitions {
  const list = (table: PartitionedTable): Promise<readonly DayPartition[]> =>
    table === "prediction" && days === "chunks" ? listChunks(database) : listPartitions(database, table);
  const recall = rememberByEra(database, () => new Set<string>());
  const make = async (table: ArrivalTable, day: number, lockMs?: number): Promise<void> => {
    const made = recall();
    const name = `${table}_${day}`;
    if (made.has(name) || (table === "prediction" && days === "chunks")) return;
    await database.transaction(async (session) => {
      if (lockMs !== undefined) await session.exec(`SET LOCAL lock_timeout = ${lockMs}`);
      await session.rows("SELECT pg_advisory_xact_lock($1)", [schemaLock]);
      // A default partition would be searched at every new one: a day without its own is refused, and made by the next batch.
      await addPartition(session, table, { name, bounds: `FROM (${day}) TO (${day + 1})` });
    });
    made.add(name);
  };
  /** When a table's next day could not be made. */
  const failedMs = new Map<ArrivalTable, number>();
  const faults = { event: createLastingFault(), prediction: createLastingFault() };
  /** Nothing that is to be stored today waits for it. */
  const makeAhead = async (table: ArrivalTable, day: number, nowMs: number): Promise<void> => {
    const lastMs = failedMs.get(table);
    if (lastMs !== undefined && Math.abs(nowMs - lastMs) < aheadEveryMs) return;
    try {
      await make(table, day, dropPatienceMs);
      failedMs.delete(table);
      faults[table].clear();
    } catch (error) {
      if (sqlState(error) === undefined) throw error;
      if (faults[table].note(error, nowMs))
        logger.warn("tomorrow's partition cannot be made yet; it is tried again", { table, error });
      failedMs.set(table, nowMs);
    }
  };
  return {
    prepare: async (nowMs, tables, lockMs) => {
      const today = dayNumber(nowMs);
      for (const table of tables) await make(table, today, lockMs);
      for (const table of tables) await makeAhead(table, today + 1, nowMs);
    },
    drop: async (table, beforeMs) => {
      const partitions = await list(table);
      let rows = 0;
      for (const { name, estimate } of partitions.filter(({ day }) => day < dayNumber(beforeMs))) {
        recall().delete(name);
        if (!(await dropSoon(database, name))) {
          logger.warn("a day that is over is dropped another time: somebody reads the table for long", {
            partition: name,
            hint: "If it stays so, look for a transaction that nobody ends: pg_stat_activity, by xact_start.",
          });
          break;
        }
        rows += estimate;
      }
      return rows;
    },
    shorterThan: async (rowMs, before) => {
      const lists = [await list("prediction"), await list("prediction_summary")];
      const shorter = lists.flat().filter((each) => each.day < before && each.rowMs < rowMs);
      return shorter.sort((a, b) => a.day - b.day || a.rowMs - b.rowMs);
    },
    prepareSummaries: async (rowMs, day) => {
      const name = `prediction_summary_${rowMs}_${day}`;
      if (await isTableThere(database, name)) return;
      await database.transaction(async (session) => {
        await session.rows("SELECT pg_advisory_xact_lock($1)", [schemaLock]);
        const bounds = `FROM (${rowMs}, ${day}) TO (${rowMs}, ${day + 1})`;
        await addPartition(session, "prediction_summary", { name, bounds });
      });
    },
    dropEmpty: async (partition) => {
      try {
        const isGone = await database.transaction((session) => dropIfEmpty(session, partition));
        if (isGone && partition.rowMs === 0) recall().delete(partition.name);
        return isGone;
      } catch (error) {
        if (sqlState(error) === lockNotAvailable) return false;
        throw error;
      }
    },
  };
}

/** Nobody who reads or stores waits for longer than this. */
const dropPatienceMs = 200;
/** lock_not_available (PostgreSQL documentation, appendix A). */
const lockNotAvailable = "55P03";

/** Until a day that somebody needed is tried to be made, or dropped, again; and how often it is. */
const aheadEveryMs = 60_000;
const dropPauseMs = 500;
const dropAttempts = 5;

/**
 * Drops a partition, if nobody reads its table for longer than a moment: whoever stores would wait behind, for a dump's whole
 * length.
 */
async function dropSoon(database: PostgresDatabase, name: string): Promise<boolean> {
  for (let attempt = 1; attempt <= dropAttempts; attempt++) {
    try {
      await database.transaction(async (session) => {
        await session.exec(`SET LOCAL lock_timeout = ${dropPatienceMs}`);
        await session.exec(`DROP TABLE IF EXISTS ${name}`);
      });
      return true;
    } catch (error) {
      if (sqlState(error) !== lockNotAvailable) throw error;
      if (attempt < dropAttempts) await delay(dropPauseMs);
    }
  }
  return false;
}

/** Is there a table of that name? */
export async function isTableThere(session: SqlSession, name: string): Promise<boolean> {
  const [found] = await session.rows("SELECT to_regclass($1) IS NOT NULL AS there", [name]);
  return found?.there === true;
}

/** In the order in which readers lock: the table, then its partition. */
async function dropIfEmpty(session: SqlSession, { name, rowMs }: DayPartition): Promise<boolean> {
  await session.exec(`SET LOCAL lock_timeout = ${dropPatienceMs}`);
  await session.exec(
    `LOCK TABLE ONLY ${rowMs === 0 ? "prediction" : "prediction_summary"} IN ACCESS EXCLUSIVE MODE`,
  );
  if (!(await isTableThere(session, name))) return true;
  await session.exec(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`);
  const [left] = await session.rows(`SELECT 1 FROM ${name} LIMIT 1`);
  if (left !== undefined) return false;
  await session.exec(`DROP TABLE ${name}`);
  return true;
}

/**
 * Adds a partition, if it is not there. Made by itself and attached: `CREATE TABLE … PARTITION OF` would wait for whoever reads
 * the table, and all that store behind it (PostgreSQL documentation, 5.11.2.1).
 */
async function addPartition(
  session: SqlSession,
  table: PartitionedTable,
  { name, bounds }: { readonly name: string; readonly bounds: string },
): Promise<void> {
  if (await isTableThere(session, name)) return;
  await session.exec(
    `CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL);
     ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES ${bounds}`,
  );
}

async function listChunks(session: SqlSession): Promise<readonly DayPartition[]> {
  const rows = await session.rows(
    `SELECT format('%I.%I', chunk_schema, chunk_name) AS name, range_start_integer AS day,
       GREATEST(reltuples, 0) AS estimate
     FROM timescaledb_information.chunks
     JOIN pg_class ON pg_class.oid = format('%I.%I', chunk_schema, chunk_name)::regclass
     WHERE format('%I.%I', hypertable_schema, hypertable_name)::regclass = 'prediction'::regclass`,
  );
  return rows.map(({ name, day, estimate }) => ({
    name: String(name),
    day: Number(day),
    rowMs: 0,
    estimate: Math.trunc(Number(estimate)),
  }));
}

async function listPartitions(
  session: SqlSession,
  table: PartitionedTable,
): Promise<readonly DayPartition[]> {
  const rows = await session.rows(
    `SELECT relname, GREATEST(reltuples, (SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = pg_class.oid), 0)
       AS estimate
     FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = $1::text::regclass`,
    [table],
  );
  return rows.map(({ relname, estimate }) => {
    const numbers = String(relname)
      .slice(table.length + 1)
      .split("_")
      .map(Number);
    return {
      name: String(relname),
      day: numbers.at(-1)!,
      rowMs: numbers.length > 1 ? numbers[0]! : 0,
      estimate: Math.trunc(Number(estimate)),
    };
  });
}
