import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { fillDisk, mountSmallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";
import { createInstallation, names, startDevice } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

test("a gateway starts on a full disk: it serves, warns, says so, and writes down what it can when there is room", async ({
  skip,
}) => {
  const disk = mountSmallDisk(2048);
  if (disk === null) return skip("nobody may mount a small disk here");
  const stateDir = join(disk, "gateway");
  mkdirSync(stateDir);
  const giveBack = fillDisk(disk);
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT02", source, 20);
  const config = installation.writeGatewayConfig([{ id: "WT02", bearing, connect: device.address }], {
    gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0 },
  });

  const gateway = await startGatewayProcess(config);
  onTestFinished(gateway.kill);
  expect(gateway.log()).toContain("access file cannot be written");
  await until(() => subscriber.alerts.length > 0, "the alert", 40_000);
  expect(await gateway.read("/-/healthy")).toContain("ok");

  giveBack();
  await until(() => existsSync(join(stateDir, "access.json")), "the access file", 40_000);
  await until(
    async () => (await collector.record.alarms({ limit: 1, offset: 0 })).total === 1,
    "the alert at the collector",
    40_000,
  );
}, 90_000);
