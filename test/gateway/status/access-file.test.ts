import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { keepAccessFile } from "../../../src/gateway/status/access-file.ts";
import { mountSmallDisk, remountDisk } from "../../support/small-disk.ts";
import { until } from "../../support/until.ts";

it("is written within seconds of there being room, however long the disk took nothing", async ({ skip }) => {
  const disk = mountSmallDisk(64);
  if (disk === null) return skip("nobody may mount a small disk here");
  const waits: number[] = [];
  vi.spyOn(systemTimers, "after").mockImplementation((delayMs, callback) => {
    waits.push(delayMs);
    const timer = setTimeout(callback, 1);
    return () => clearTimeout(timer);
  });
  const path = join(disk, "access.json");
  const access = { url: "http://127.0.0.1:1", token: "k".repeat(43) };
  remountDisk(disk, "ro");
  const file = await keepAccessFile({ path, access, logger: silentLogger });
  await until(() => waits.length > 10, "ten attempts");
  remountDisk(disk, "rw");
  await until(() => existsSync(path), "the access file");
  expect(Math.max(...waits)).toBeLessThanOrEqual(5000);
  await file.close();
  vi.restoreAllMocks();
});
