import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createInstallation, names, startDevice, statusWhen } from "../gateway/installation.ts";
import { listen } from "../gateway/subscriber.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";
import type { RunningCollector } from "../support/whole-collector.ts";

async function eventsOf(
  collector: RunningCollector,
): Promise<readonly { name: string; gateway: string; detail: string }[]> {
  return (await collector.record.events({ limit: 100, offset: 0 })).items;
}

/** Overwrites a file's middle, headers of pages included, or all of it. */
function damage(path: string, how: "whole" | "part"): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, how === "whole" ? 0 : 100, how === "whole" ? bytes.length : bytes.length / 2);
  writeFileSync(path, bytes);
}

test.for(["whole", "part"] as const)(
  "a gateway whose database is damaged (%s) sets it aside, says so to the collector and serves",
  async (how) => {
    const installation = await createInstallation();
    const stateDir = join(installation.folder, "gateway");
    const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
    const device = await startDevice("WT02", source, 20);
    const turbine = { id: "WT02", bearing, connect: device.address };
    const first = await installation.startGateway([turbine]);
    await statusWhen(first, (status) => status.unpublishedAlerts > 0);
    await first.close();
    damage(join(stateDir, "gateway.db"), how);

    const collector = await installation.startCollector();
    const subscriber = await listen(installation);
    const again = await installation.startGateway([turbine]);
    await until(
      async () => (await eventsOf(collector)).some(({ name }) => name === "store.corrupted"),
      "the event",
    );
    expect((await eventsOf(collector))[0]).toMatchObject({ gateway: names.gateway });
    expect(readdirSync(stateDir).filter((file) => file.includes("corrupt")).length).toBeGreaterThan(0);
    // The alarm was forgotten with the file: it is found anew.
    await until(() => subscriber.alerts.length > 0, "the alert");
    await statusWhen(again, (status) => status.windows.processed > 5 && status.unpublishedAlerts === 0);
  },
);

test("a collector whose database is damaged sets it aside, says so and takes what gateways send", async () => {
  const installation = await createInstallation();
  const { bearing } = createTurbine(32, null);
  const first = await installation.startCollector();
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: "mqtt" }]);
  await until(async () => (await first.record.gateways()).length > 0, "the gateway is known");
  await first.close();
  const { uplink: before } = await gateway.status();
  damage(join(installation.folder, "collector", "collector.sqlite"), "part");

  const again = await installation.startCollector();
  expect(await eventsOf(again)).toMatchObject([{ name: "store.corrupted", gateway: "(collector)" }]);
  await until(async () => (await again.record.gateways()).length > 0, "the gateway is known again", 40_000);
  // Records go out every few seconds and new ones come meanwhile: the outbox is empty for moments only.
  await statusWhen(gateway, ({ uplink }) => uplink.acksReceived > before.acksReceived);
});

test("a full disk stops neither inference nor alerts, and what had no room follows later", async ({
  skip,
}) => {
  const installation = await createInstallation();
  const disk = mountSmallDisk(2048);
  if (disk === null) return skip("nobody may mount a small disk here");
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 20 });
  const device = await startDevice("WT02", source, 20);
  const gatewayConfig = { id: names.gateway, site: names.site, stateDir: join(disk, "gateway"), httpPort: 0 };
  mkdirSync(gatewayConfig.stateDir);
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: device.address }], {
    gateway: gatewayConfig,
  });
  await statusWhen(gateway, (status) => status.windows.processed > 0);
  const filling = join(disk, "filling");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filling, new Uint8Array(bavail * bsize));

  await until(() => subscriber.alerts.length > 0, "the alert", 40_000);
  expect(subscriber.alerts).toHaveLength(1);
  const { windows } = await gateway.status();
  await statusWhen(gateway, (status) => status.windows.processed > windows.processed + 20);
  expect((await gateway.status()).windows.dropped).toBe(0);
  rmSync(filling);
  await until(
    async () => (await collector.record.alarms({ limit: 1, offset: 0 })).total === 1,
    "the alert at the collector",
    40_000,
  );
});
