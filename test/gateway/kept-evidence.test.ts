/** What deciders have gathered without an alert: a gateway whose power goes must not begin anew. */
import { expect, test } from "vitest";
import type { DeciderSnapshot } from "../../src/core/decision/decider-snapshot.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { until } from "../support/until.ts";
import { createInstallation, type Installation, startDevice } from "./installation.ts";
import { readKeptText } from "./kept-text.ts";
import { createTurbine } from "./turbines.ts";

function readKeptDecider(installation: Installation): DeciderSnapshot | null {
  const text = readKeptText(installation, "WT01");
  return text === null ? null : (JSON.parse(text) as { decider: DeciderSnapshot }).decider;
}

test("what was gathered is on the disk a quarter of an hour later, without an alert, and the rest after an orderly end", async () => {
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
  const { processed } = (await gateway.status()).windows;
  await until(async () => (await gateway.status()).windows.processed > processed, "another window", 30_000);
  expect(readKeptDecider(installation)).toEqual(kept);
  await gateway.close();
  expect(readKeptDecider(installation)!.lastWindowId).not.toBe(kept!.lastWindowId);
});
