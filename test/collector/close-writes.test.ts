/** A collector that has closed writes nothing more, whatever it was at: its folder may be moved, copied or removed. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { every } from "../../src/core/platform/daemon/every.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { startTestFleet } from "./fleet-fixture.ts";

/** All that is in a folder, and when it was written last. */
function listTree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16])(
  "writes nothing after its end, which began %d steps on the disk after it began to publish bundles",
  async (steps) => {
    const folder = createTemporaryFolder();
    const fleet = await startTestFleet(folder, { bundleScanMs: 3_600_000 });
    for (const version of ["1.3.0", "1.4.0", "1.5.0"]) await fleet.addBundle(version);
    const registry = join(folder, "state", "registry");
    const look = (): string => readdirSync(registry, { recursive: true }).sort().join();
    let isScanned = false;
    const note = (): void => {
      isScanned = true;
    };
    fleet.collector.scanBundles().then(note, note);
    let seen = look();
    for (let step = 0; step < steps && !isScanned; await turn()) {
      if (look() === seen) continue;
      seen = look();
      step++;
    }
    await fleet.collector.close();
    const atEnd = listTree(folder);
    await until(() => isScanned, "the scan has ended");
    await delay(50);
    expect(listTree(folder)).toEqual(atEnd);
  },
);

it("waits for a periodic task that is under way, and begins it no more", async () => {
  let begun = 0;
  let ended = 0;
  const stop = every(1, silentLogger, async () => {
    begun++;
    await delay(40);
    ended++;
  });
  await until(() => begun === 1, "the task has begun");
  await stop();
  expect([begun, ended]).toEqual([1, 1]);
  await delay(20);
  expect(begun).toBe(1);
});
