import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  openPostgres,
  type PostgresDatabase,
  type SqlSession,
} from "../../../../src/collector/record/postgres/postgres-database.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { limits, query } from "../postgres-place.ts";

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off", "default_transaction_isolation=serializable"]);
  });
  afterAll(() => server?.close());

  const open = async (): Promise<{ readonly url: string; readonly database: PostgresDatabase }> => {
    const url = await server.createDatabase();
    const database = openPostgres({ ...limits, url });
    onTestFinished(() => database.close());
    return { url, database };
  };

  it("is used in the isolation that the record is made for, whatever it is set to", async () => {
    const { database } = await open();
    const read = (session: SqlSession) =>
      session.rows("SELECT current_setting('transaction_isolation') AS of");
    expect([await read(database), await database.transaction(read)].flat()).toEqual([
      { of: "read committed" },
      { of: "read committed" },
    ]);
  });

  it("is asked again for a single statement that another one stood in the way of", async () => {
    const { url, database } = await open();
    await query(
      url,
      `CREATE SEQUENCE attempts;
       CREATE FUNCTION collide() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
         IF nextval('attempts') < 3 THEN RAISE 'collided' USING ERRCODE = '40001'; END IF;
         RETURN currval('attempts');
       END $$`,
    );
    expect(await database.rows("SELECT collide() AS attempt")).toEqual([{ attempt: 3 }]);
  });
});
