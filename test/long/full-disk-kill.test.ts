/** Alerts that were raised on a full disk, whose gateway is killed before there is room. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createInstallation, names, startDevice } from "../gateway/installation.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { fillDisk, mountSmallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";

interface Status {
  readonly windows: { readonly processed: number };
  readonly unpublishedAlerts: number;
  readonly outbox: {
    readonly trouble: string | null;
    readonly lanes: { readonly alert: { readonly records: number } };
  };
}

async function read(gateway: GatewayProcess): Promise<Status> {
  return (await gateway.status()) as unknown as Status;
}

test("alerts of a full disk outlive a kill, and the collector hears of them", async ({ skip }) => {
  const disk = mountSmallDisk(4096);
  if (disk === null) return skip("nobody may mount a small disk here");
  const stateDir = join(disk, "gateway");
  mkdirSync(stateDir);
  const installation = await createInstallation();
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 20 });
  const device = await startDevice("WT02", source, 20);
  const turbines = [{ id: "WT02", bearing, connect: device.address }];
  const gatewayOnDisk = {
    gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0 },
  };
  const first = await startGatewayProcess(installation.writeGatewayConfig(turbines, gatewayOnDisk));
  onTestFinished(first.kill);
  await until(async () => (await read(first)).windows.processed > 0, "a window");
  const giveBack = fillDisk(disk);
  await until(async () => (await read(first)).outbox.trouble === "full", "the full disk", 40_000);
  await until(async () => (await read(first)).unpublishedAlerts > 0, "the alert", 40_000);
  expect((await read(first)).outbox.lanes.alert.records).toBe(1);
  expect(await first.read("/metrics")).toContain("aurora_outbox_trouble 1\n");
  await first.kill();

  const collector = await installation.startCollector();
  const again = await startGatewayProcess(
    installation.writeGatewayConfig([{ id: "WT02", bearing, connect: "mqtt" }], gatewayOnDisk),
  );
  onTestFinished(again.kill);
  await until(
    async () => (await collector.record.alarms({ limit: 9, offset: 0 })).total === 1,
    "the alert",
    40_000,
  );
  giveBack();
  await until(async () => (await read(again)).outbox.trouble === null, "room", 60_000);
}, 120_000);
