import { expect, it, onTestFinished } from "vitest";
import { createSqliteRecord } from "../../../../src/collector/record/sqlite/sqlite-record.ts";
import { openSqlite } from "../../../../src/core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../../../src/core/platform/sqlite/sqlite-database.ts";
import { countWindows, storeRows, thinAll } from "../thinning-suite.ts";

const day = 86_400_000;
const t = 19_675 * day;

/** A database that fails at the `failAt`-th write from when it is told to, as a disk does; 0: never. */
function createFailingDatabase(): SqliteDatabase & { failAt: number } {
  const database = openSqlite(":memory:");
  const failing = {
    ...database,
    failAt: 0,
    prepare: (sql: string) => {
      const statement = database.prepare(sql);
      return {
        ...statement,
        run: (...values: Parameters<typeof statement.run>) => {
          if (failing.failAt > 0) {
            failing.failAt -= 1;
            if (failing.failAt === 0) throw new Error("the disk failed");
          }
          return statement.run(...values);
        },
      };
    },
  };
  return failing;
}

it("keeps every window when a step ends at any of its writes, and finishes afterwards", async () => {
  const database = createFailingDatabase();
  const record = createSqliteRecord(database, { thinningRows: 6 });
  onTestFinished(() => record.close());
  const rows = Array.from({ length: 12 }, (_, index) => ({
    timeMs: t + index * 300_000,
    windows: 7 + index,
  }));
  await storeRows(record, rows, t);
  const windows = rows.reduce((sum, row) => sum + row.windows, 0);
  const thinning = { receivedBeforeMs: t + 9 * day, rowMs: 3_600_000 };
  let cut = 0;
  for (let failAt = 1; ; failAt++) {
    database.failAt = failAt;
    const isWhole = await record.thinPredictions(thinning).then(
      () => database.failAt > 0,
      (error: Error) => {
        expect(error.message).toBe("the disk failed");
        cut += 1;
        return false;
      },
    );
    database.failAt = 0;
    expect(await countWindows(record)).toBe(windows);
    if (isWhole) break;
  }
  // Six deletions, and an addition of each of its two failure modes.
  expect(cut).toBe(8);
  await thinAll(record, thinning);
  expect(await countWindows(record)).toBe(windows);
  const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: t + day, bucketMs: 1 };
  expect((await record.predictions(range))[0]!.windows).toEqual([windows]);
});
