/** A gateway whose state folder cannot be written: a card that went read-only, a folder of another user. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDiskScene } from "../gateway/disk-scene.ts";
import { startDevice } from "../gateway/installation.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { mountSmallDisk, remountDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";

test("a gateway starts on a read-only disk: it serves, alerts, says so, and keeps what it can when it may write", async ({
  skip,
}) => {
  const disk = mountSmallDisk(32_768);
  if (disk === null) return skip("nobody may mount a small disk here");
  const { stateDir, subscriber, source, configure, countAlarms } = await createDiskScene(disk);

  // It has been used before: of a fresh one a folder that cannot be written is a mistake of the installation.
  // The device is not there yet: a gateway that is slow to stop would raise its alert.
  const deaf = configure("tcp://127.0.0.1:9");
  remountDisk(disk, "ro");
  await expect(startGatewayProcess(deaf)).rejects.toThrow(/may not write .*\n.*chown/);
  remountDisk(disk, "rw");
  await (await startGatewayProcess(deaf)).stop();
  remountDisk(disk, "ro");
  const device = await startDevice("WT02", source, 20);
  const config = configure(device.address);
  const gateway = await startGatewayProcess(config);
  onTestFinished(gateway.kill);
  for (const line of ["access file cannot be written", "raw samples cannot be kept", "may not write"]) {
    expect(gateway.log()).toContain(line);
  }
  await until(() => subscriber.alerts.length > 0, "the alert", 60_000);
  expect(await gateway.read("/-/healthy")).toContain("ok");

  remountDisk(disk, "rw");
  await until(() => existsSync(join(stateDir, "access.json")), "the access file", 90_000);
  await until(async () => (await countAlarms()) === 1, "the alert at the collector", 60_000);
  await until(() => existsSync(join(stateDir, "gateway.db")), "the outbox", 90_000);
});

test("one that starts again on a read-only disk knows which alarms stand: none is raised twice", async ({
  skip,
}) => {
  const disk = mountSmallDisk(32_768);
  if (disk === null) return skip("nobody may mount a small disk here");
  const { stateDir, subscriber, source, configure, countAlarms } = await createDiskScene(disk);
  const device = await startDevice("WT02", source, 20);
  const config = configure(device.address);

  const first = await startGatewayProcess(config);
  await until(() => subscriber.alerts.length > 0, "the alert", 60_000);
  await until(async () => (await countAlarms()) === 1, "the alert at the collector", 60_000);
  // As when the power goes: what it wrote last is in the log beside its database.
  await first.kill();
  remountDisk(disk, "ro");
  const second = await startGatewayProcess(config);
  onTestFinished(second.kill);
  await until(async () => windowsOf(await second.status()) >= 20, "windows after the restart", 60_000);
  expect(second.log()).toContain("may not write");
  expect(new Set(subscriber.alerts.map(({ id }) => id)).size).toBe(1);
  expect(subscriber.states.get("WT02")!.health).toBe("alarm");
  remountDisk(disk, "rw");
  await until(() => existsSync(join(stateDir, "gateway.db-wal")), "the outbox", 90_000);
  await until(async () => windowsOf(await second.status()) >= 40, "windows after that", 60_000);
  expect(await countAlarms()).toBe(1);
});

function windowsOf(status: Record<string, unknown>): number {
  return (status.windows as { readonly processed: number }).processed;
}
