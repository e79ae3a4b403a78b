import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createDevicePushes } from "../../../src/gateway/devices/device-pushes.ts";
import { createManualTimers } from "../../firmware-bridge/manual-timers.ts";
import { createImage, createProbes, deviceKey } from "../../firmware-bridge/model-transfer.ts";
import { openSloppyRig } from "../sloppy-rig.ts";
import { createHello } from "./device-hello.ts";

const hello = createHello();
const image = createImage("1.1.0", 0x1010000);

/** Pushes of the image to one device; what is told of it. */
function openPushes() {
  const timers = createManualTimers();
  const warned: string[] = [];
  const ends: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => warned.push(message) };
  const pushes = createDevicePushes({
    devices: [{ id: "mcu-1", bundle: image.name, key: deviceKey }],
    imageOf: async () => ({ image, sha256: "ab".repeat(32), probes: createProbes(image) }),
    timers,
    random: createRandom(1),
    logger,
    onEnd: (_deviceId, _image, { outcome }) => ends.push(outcome),
  });
  const pass = async (minutes: number): Promise<void> => {
    for (let second = 0; second < minutes * 60; second++) {
      timers.advance(1000);
      await new Promise(setImmediate);
    }
  };
  return { pushes, timers, warned, ends, pass };
}

test("a device that answers no push is tried again and again, told of once, and right when it runs the model", async () => {
  const { pushes, warned, pass } = openPushes();
  pushes.contact(hello, { sendModel: () => true });
  await pass(2);
  const rig = await openSloppyRig();
  rig.boot();
  const tick = (): void => rig.watch.tick(rig.totals, pushes.trouble("mcu-1"));
  tick();
  expect(rig.said).toEqual([expect.stringMatching(/^model-push: did not take \S+ 1\.1\.0: /)]);
  await pass(12);
  expect(pushes.counts.failed).toBeGreaterThan(1);
  tick();
  expect(warned).toEqual(["the device does not run the model"]);
  expect(rig.logged).toHaveLength(1);
  pushes.contact(
    { ...hello, sessionId: 8, modelSha256: Buffer.from("ab".repeat(32), "hex") },
    { sendModel: () => true },
  );
  await pass(0.1);
  tick();
  expect(rig.said).toEqual([]);
  pushes.close();
});

test.each([
  { under: "a push", minutes: 0.1 },
  { under: "the wait for the next try", minutes: 3 },
])(
  "a stop in the middle of $under schedules nothing, and is no failure of the device",
  async ({ minutes }) => {
    const { pushes, timers, warned, ends, pass } = openPushes();
    pushes.contact(hello, { sendModel: () => true });
    await pass(minutes);
    const told = { warned: [...warned], ends: [...ends] };
    expect(timers.waiting).toBeGreaterThan(0);
    pushes.close();
    // Its link is closed later.
    pushes.contact(hello, { sendModel: () => true });
    await new Promise(setImmediate);
    expect(timers.waiting).toBe(0);
    expect({ warned, ends }).toEqual(told);
  },
);
