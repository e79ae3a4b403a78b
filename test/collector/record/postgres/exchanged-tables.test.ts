/** What becomes of a record whose tables are exchanged while it is used. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetRecord } from "../../../../src/collector/record/fleet-record.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { openAt, query, slowNextStep } from "../postgres-place.ts";

const t = 1_700_000_000_000;
const say = (record: FleetRecord) =>
  record.storeOwnEvent({ kind: "event", timeMs: t, name: "n", subject: "s", detail: "d" }, t);
/** The points' table is another file then, as in another database. */
const exchange = "TRUNCATE point RESTART IDENTITY";

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  it("has the tables of an older copy changed by whoever asks for its era, and stores in them then", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await say(record);
    await slowNextStep(url, 0);
    await query(url, exchange);
    await expect(say(record)).rejects.toMatchObject({ hint: expect.stringContaining("within a minute") });
    await record.era();
    await say(record);
  });

  it("stores nothing in tables that are not whole, until they are", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await say(record);
    const key = "drift_cell_period_fkey";
    await query(url, `ALTER TABLE drift_cell DROP CONSTRAINT ${key}; ${exchange}`);
    const refused = { code: "STORE", message: expect.stringContaining("not whole") };
    await expect(say(record)).rejects.toMatchObject(refused);
    await expect(record.era()).rejects.toMatchObject(refused);
    await query(
      url,
      `ALTER TABLE drift_cell ADD CONSTRAINT ${key} FOREIGN KEY (period) REFERENCES drift_period (id) ON DELETE CASCADE`,
    );
    await say(record);
  });

  it("makes no tables in a database that was made anew", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await query(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    const refused = { code: "STORE", hint: expect.stringContaining("start the collector again") };
    await expect(record.era()).rejects.toMatchObject(refused);
    await expect(say(record)).rejects.toMatchObject(refused);
    expect(await query(url, "SELECT to_regclass('lease') AS found")).toEqual([{ found: null }]);
    await (await openAt(url)).check();
    await say(record);
  });
});
