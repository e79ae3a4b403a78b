/** One id for two devices, and one device for two gateways. */
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  createInstallation,
  names,
  type StatusPage,
  startDevice,
  statusWhen,
} from "../gateway/installation.ts";
import { startMqttDevice } from "../gateway/start-mqtt-device.ts";
import { createTurbine } from "../gateway/turbines.ts";

const codesOf = ({ devices }: StatusPage): readonly string[] => devices[0]!.diagnoses.map(({ code }) => code);

test("two devices that speak under one id are evidence of no machine, and its component is not called good", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const bearings = [31, 33].map(async (seed) => {
    const { source, bearing } = createTurbine(seed, null);
    await startMqttDevice(installation, { turbine: "WT02", source, speed: 20 });
    return bearing;
  });
  const bearing = (await Promise.all(bearings))[0]!;
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: "mqtt" }]);
  await statusWhen(gateway, (status) => codesOf(status).includes("two-devices"));
  const before = await gateway.status();
  const after = await statusWhen(
    gateway,
    ({ windows }) => (windows.byReason.malformed ?? 0) >= (before.windows.byReason.malformed ?? 0) + 2,
  );
  // One may have been on its way when the diagnosis came.
  expect(after.windows.processed - before.windows.processed).toBeLessThanOrEqual(1);
  const { components } = after as unknown as { components: readonly unknown[] };
  expect(components).toMatchObject([
    { health: "no-data", reason: expect.stringMatching(/^two devices use its id/) },
  ]);
}, 60_000);

test("a device that two gateways connect to in turn is not called a line that is too small", async () => {
  const installation = await createInstallation();
  const { source, bearing } = createTurbine(31, null);
  const device = await startDevice("WT01", source, 1);
  const turbines = [{ id: "WT01", bearing, connect: device.address }];
  const [gateway] = await Promise.all(
    [1, 2].map((number) =>
      installation.startGateway(turbines, {
        gateway: {
          id: `gw-${number}`,
          site: names.site,
          stateDir: join(installation.folder, `gateway-${number}`),
          httpPort: 0,
        },
      }),
    ),
  );
  const status = await statusWhen(gateway!, (page) => codesOf(page).includes("connection-ends"));
  expect(codesOf(status)).not.toContain("frames-lost");
}, 60_000);
