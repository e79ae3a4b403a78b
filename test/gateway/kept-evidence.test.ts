/** What deciders have gathered without an alert: a gateway whose power goes must not begin anew. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DeciderSnapshot } from "../../src/core/decision/decider-snapshot.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { createInstallation, type Installation, names, startDevice } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

/** What a copy of the disk holds, as after a power cut; null: nothing. */
function readKeptDecider({ folder }: Installation): DeciderSnapshot | null {
  const copy = createTemporaryFolder();
  cpSync(join(folder, "gateway"), copy, { recursive: true });
  const database = openSqlite(join(copy, "gateway.db"));
  const key = `serving/WT01/${names.component}`;
  const row = database.prepare("SELECT value FROM state WHERE key = ?").get(key);
  database.close();
  if (row === undefined) return null;
  return (JSON.parse(String(row.value)) as { decider: DeciderSnapshot }).decider;
}

test("what was gathered is on the disk a quarter of an hour later, without an alert or an orderly end", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const turbine = createTurbine(41, null);
  const device = await startDevice("WT01", turbine.source, 20);
  const plan = { id: "WT01", bearing: turbine.bearing, connect: device.address };
  const gateway = await installation.startGateway([plan], {}, clock);
  await until(async () => (await gateway.status()).windows.processed > 2, "windows are decided", 30_000);
  expect(readKeptDecider(installation)).toBeNull();
  aheadMs = 15 * 60_000;
  await until(() => readKeptDecider(installation) !== null, "it is kept", 30_000);
  const kept = readKeptDecider(installation);
  expect(kept!.lastWindowId).not.toBeNull();
  expect(kept!.signals.length).toBeGreaterThan(0);
});
