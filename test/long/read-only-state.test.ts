/** A gateway whose state folder cannot be written: a card that went read-only, a folder of another user. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createInstallation, names, startDevice } from "../gateway/installation.ts";
import { listen } from "../gateway/subscriber.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";

test("a gateway starts on a read-only disk: it serves, alerts, says so, and keeps what it can when it may write", async ({
  skip,
}) => {
  const disk = mountSmallDisk(32_768);
  if (disk === null) return skip("nobody may mount a small disk here");
  const remount = (how: "ro" | "rw"): void => void execFileSync("mount", ["-o", `remount,${how}`, disk]);
  const stateDir = join(disk, "gateway");
  mkdirSync(stateDir);
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
  const configure = (connect: string): string =>
    installation.writeGatewayConfig([{ id: "WT02", bearing, connect }], {
      gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0 },
    });

  // It has been used before: of a fresh one a folder that cannot be written is a mistake of the installation.
  // The device is not there yet: a gateway that is slow to stop would raise its alert.
  const deaf = configure("tcp://127.0.0.1:9");
  remount("ro");
  await expect(startGatewayProcess(deaf)).rejects.toThrow(/may not write .*\n.*chown/);
  remount("rw");
  await (await startGatewayProcess(deaf)).stop();
  remount("ro");
  const device = await startDevice("WT02", source, 20);
  const config = configure(device.address);
  const gateway = await startGatewayProcess(config);
  onTestFinished(gateway.kill);
  for (const line of ["access file cannot be written", "raw samples cannot be kept", "may not write"]) {
    expect(gateway.log()).toContain(line);
  }
  await until(() => subscriber.alerts.length > 0, "the alert", 60_000);
  expect(await gateway.read("/-/healthy")).toContain("ok");

  remount("rw");
  await until(() => existsSync(join(stateDir, "access.json")), "the access file", 90_000);
  await until(
    async () => (await collector.record.alarms({ limit: 1, offset: 0 })).total === 1,
    "the alert at the collector",
    60_000,
  );
  await until(() => existsSync(join(stateDir, "gateway.db")), "the outbox", 90_000);
});

test("one that starts again on a read-only disk knows which alarms stand: none is raised twice", async ({
  skip,
}) => {
  const disk = mountSmallDisk(32_768);
  if (disk === null) return skip("nobody may mount a small disk here");
  const stateDir = join(disk, "gateway");
  mkdirSync(stateDir);
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT02", source, 20);
  const config = installation.writeGatewayConfig([{ id: "WT02", bearing, connect: device.address }], {
    gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0 },
  });
  const countAlarms = async (): Promise<number> =>
    (await collector.record.alarms({ limit: 1, offset: 0 })).total;

  const first = await startGatewayProcess(config);
  await until(() => subscriber.alerts.length > 0, "the alert", 60_000);
  await until(async () => (await countAlarms()) === 1, "the alert at the collector", 60_000);
  // As when the power goes: what it wrote last is in the log beside its database.
  await first.kill();
  execFileSync("mount", ["-o", "remount,ro", disk]);
  const second = await startGatewayProcess(config);
  onTestFinished(second.kill);
  await until(async () => windowsOf(await second.status()) >= 20, "windows after the restart", 60_000);
  expect(second.log()).toContain("may not write");
  expect(new Set(subscriber.alerts.map(({ id }) => id)).size).toBe(1);
  expect(subscriber.states.get("WT02")!.health).toBe("alarm");
  execFileSync("mount", ["-o", "remount,rw", disk]);
  await until(() => existsSync(join(stateDir, "gateway.db-wal")), "the outbox", 90_000);
  await until(async () => windowsOf(await second.status()) >= 40, "windows after that", 60_000);
  expect(await countAlarms()).toBe(1);
});

function windowsOf(status: Record<string, unknown>): number {
  return (status.windows as { readonly processed: number }).processed;
}
