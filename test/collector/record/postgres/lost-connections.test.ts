/** Which connections are used again, and what is still remembered, after something went wrong. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  openPostgres,
  type PostgresDatabase,
  type SqlSession,
} from "../../../../src/collector/record/postgres/postgres-database.ts";
import { listeningPort } from "../../../support/listening-port.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { until } from "../../../support/until.ts";
import { turbineState } from "../../fleet-records.ts";
import { limits, openAt, query } from "../postgres-place.ts";

const t = 1_700_000_000_000;
const backend = async (session: SqlSession): Promise<number> =>
  Number((await session.rows("SELECT pg_backend_pid() AS pid"))[0]!.pid);

/** A way to the server whose connections of now fall silent when it is told so: nobody ends them, and those that come are carried. */
async function openHushedWay(port: number) {
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let unheard = "";
  const way = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.on("data", (bytes) => {
      if (silent.has(client)) unheard += bytes.toString("latin1");
      else server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (!silent.has(client)) client.write(bytes);
    });
    client.on("close", () => server.destroy());
  });
  way.listen(0, "127.0.0.1");
  await once(way, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    way.close();
  });
  return {
    port: listeningPort(way),
    /** What was said to those that are silent. */
    heard: () => unheard,
    hush: () => {
      for (const socket of sockets) silent.add(socket);
    },
  };
}

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  const openOne = async (): Promise<{ readonly url: string; readonly database: PostgresDatabase }> => {
    const url = await server.createDatabase();
    const database = openPostgres({ ...limits, connections: 1, url });
    onTestFinished(() => database.close());
    return { url, database };
  };

  it("keeps its connection and all it remembers after an error of what a transaction does", async () => {
    const { database } = await openOne();
    const pid = await database.transaction(backend);
    const { era } = database;
    const failing = database.transaction(async () => JSON.parse("{"));
    await expect(failing).rejects.toBeInstanceOf(SyntaxError);
    expect([await database.transaction(backend), database.era]).toEqual([pid, era]);
  });

  it("connects anew after a connection was ended under a statement, and remembers all of the same database", async () => {
    const { url, database } = await openOne();
    const pid = await database.transaction(backend);
    const { era } = database;
    const sleeping = database.transaction((session) => session.rows("SELECT pg_sleep(60)"));
    const ended = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`;
    void until(async () => (await query(url, ended)).length > 0, "it is ended");
    await expect(sleeping).rejects.toMatchObject({ code: "STORE" });
    expect(await database.transaction(backend)).not.toBe(pid);
    expect(database.era).toBe(era);
  });

  it("reads no state of a turbine again because an idle connection was closed from outside", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url, { connections: 1 });
    const state = { ...turbineState("wt-1", t, "d"), lastScores: [] };
    const turbines = [{ state, seenMs: t }];
    await record.storeStates({ nowMs: t, turbines, gateways: [], setAside: [] });
    const [brief] = await record.turbineBriefs();
    const count = "FROM pg_stat_activity WHERE application_name = 'aurora-collector'";
    await query(url, `SELECT pg_terminate_backend(pid, 5000) ${count} AND datname = current_database()`);
    await record.check().catch(() => {});
    expect((await record.turbineBriefs())[0]!.state).toBe(brief!.state);
  });

  it("gives up all connections that were made before a statement had no answer, and says no more on the silent one", async () => {
    const way = await openHushedWay(server.port);
    const url = (await server.createDatabase()).replace(`:${server.port}/`, `:${way.port}/`);
    const database = openPostgres({ ...limits, connections: 3, statementTimeoutMs: 1_000, url });
    onTestFinished(() => database.close());
    let begun = 0;
    const together = [1, 2, 3].map(() =>
      database.transaction(async (session) => {
        begun++;
        await until(() => begun === 3, "each has a connection of its own");
        return backend(session);
      }),
    );
    const pids = await Promise.all(together);
    expect(new Set(pids).size).toBe(3);
    const { era } = database;
    way.hush();
    const unanswered = database.transaction(async (session) => session.rows("SELECT 1"));
    await expect(unanswered).rejects.toMatchObject({ code: "STORE" });
    expect(pids).not.toContain(await backend(database));
    expect(way.heard()).toContain("BEGIN");
    expect(way.heard()).not.toContain("ROLLBACK");
    expect(database.era).toBe(era);
  });

  it("says who is in the way where a lock is not given in time", async () => {
    const { url, database } = await openOne();
    const other = new pg.Client(url);
    await other.connect();
    onTestFinished(() => other.end());
    await other.query("CREATE TABLE read (a integer)");
    await other.query("BEGIN; LOCK TABLE read");
    const begin = "BEGIN; SET LOCAL lock_timeout = 50";
    const waiting = database.transaction((session) => session.rows("SELECT FROM read"), { begin });
    await expect(waiting).rejects.toMatchObject({ hint: expect.stringMatching(/SyncRep.*pg_stat_activity/) });
  });
});
