import { expect, test } from "vitest";
import { loadGatewayConfig } from "../../src/cli/ask/ask-gateway.ts";
import { listDevices, renderDeviceList } from "../../src/cli/device/list-devices.ts";
import { hourMs } from "../../src/core/maths/durations.ts";
import { until } from "../support/until.ts";
import { startHandDevice, vibration } from "./hand-device.ts";
import { createInstallation, names, statusWhen } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

const { bearing } = createTurbine(31, null);

test("what is wrong with a device is in its gateway's list, its turbine's state, its events and on the page", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const device = await startHandDevice("WT01", [vibration, { ...vibration, name: "accel_nde" }]);
  const turbines = [{ id: "WT01", bearing, connect: device.address }];
  const gateway = await installation.startGateway(turbines);
  // A clock two hours ahead, where the device began in the past.
  await device.stream(4, { clockJumpMs: Date.now() + 2 * hourMs - Date.UTC(2026, 0, 1) });
  await statusWhen(
    gateway,
    ({ devices, windows }) => windows.processed >= 2 && devices[0]!.diagnoses.length > 0,
  );

  const { gateway: id, site } = names;
  const stateDir = `${installation.folder}/gateway`;
  const path = installation.writeGatewayConfig(turbines, { gateway: { id, site, stateDir, httpPort: 0 } });
  const list = await listDevices(loadGatewayConfig(path));
  expect(list.gateway).toMatchObject({ url: gateway.httpUrl, running: true });
  expect(list.devices).toMatchObject([
    {
      id: "mcu-WT01",
      state: "established",
      windows: expect.any(Number),
      link: { badFrames: 0 },
      diagnoses: [
        {
          code: "clock",
          text: expect.stringMatching(/^clock is (2 h|1 h 59 min) ahead; time of arrival is used$/),
        },
      ],
    },
  ]);
  expect(list.devices[0]!.windows).toBeGreaterThanOrEqual(2);
  expect(renderDeviceList(list)).toMatch(
    / windows decided[^\n]*\n {4}! clock is .* ahead; time of arrival is used \(since 2\S+Z\)\n {6}Set the device's clock/,
  );

  const page = async (of: string): Promise<string> => (await fetch(`${collector.url}${of}`)).text();
  const wanted = /clock is (2 h|1 h 59 min) ahead; time of arrival is used/i;
  await until(async () => wanted.test(await page(`/turbine/${site}/WT01`)), "the turbine's page says so");
  await until(async () => /device-diagnosis\.onset/.test(await page("/")), "the events say so");
  const { items } = JSON.parse(await page("/api/v1/turbines"));
  const { state } = items[0];
  expect(state.devices).toMatchObject([{ device: "mcu-WT01", diagnoses: [{ code: "clock" }] }]);
  // Nothing is dated two hours ahead; four seconds of samples may have come in less.
  for (const { time } of state.lastScores) expect(Date.parse(time)).toBeLessThan(Date.now() + 5_000);
});

/** What brings the clock of a device by hand to now. */
