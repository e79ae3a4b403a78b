/** What commands read of a gateway's page, of one that runs. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { askGatewayDrift } from "../../../src/cli/ask/ask-gateway-drift.ts";
import { readGatewayStatus } from "../../../src/cli/demo/demo-watch.ts";
import { listDevices } from "../../../src/cli/device/list-devices.ts";
import { findGateway } from "../../../src/cli/doctor/find-gateway.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createInstallation, names, startDevice } from "../../gateway/installation.ts";
import { createTurbine } from "../../gateway/turbines.ts";

test("each command that reads a gateway's page finds there what it looks for", async () => {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0" });
  const turbine = createTurbine(41, null);
  const device = await startDevice("WT01", turbine.source, 40);
  const planned = { id: "WT01", bearing: turbine.bearing, connect: device.address };
  const gateway = await installation.startGateway([planned]);
  const stateDir = join(installation.folder, "gateway");
  const config = gatewayConfigSchema().parse({
    gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0 },
    devices: [{ id: "WT01", connect: device.address }],
    turbines: [{ id: "WT01" }],
  });
  const { page } = await findGateway(config, 30_000);
  expect(page).toMatchObject({ gateway: names.gateway, mqtt: {}, refusedAlerts: [], evidence: { held: 0 } });
  expect(page?.sources).toEqual([]);
  expect(page?.devices[0]).toMatchObject({ id: expect.any(String), diagnoses: [] });
  const figures = await readGatewayStatus(gateway.httpUrl);
  expect(Object.keys(figures)).toEqual(["windows", "latencyMs", "startToFirstPredictionMs"]);
  expect((await listDevices(config)).gateway).toMatchObject({ running: true });
  const { points } = await askGatewayDrift(config, undefined);
  expect(points).toMatchObject([{ turbine: "WT01", component: names.component }]);
  await device.close();
});
