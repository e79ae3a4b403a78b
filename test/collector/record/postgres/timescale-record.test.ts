import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FleetRecord } from "../../../../src/collector/record/fleet-record.ts";
import { openPostgresRecord } from "../../../../src/collector/record/postgres/postgres-record.ts";
import { createLogger } from "../../../../src/core/platform/logger.ts";
import {
  hasTimescale,
  type ScratchPostgres,
  startScratchPostgres,
  startScratchTimescale,
} from "../../../support/scratch-postgres.ts";
import { until } from "../../../support/until.ts";
import { describeFleetRecord, type RecordStorage } from "../fleet-record-suite.ts";
import { limits, openAt, query } from "../postgres-place.ts";
import { countWindows, storeRows, thinAll } from "../thinning-suite.ts";

const dayMs = 86_400_000;
const t = 19_675 * dayMs;
const never = { predictions: 0, drift: 0, verdicts: 0, events: 0, updates: 0 };

const compressAll = (url: string) =>
  query(
    url,
    "SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('prediction') AS chunk",
  );
const countChunks = async (url: string): Promise<number> =>
  (await query(url, "SELECT FROM show_chunks('prediction')")).length;

/** What was compressed by then: all that stands in it when it is thinned. */
function compressedBeforeSteps(record: FleetRecord, url: string): FleetRecord {
  return {
    ...record,
    thinPredictions: async (thinning) => {
      await compressAll(url);
      return record.thinPredictions(thinning);
    },
  };
}

// One name stands for all where it is not installed, as on most machines.
if (hasTimescale) describe("TimescaleDB", describeTimescaleRecord);
else it.skip("TimescaleDB (not installed)", () => {});

function describeTimescaleRecord(): void {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchTimescale(["fsync=off"]);
  });
  afterAll(() => server?.close());

  /** Opens a record and returns what it said. */
  const hearOpening = async (
    url: string,
  ): Promise<{ readonly record: FleetRecord; readonly said: string }> => {
    const lines: string[] = [];
    const logger = createLogger({ level: "info", write: (line: string) => void lines.push(line) });
    return { record: await openAt(url, { logger }), said: lines.join("\n") };
  };

  describeFleetRecord("timescale", (): RecordStorage => {
    let url: string | null = null;
    return {
      open: async () => {
        url ??= await server.createDatabase();
        const record = await openPostgresRecord({ ...limits, url, thinningRows: 13 });
        return compressedBeforeSteps(record, url);
      },
      damage: null,
    };
  });

  it("keeps predictions in chunks of a day, which it compresses, and drops them with all that belongs to them", async () => {
    const url = await server.createDatabase();
    const { record, said } = await hearOpening(url);
    expect(said).toContain("hypertable");
    const again = await hearOpening(url);
    expect(again.said).toBe("");
    for (const day of [0, 1, 3]) await storeRows(record, [{ timeMs: t + day, windows: 5 }], t + day * dayMs);
    expect(await countChunks(url)).toBe(3);
    // As the extension's worker does at its own times.
    const jobs = await query(
      url,
      "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'prediction' AND proc_name = 'policy_compression'",
    );
    expect(jobs).toHaveLength(1);
    await query(url, `CALL run_job(${jobs[0]!.job_id})`);
    const compressed = "SELECT FROM timescaledb_information.chunks WHERE is_compressed";
    expect(await query(url, compressed)).toHaveLength(3);
    expect(await countWindows(record)).toBe(15);
    await record.prune({ ...never, predictions: t + 3 * dayMs });
    expect(await countWindows(record)).toBe(5);
    expect(await countChunks(url)).toBe(1);
    // The one that is left, and what is compressed of it.
    const left = await query(
      url,
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%hyper%chunk'",
    );
    expect(left).toHaveLength(2);
  });

  it("thins a compressed day on which more arrived of one point than the extension unpacks for a statement by itself", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await storeRows(record, [{ timeMs: t, windows: 1 }], t);
    await query(
      url,
      `INSERT INTO prediction SELECT day, point, time_ms + nr, label, 1, NULL, NULL, scores
       FROM prediction, generate_series(1, 5000) AS nr`,
    );
    await compressAll(url);
    const name = new URL(url).pathname.slice(1);
    await query(
      url,
      `ALTER DATABASE ${name} SET timescaledb.max_tuples_decompressed_per_dml_transaction = 1000`,
    );
    const later = await openAt(url);
    await thinAll(later, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    expect(await countWindows(later)).toBe(5_001);
  });

  it("makes a day's chunk once, however many workers are the first to store in it", async () => {
    const url = await server.createDatabase();
    const workers = await Promise.all([1, 2, 3, 4].map(() => openAt(url)));
    for (let day = 0; day < 5; day++) {
      await Promise.all(
        workers.map((worker, index) =>
          storeRows(worker, [{ timeMs: t + day * 10 + index, windows: 1 }], t + day * dayMs),
        ),
      );
    }
    expect(await countChunks(url)).toBe(5);
    expect(await countWindows(workers[0]!)).toBe(20);
  });

  it("changes a compressed row where the same arrives again, and adds what is late for a compressed day", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const rows = Array.from({ length: 50 }, (_, index) => ({ timeMs: t + index, windows: 2 }));
    await storeRows(record, rows, t);
    await compressAll(url);
    await storeRows(record, [{ timeMs: t + 7, windows: 9 }], t);
    expect(await countWindows(record)).toBe(107);
    await storeRows(record, [{ timeMs: t - 7, windows: 4 }], t);
    expect(await countWindows(record)).toBe(111);
    await compressAll(url);
    expect(await countWindows(record)).toBe(111);
    await thinAll(record, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    expect(await countWindows(record)).toBe(111);
    expect(await countChunks(url)).toBe(0);
  });

  it("keeps every window while two collectors thin, one compresses and the server ends their sessions", async () => {
    const url = await server.createDatabase();
    const writer = await openAt(url);
    const rows = Array.from({ length: 400 }, (_, index) => ({
      timeMs: t + index * 60_000,
      windows: 1 + index,
      component: `point-${index % 3}`,
    }));
    await storeRows(writer, rows.slice(0, 200), t);
    await storeRows(writer, rows.slice(200), t + dayMs);
    const windows = rows.reduce((sum, row) => sum + row.windows, 0);
    const others = await Promise.all([1, 2].map(() => openAt(url, { thinningRows: 17 })));
    let [cuts, areDone] = [0, false];
    const thinning = Promise.all(
      others.map(async (record) => {
        for (let isDone = false; !isDone; ) {
          const step = record.thinPredictions({ receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
          ({ isDone } = await step.catch((error: { readonly code: string }) => {
            expect(error.code).toBe("STORE");
            cuts += 1;
            if (cuts > 99) throw error;
            return { isDone: false };
          }));
        }
      }),
    ).finally(() => {
      areDone = true;
    });
    thinning.catch(() => {});
    while (!areDone) {
      expect(await countWindows(writer)).toBe(windows);
      // A chunk may be gone by the time that it is its turn.
      await compressAll(url).catch(() => []);
      if (cuts > 4) continue;
      await query(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
           AND query LIKE 'DELETE FROM %' AND state <> 'idle'`,
      );
    }
    await thinning;
    expect(await countWindows(writer)).toBe(windows);
    await thinAll(writer, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    expect(await countChunks(url)).toBe(0);
  });

  it("keeps partitions where the extension comes later, and says so", async () => {
    const url = await server.createDatabase();
    await query(url, "DROP EXTENSION timescaledb");
    const old = await openAt(url);
    await storeRows(old, [{ timeMs: t, windows: 5 }], t);
    await query(url, "CREATE EXTENSION timescaledb");
    const { record, said } = await hearOpening(url);
    expect(said).toContain("keeps its partitions");
    for (const each of [old, record]) await storeRows(each, [{ timeMs: t + 1, windows: 5 }], t + dayMs);
    expect(await countWindows(record)).toBe(10);
    await thinAll(record, { receivedBeforeMs: t + dayMs, rowMs: 3_600_000 });
    await record.prune({ ...never, predictions: t + dayMs });
    expect(await countWindows(record)).toBe(5);
  });

  it("makes partitions where a role may not make a hypertable, and says why", async () => {
    const url = await server.createDatabase();
    await query(
      url,
      `CREATE ROLE narrow LOGIN; GRANT CREATE ON SCHEMA public TO narrow;
       REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC`,
    );
    const { record, said } = await hearOpening(url.replace("//aurora@", "//narrow@"));
    expect(said).toContain("permission denied");
    await storeRows(record, [{ timeMs: t, windows: 5 }], t);
    expect(await countWindows(record)).toBe(5);
  });

  it("does the same for an owner who is no superuser, with the extension in a schema of its own", async () => {
    const url = await server.createDatabase();
    await query(
      url,
      `DROP EXTENSION timescaledb; CREATE SCHEMA "time series"; CREATE ROLE owner LOGIN;
       GRANT CREATE ON SCHEMA public TO owner; GRANT USAGE ON SCHEMA "time series" TO owner`,
    );
    await query(url, 'CREATE EXTENSION timescaledb SCHEMA "time series"');
    const { record, said } = await hearOpening(url.replace("//aurora@", "//owner@"));
    expect(said).toContain("hypertable");
    await storeRows(record, [{ timeMs: t, windows: 5 }], t);
    await thinAll(record, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    expect(await countWindows(record)).toBe(5);
  });

  it("goes without compression where the edition has none", async () => {
    const own = await startScratchTimescale(["fsync=off", "timescaledb.license=apache"]);
    onTestFinished(() => own.close());
    const url = await own.createDatabase();
    const { record, said } = await hearOpening(url);
    expect(said).toContain("hypertable");
    await storeRows(record, [{ timeMs: t, windows: 5 }], t);
    await thinAll(record, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    expect(await countWindows(record)).toBe(5);
    expect(await countChunks(url)).toBe(0);
  });

  it("refuses a database whose extension the server has not loaded, or that has lost it", async () => {
    const own = await startScratchPostgres(["fsync=off"]);
    onTestFinished(() => own.close());
    const url = await own.createDatabase();
    const restartAfter = async (text: string): Promise<void> => {
      await query(url, text);
      await own.kill();
      await own.start();
    };
    await restartAfter("ALTER SYSTEM SET shared_preload_libraries = 'timescaledb'");
    await query(url, "CREATE EXTENSION timescaledb");
    await restartAfter("ALTER SYSTEM RESET shared_preload_libraries");
    await expect(openAt(url)).rejects.toMatchObject({
      code: "STORE",
      hint: expect.stringContaining("shared_preload_libraries"),
    });
    const lost = await server.createDatabase();
    await openAt(lost);
    await query(lost, "DROP EXTENSION timescaledb CASCADE");
    await expect(openAt(lost)).rejects.toMatchObject({
      code: "STORE",
      message: expect.stringContaining("no more"),
    });
  });

  it("has every committed row after a power cut", async () => {
    const own = await startScratchTimescale();
    onTestFinished(() => own.close());
    const url = await own.createDatabase();
    const record = await openAt(url);
    let stored = 0;
    for (let round = 0; round < 3; round++) {
      const storing = (async () => {
        for (let each = 0; each < 200; each++) {
          await storeRows(record, [{ timeMs: t + stored, windows: 1 }], t + round * dayMs);
          stored++;
        }
      })();
      storing.catch(() => {});
      await until(() => stored > 10 * (round + 1), "some are stored");
      await own.kill();
      await expect(storing).rejects.toMatchObject({ code: "STORE" });
      await own.start();
      const answers = (): Promise<boolean> =>
        record.check().then(
          () => true,
          () => false,
        );
      await until(answers, "it answers again");
      const windows = await countWindows(record);
      // The row under way may have been committed, too; it is sent again as the next.
      expect([stored, stored + 1]).toContain(windows);
    }
  });
}
