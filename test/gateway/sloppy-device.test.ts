import { expect, test } from "vitest";
import { loadGatewayConfig } from "../../src/cli/device/ask-gateway.ts";
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
const toNowMs = (): number => Date.now() - Date.UTC(2026, 0, 1);

test("an hour that a device claims to have sent is no backlog: its clock is told, and nothing is dated by it", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const device = await startHandDevice("WT01");
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect: device.address }]);
  await device.stream(3, { clockJumpMs: toNowMs() - 3_000 });
  await statusWhen(gateway, ({ windows }) => windows.processed >= 1);
  await device.stream(3, { skip: 3_600 * 12_000 });
  const { devices } = await statusWhen(gateway, ({ devices: [told] }) => told!.diagnoses.length > 0);
  expect(devices[0]!.diagnoses.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^clock is (1 h|60 min|59 min) ahead; time of arrival is used$/),
  ]);
  await statusWhen(gateway, ({ windows }) => windows.processed >= 3);
  await until(async () => {
    const { items } = JSON.parse(await (await fetch(`${collector.url}/api/v1/turbines`)).text());
    const times: { readonly time: string }[] = items[0]?.state?.lastScores ?? [];
    for (const { time } of times) expect(Date.parse(time)).toBeLessThan(Date.now() + 10_000);
    return times.length > 0;
  }, "scores are told");
});

test("a device that sends a quarter of a second every six is told nothing of", async () => {
  const installation = await createInstallation();
  const device = await startHandDevice("WT01");
  // Eight seconds pass in one, for the gateway and the device.
  const began = Date.now();
  const clock = {
    nowMs: () => began + 8 * (Date.now() - began),
    monotonicMs: () => 8 * performance.now(),
  };
  const gateway = await installation.startGateway(
    [{ id: "WT01", bearing, connect: device.address }],
    {},
    clock,
  );
  await device.stream(0.24, { clockJumpMs: toNowMs() });
  for (let snapshot = 0; snapshot < 7; snapshot++) {
    const before = clock.monotonicMs();
    await new Promise((resolve) => setTimeout(resolve, 750));
    const skip = Math.round((clock.monotonicMs() - before) * 12);
    await device.stream(0.24, { skip });
    expect((await gateway.status()).devices[0]!.diagnoses).toEqual([]);
  }
  const { windows } = await gateway.status();
  expect(windows.byReason.gap ?? 0).toBeGreaterThan(0);
});
