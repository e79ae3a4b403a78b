/** What is found out about a device with time, by a real gateway. */
import { expect, test } from "vitest";
import { startHandDevice } from "../gateway/hand-device.ts";
import { createInstallation, startDevice, statusWhen } from "../gateway/installation.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { until } from "../support/until.ts";

const { bearing } = createTurbine(31, null);

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

test("a device that shall infer without a model and without a key is named, and so is what is not known of its component", async () => {
  const installation = await createInstallation();
  const turbine = createTurbine(31, null);
  const device = await startDevice("WT01", turbine.source, 1, {
    key: Uint8Array.from({ length: 32 }, (_, index) => 3 * index + 1),
    firstImage: null,
    slotFile: null,
  });
  const gateway = await installation.startGateway([
    { id: "WT01", bearing: turbine.bearing, connect: device.address, mode: "edge" },
  ]);
  const status = await statusWhen(gateway, ({ devices }) => devices[0]!.diagnoses.length > 0);
  expect(status.devices[0]!.diagnoses).toMatchObject([
    { code: "no-model", text: expect.stringMatching(/^has no model/) },
  ]);
  const { components } = status as unknown as { components: readonly unknown[] };
  expect(components).toMatchObject([{ health: "no-data", reason: expect.stringMatching(/^has no model/) }]);
});
