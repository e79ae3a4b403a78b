import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compiledCommand } from "../support/compiled.ts";
import { findFreePort } from "../support/free-port.ts";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { fillDisk, mountSmallDisk } from "../support/small-disk.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { createDiskScene } from "./disk-scene.ts";
import { createInstallation, names, startDevice } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

interface Status {
  readonly windows: { readonly processed: number };
}

async function read(gateway: GatewayProcess): Promise<Status> {
  return (await gateway.status()) as unknown as Status;
}

test("a gateway starts on a full disk: it serves, warns, says so, and writes down what it can when there is room", async ({
  skip,
}) => {
  const disk = mountSmallDisk(2048);
  if (disk === null) return skip("nobody may mount a small disk here");
  const { stateDir, subscriber, source, configure, countAlarms } = await createDiskScene(disk);
  const giveBack = fillDisk(disk);
  const device = await startDevice("WT02", source, 20);

  const gateway = await startGatewayProcess(configure(device.address));
  onTestFinished(gateway.kill);
  expect(gateway.log()).toContain("access file cannot be written");
  await until(() => subscriber.alerts.length > 0, "the alert", 40_000);
  expect(await gateway.read("/-/healthy")).toContain("ok");

  giveBack();
  await until(() => existsSync(join(stateDir, "access.json")), "the access file", 40_000);
  await until(async () => (await countAlarms()) === 1, "the alert at the collector", 40_000);
}, 90_000);

test.skipIf(!existsSync("/dev/full"))(
  "a gateway whose log takes no line goes on",
  async () => {
    const installation = await createInstallation();
    const httpPort = await findFreePort();
    const config = installation.writeGatewayConfig(
      [{ id: "WT02", bearing: createTurbine(32, null).bearing, connect: "mqtt" }],
      {
        gateway: { id: names.gateway, site: names.site, stateDir: createTemporaryFolder(), httpPort },
      },
    );
    const full = openSync("/dev/full", "w");
    const gateway = spawn(process.execPath, [compiledCommand(), "gateway", "--config", config], {
      stdio: ["ignore", "ignore", full],
    });
    onTestFinished(() => void gateway.kill("SIGKILL"));
    closeSync(full);
    // By then it has logged that it serves, and where.
    const isHealthy = async (): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${httpPort}/-/healthy`).catch(() => null))?.ok === true;
    await until(isHealthy, "its health", 60_000);
    expect([gateway.exitCode, gateway.signalCode]).toEqual([null, null]);
  },
  130_000,
);

test("windows that were in memory when the gateway was killed are declared to the collector", async () => {
  const installation = await createInstallation();
  const { source, bearing } = createTurbine(32, null);
  const device = await startDevice("WT02", source, 20);
  const changes = { uplink: { predictionIntervalSeconds: 60, healthIntervalSeconds: 1 } };
  const first = await startGatewayProcess(
    installation.writeGatewayConfig([{ id: "WT02", bearing, connect: device.address }], changes),
  );
  onTestFinished(first.kill);
  await until(async () => (await read(first)).windows.processed >= 20, "windows", 40_000);
  const before = (await read(first)).windows.processed;
  await first.kill();

  const collector = await installation.startCollector();
  const again = await startGatewayProcess(
    installation.writeGatewayConfig([{ id: "WT02", bearing, connect: "mqtt" }], changes),
  );
  onTestFinished(again.kill);
  const gaps = async (): Promise<readonly { name: string; detail: string }[]> =>
    (await collector.record.events({ limit: 99, offset: 0 })).items.filter(({ name }) =>
      name.startsWith("gap."),
    );
  await until(async () => (await gaps()).some(({ name }) => name === "gap.prediction"), "the gap", 40_000);
  const { detail } = (await gaps()).find(({ name }) => name === "gap.prediction")!;
  expect(detail).toContain("lost when the gateway, or a worker of it, ended before that was written down");
  // What was written down comes in a lane of its own.
  const countStored = async (): Promise<number> => {
    const range = { fromMs: 0, toMs: Date.now() + 60_000, bucketMs: 1 };
    const series = await collector.record.predictions({ site: names.site, turbine: "WT02", ...range });
    return series.flatMap(({ windows }) => windows).reduce((sum, windows) => sum + windows, 0);
  };
  await until(
    async () => Number.parseInt(detail, 10) + (await countStored()) >= before,
    "all windows, as stored or as lost",
    40_000,
  );
}, 120_000);
