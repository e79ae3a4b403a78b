/** How many records of a class each gateway has sent today (UTC, by arrival), in SQLite. Keeps one day of each. */
import { dayMs } from "../../../core/maths/durations.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { RecordSource } from "../fleet-record.ts";
import { type DailyClass, mostCountedCells, refuseBeyondDay } from "../record-bounds.ts";

export interface SqliteUse {
  /** Counts one more. @throws RecordRefusedError beyond the gateway's bound of a day */
  count(dailyClass: DailyClass, origin: RecordSource): void;
  /** Counts cells of predictions; returns those of the day. */
  add(cells: number, origin: RecordSource): number;
}

/** Prepares the statements over a migrated database. */
export function createSqliteUse(database: SqliteDatabase): SqliteUse {
  const read = database.prepare(
    "SELECT records FROM gateway_use WHERE gateway = ? AND class = ? AND day = ?",
  );
  const write = database.prepare(
    "INSERT OR REPLACE INTO gateway_use (gateway, class, day, records) VALUES (?, ?, ?, ?)",
  );
  return {
    count: (dailyClass, { gateway, receivedMs }) => {
      const day = Math.floor(receivedMs / dayMs);
      const records = Number(read.get(gateway, dailyClass, day)?.records ?? 0);
      refuseBeyondDay(dailyClass, records);
      write.run(gateway, dailyClass, day, records + 1);
    },
    add: (cells, { gateway, receivedMs }) => {
      const day = Math.floor(receivedMs / dayMs);
      const sum = Math.min(
        mostCountedCells,
        Number(read.get(gateway, "predictions", day)?.records ?? 0) + cells,
      );
      write.run(gateway, "predictions", day, sum);
      return sum;
    },
  };
}
