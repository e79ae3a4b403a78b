/** What is said of a database that is not yet, or no longer, as the record needs it; and that what is said helps. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScratchFolder, type ScratchFolder } from "../../../../scripts/scratch-folder.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { openAt, query } from "../postgres-place.ts";

const helpedBy = (hint: string) => ({ code: "STORE", hint: expect.stringContaining(hint) });

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let folder: ScratchFolder;
  let server: ScratchPostgres;
  beforeAll(async () => {
    folder = createScratchFolder("rules");
    chmodSync(folder.path, 0o711);
    const rules = join(folder.path, "rules");
    writeFileSync(rules, "host all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
    server = await startScratchPostgres(["fsync=off", `hba_file=${rules}`]);
    await query(
      await server.createDatabase(),
      "CREATE ROLE locked LOGIN PASSWORD 'p'; CREATE ROLE other LOGIN",
    );
  });
  afterAll(async () => {
    await server?.close();
    folder?.remove();
  });

  it("that asks for a password is given one by `record.passwordFile`", async () => {
    const url = (await server.createDatabase()).replace("aurora@", "locked@");
    await expect(openAt(url)).rejects.toMatchObject(helpedBy("`record.passwordFile`"));
  });

  it("without TLS is said to have none", async () => {
    const url = await server.createDatabase();
    await expect(openAt(url, { login: { ca: "" } })).rejects.toMatchObject(helpedBy("`record.tls`"));
  });

  const grant = "GRANT USAGE, CREATE ON SCHEMA public TO USER";
  it.each([
    ["that lets a user make no tables", "", grant],
    ["whose schema a user may not use", "REVOKE ALL ON SCHEMA public FROM PUBLIC", grant],
    ["that has no schema", "DROP SCHEMA public", "CREATE SCHEMA AUTHORIZATION USER"],
  ])("%s is changed by the statement that the hint gives", async (_, before, cure) => {
    const url = await server.createDatabase();
    if (before !== "") await query(url, before);
    const own = url.replace("aurora@", "other@");
    await expect(openAt(own)).rejects.toMatchObject(helpedBy(cure));
    await query(url, cure.replace("USER", "other"));
    await (await openAt(own)).check();
  });

  it("that is not there is made for the user who uses it", async () => {
    const url = `postgres://aurora@127.0.0.1:${server.port}/nowhere`;
    await expect(openAt(url)).rejects.toMatchObject(helpedBy("createdb --owner=USER"));
  });

  it.each([
    ["was made anew", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"],
    ["was restored from an older copy", "ALTER TABLE gateway DROP COLUMN behind"],
  ])("that %s while it was used is said to need a start", async (_, change) => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await query(url, change);
    const status = { gateway: "gw-1", online: true, version: "1", time: null, config: null };
    const batch = { nowMs: 1, turbines: [], gateways: [{ status, seenMs: 1 }], setAside: [] };
    await expect(record.storeStates(batch)).rejects.toMatchObject(helpedBy("start the collector again"));
  });
});
