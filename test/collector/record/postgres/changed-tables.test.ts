/** How the tables of an older collector are changed: step by step, for nobody who is gone, and not without a word. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openPostgresRecord } from "../../../../src/collector/record/postgres/postgres-record.ts";
import { schemaLock } from "../../../../src/collector/record/postgres/postgres-schema.ts";
import { createLogger } from "../../../../src/core/platform/logger.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { until } from "../../../support/until.ts";
import { envelopeOf } from "../../envelope-of.ts";
import { driftReport } from "../../fleet-records.ts";
import { limits, openAt, query, slowNextStep, undoNewestStep } from "../postgres-place.ts";

const versionOf = async (url: string): Promise<number> =>
  Number((await query(url, "SELECT MAX(version) AS version FROM schema_step"))[0]!.version);

/** Leads to a port of this machine until it is cut. */
async function openWay(port: number): Promise<{ readonly port: number; cut(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.push(from);
      from.on("error", () => {});
      from.pipe(to);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, cut };
}

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  it("keeps each step that is done, whatever becomes of the next", async () => {
    const url = await server.createDatabase();
    await (await openAt(url)).close();
    const newest = await versionOf(url);
    // Of the next two steps the second one cannot be done: what it adds is there.
    await query(
      url,
      `${undoNewestStep}
       ALTER TABLE turbine DROP COLUMN twinned_ms, DROP COLUMN twins_json; DELETE FROM schema_step WHERE version > 10`,
    );
    await expect(openPostgresRecord({ ...limits, url })).rejects.toMatchObject({ code: "STORE" });
    expect(await versionOf(url)).toBe(11);
    await query(
      url,
      "ALTER TABLE gateway DROP COLUMN behind; DROP TABLE baseline_renewal; DROP INDEX drift_period_of_point",
    );
    await openAt(url);
    expect(await versionOf(url)).toBe(newest);
  });

  it("goes by the repairs that an older collector is told of, before and after the step", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const t = 1_700_000_000_000;
    const report = driftReport("wt-1", t, "d", { windows: 5, shift: 0 });
    const envelope = envelopeOf([report], { lane: "drift" });
    await record.storeEnvelopes({ nowMs: t, envelopes: [envelope], setAside: [] });
    await query(url, `INSERT INTO drift_renewal SELECT id, ${t - 1_000} FROM point`);
    const renewed = async () => {
      const due = await record.duePeriods({ nowMs: t * 2, graceMs: 0, limit: 10 });
      return due.map(({ renewedMs }) => renewedMs);
    };
    expect(await renewed()).toEqual([t - 1_000]);
    await query(url, `UPDATE drift_renewal SET time_ms = ${t * 2}`);
    expect(await renewed()).toEqual([null]);
  });

  it("takes no clock for far behind by what an older collector noted of it", async () => {
    const url = await server.createDatabase();
    await (await openAt(url)).close();
    await query(
      url,
      `${undoNewestStep}
       DROP TABLE baseline_renewal; DROP INDEX drift_period_of_point; DELETE FROM schema_step WHERE version > 12;
       INSERT INTO gateway (gateway, last_seen_ms, behind) VALUES ('gw-1', 1, true)`,
    );
    await openAt(url);
    expect(await query(url, "SELECT behind FROM gateway")).toEqual([{ behind: false }]);
  });

  it("has the server give a step up whose collector is gone", async () => {
    const url = await server.createDatabase();
    await (await openAt(url)).close();
    await slowNextStep(url, 3_600);
    const way = await openWay(server.port);
    const far = new URL(url);
    far.port = String(way.port);
    const opening = openPostgresRecord({ ...limits, url: far.href });
    opening.catch(() => {});
    const working = async (): Promise<boolean> =>
      (await query(url, "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length > 0;
    await until(working, "the step is done");
    way.cut();
    await expect(opening).rejects.toMatchObject({ code: "STORE" });
    await until(async () => !(await working()), "the server gives it up");
  });

  it("says that it waits for another process that changes them", async () => {
    const url = await server.createDatabase();
    const other = new pg.Client(url);
    await other.connect();
    onTestFinished(() => other.end());
    await other.query(`BEGIN; SELECT pg_advisory_xact_lock(${schemaLock})`);
    const lines: string[] = [];
    const opening = openAt(url, {
      logger: createLogger({ level: "info", write: (line) => lines.push(line) }),
    });
    await until(
      () => lines.join().includes("waiting for another process that is changing the tables"),
      "it says so",
    );
    await other.query("COMMIT");
    expect(await (await opening).gateways()).toEqual([]);
  });
});
