/** What systemd hears while a collector opens its record. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openRecord } from "../../src/collector/open-record.ts";
import { migrateDatabase } from "../../src/collector/record/sqlite/sqlite-schema.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { collectorState } from "../../src/core/contract/config/state-names.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

afterEach(() => vi.unstubAllEnvs());

/** A collector's configuration, and what is told by a `systemd-notify` that writes it down. */
function startByService() {
  const stateDir = createTemporaryFolder();
  const said = join(stateDir, "said");
  const program = join(stateDir, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho "$*" >> "${said}"\n`);
  chmodSync(program, 0o755);
  vi.stubEnv("PATH", `${stateDir}:${process.env.PATH}`);
  vi.stubEnv("NOTIFY_SOCKET", "/run/x");
  const config = collectorConfigSchema().parse({ collector: { stateDir } });
  const open = async (): Promise<void> => (await openRecord(config, silentLogger)).close();
  return {
    path: join(stateDir, collectorState.record),
    open,
    said: () => (existsSync(said) ? readFileSync(said, "utf8") : ""),
  };
}

test("a start asks for time before it changes the tables of an older SQLite file, once", async () => {
  const { path, open, said } = startByService();
  const older = openSqlite(path, { synchronous: "normal" });
  migrateDatabase(older, 5);
  older.close();
  await open();
  await open();
  expect(said()).toBe("EXTEND_TIMEOUT_USEC=3600000000\n");
});

test("a start with a new file asks for none", async () => {
  const { open, said } = startByService();
  await open();
  expect(said()).toBe("");
});
