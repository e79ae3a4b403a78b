import { describe, expect, test } from "vitest";
import type { ModelRequestMessage } from "../../../src/core/contract/device/device-message.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createDevicePushes } from "../../../src/gateway/devices/device-pushes.ts";
import { unknownModel } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createManualTimers } from "../../firmware-bridge/manual-timers.ts";
import { createImage, createProbes, deviceKey } from "../../firmware-bridge/model-transfer.ts";
import { openSloppyRig } from "../sloppy-rig.ts";
import { createHello } from "./device-hello.ts";

const hello = createHello();
const image = createImage("1.1.0", 0x1010000);

/** Pushes of the image to one device; what is told of it. */
function openPushes(ids: readonly string[] = ["mcu-1"]) {
  const timers = createManualTimers();
  const warned: string[] = [];
  const ends: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => warned.push(message) };
  const pushes = createDevicePushes({
    devices: ids.map((id) => ({ id, bundle: image.name, key: deviceKey })),
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

/** A device that answers every Begin by this refusal; how many came. */
function openRefusing(reason: number) {
  const opened = openPushes();
  const { pushes, pass } = opened;
  let begins = 0;
  let sessionId = hello.sessionId;
  const contact = (firmware = hello.firmware): void => {
    const sendModel = (message: ModelRequestMessage): boolean => {
      if (message.type !== "model-begin") return true;
      begins++;
      const { transferId } = message;
      queueMicrotask(() =>
        pushes.status(hello.deviceId, {
          type: "model-status",
          transferId,
          state: "refused",
          nextOffset: 0,
          reason,
        }),
      );
      return true;
    };
    pushes.contact({ ...hello, sessionId, firmware }, { sendModel });
  };
  const reboot = async (firmware?: string): Promise<void> => {
    pushes.lost(hello.deviceId);
    sessionId++;
    contact(firmware);
    await pass(0.1);
  };
  return { ...opened, contact, reboot, begins: () => begins };
}

/** A device that `takes` what is sent, or is out of contact for 3 s; the Begins that it was sent. */
function openUnsteady(takes: (message: ModelRequestMessage) => number | "reset" | "line lost") {
  const opened = openPushes();
  const { pushes, timers } = opened;
  let { sessionId } = hello;
  let begins = 0;
  const contact = (): void => pushes.contact({ ...hello, sessionId }, { sendModel });
  const sendModel = (message: ModelRequestMessage): boolean => {
    if (message.type === "model-begin") begins++;
    const { transferId } = message;
    timers.after(50, () => {
      const answer = takes(message);
      if (typeof answer === "number") {
        const receiving = {
          type: "model-status",
          transferId,
          state: "receiving",
          nextOffset: answer,
        } as const;
        pushes.status(hello.deviceId, { ...receiving, reason: 0 });
        return;
      }
      pushes.lost(hello.deviceId);
      if (answer === "reset") sessionId++;
      timers.after(3_000, contact);
    });
    return true;
  };
  contact();
  return { ...opened, begins: () => begins };
}

describe("a device that takes a model no further rests for an hour across its contacts", () => {
  test.each([
    { resets: "while it erases", takes: () => "reset" as const },
    {
      resets: "at the first chunk",
      takes: ({ type }: ModelRequestMessage) => (type === "model-begin" ? 0 : "reset"),
    },
    {
      resets: "at the second chunk",
      takes: (message: ModelRequestMessage) => {
        if (message.type === "model-begin") return 0;
        return message.type === "model-chunk" && message.offset === 0 ? message.data.length : "reset";
      },
    },
  ] as const)("if it resets $resets", async ({ takes }) => {
    const { pushes, begins, pass, warned, ends } = openUnsteady(takes);
    await pass(6 * 60);
    expect(begins()).toBeGreaterThan(5);
    expect(begins()).toBeLessThanOrEqual(3 + 6 + 1);
    expect(warned).toHaveLength(1);
    expect(ends).toEqual(["failed"]);
    expect(pushes.trouble("mcu-1")).toEqual({
      text: expect.stringMatching(/: it starts over again and again, and comes no further$/),
      cure: expect.stringMatching(/supply.* tried again every 1 h/),
    });
    pushes.close();
  });

  test("and one that keeps what it has over lost lines is resumed at once", async () => {
    let has = 0;
    let losses = 0;
    const { pushes, begins, pass } = openUnsteady((message) => {
      if (message.type !== "model-chunk") return has;
      if (has > 0 && losses < 10) {
        losses++;
        return "line lost";
      }
      if (message.offset === has) has += message.data.length;
      return has;
    });
    await pass(2);
    expect(has).toBe(image.bytes.length);
    expect(losses).toBe(10);
    expect(begins()).toBeGreaterThan(5);
    expect(pushes.trouble("mcu-1")).toBe(null);
    pushes.close();
  });
});

describe("a refusal", () => {
  test("of a flash that failed is tried again within hours with nothing changed, and at most once an hour", async () => {
    const { pushes, contact, reboot, begins, pass, warned, ends } = openRefusing(11);
    contact();
    await pass(3);
    for (let boot = 0; boot < 5; boot++) await reboot(`build ${boot}`);
    expect(begins()).toBe(1);
    await pass(66);
    expect(begins()).toBe(2);
    await pass(66);
    expect(begins()).toBe(3);
    expect(warned).toEqual(["the device does not run the model"]);
    expect(ends).toEqual(["refused"]);
    expect(pushes.trouble("mcu-1")!.cure).toMatch(/16 bytes at once.* tried again every 1 h/);
    pushes.close();
  });

  test("of a device that forgot the transfer rests for an hour, since it erases at the next try", async () => {
    const { pushes, contact, reboot, begins, pass } = openRefusing(10);
    contact();
    await pass(30);
    await reboot();
    expect(begins()).toBe(1);
    await pass(40);
    expect(begins()).toBe(2);
    pushes.close();
  });

  test("of devices that were refused together is tried again at other times", async () => {
    const ids = Array.from({ length: 64 }, (_, index) => `mcu-${index}`);
    const { pushes, pass } = openPushes(ids);
    let begins = 0;
    for (const deviceId of ids)
      pushes.contact(
        { ...hello, deviceId },
        {
          sendModel: (message) => {
            if (message.type !== "model-begin") return true;
            begins++;
            const { transferId } = message;
            const refused = { type: "model-status", transferId, state: "refused", nextOffset: 0 } as const;
            queueMicrotask(() => pushes.status(deviceId, { ...refused, reason: 11 }));
            return true;
          },
        },
      );
    await pass(1);
    expect(begins).toBe(64);
    await pass(60);
    expect(begins).toBeLessThan(96);
    await pass(6);
    expect(begins).toBe(128);
    pushes.close();
  });

  test("of a device without a key stands in its session, and is over once it comes back with one", async () => {
    const { pushes, contact, reboot, begins, pass } = openRefusing(1);
    contact();
    await pass(30);
    expect(begins()).toBe(1);
    await reboot();
    expect(begins()).toBe(2);
    await reboot();
    expect(begins()).toBe(2);
    await pass(6);
    expect(begins()).toBe(3);
    expect(pushes.trouble("mcu-1")!.cure).toMatch(/^Write the key .* once the device was restarted, 5 min/);
    pushes.close();
  });

  test("of a firmware that cannot run the model is tried again with another one", async () => {
    const { pushes, contact, begins, pass } = openRefusing(7);
    contact();
    await pass(70);
    expect(begins()).toBe(1);
    contact("2.0.0");
    await pass(0.1);
    expect(begins()).toBe(2);
    expect(pushes.trouble("mcu-1")!.cure).toMatch(/AURORA_MAX_FFT and AURORA_MAX_WIDTH/);
    pushes.close();
  });
});

test("a device that answers no push is tried again and again, told of once, and right when it runs the model", async () => {
  const { pushes, warned, ends, pass } = openPushes();
  pushes.contact(hello, { sendModel: () => true });
  await pass(2);
  const rig = await openSloppyRig();
  rig.boot();
  const tick = (): void => rig.watch.tick(rig.totals, pushes.trouble("mcu-1"), unknownModel);
  tick();
  expect(rig.said).toEqual([expect.stringMatching(/^model-push: did not take \S+ 1\.1\.0: /)]);
  await pass(70);
  expect(pushes.counts.failed).toBeGreaterThan(1);
  tick();
  expect(warned).toEqual(["the device does not run the model"]);
  expect(ends).toEqual(["failed"]);
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
