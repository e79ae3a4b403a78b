import { describe, expect, test } from "vitest";
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createImage, createProbes, deviceKey, startTransfer } from "../model-transfer.ts";

const image = createImage("1.1.0", 0x1010000);
const old = createImage("1.0.0", 0x1000000);

describe("a push", () => {
  test("gives a device the new model, tries every probe on it, and confirms", async () => {
    const transfer = startTransfer({ image, confirmed: old });
    const result = await transfer.result(10);
    expect(result).toEqual({
      outcome: "confirmed",
      reason: "",
      deviceReason: 0,
      sizeBytes: 5_001,
      sentBytes: 5_001,
      startOffsets: [0],
      probes: 20,
      mismatches: 0,
    });
    expect(transfer.slots.running?.version).toBe("1.1.0");
    expect(transfer.kept.at(-1)?.bytes).toEqual(image.bytes);
    expect(transfer.heard.problems).toEqual([]);
  });

  test("of what already runs is over at once", async () => {
    const transfer = startTransfer({ image, confirmed: image });
    expect(await transfer.result(5)).toMatchObject({ outcome: "already-runs", sentBytes: 0 });
  });

  test("uses at least 88 % of a line of 115,200 baud", async () => {
    const large = createImage("1.1.0", 0x1010000, 32_000);
    const transfer = startTransfer({ image: large, probes: [] });
    while (transfer.push.stage !== "sending") transfer.timers.advance(1);
    const from = transfer.timers.nowMs;
    while (transfer.push.stage === "sending") transfer.timers.advance(1);
    const bytesPerSecond = (large.bytes.length * 1000) / (transfer.timers.nowMs - from);
    expect(bytesPerSecond / 11_520).toBeGreaterThan(0.88);
    expect(await transfer.result(10)).toMatchObject({ outcome: "confirmed", sentBytes: 32_000 });
  });

  test("goes on where it was when the line was unplugged for a while", async () => {
    const transfer = startTransfer({ image });
    while (transfer.push.stage !== "sending") transfer.timers.advance(1);
    transfer.timers.advance(150);
    transfer.line.unplug();
    transfer.timers.advance(20_000);
    transfer.line.plug();
    const result = await transfer.result(20);
    expect(result).toMatchObject({ outcome: "confirmed" });
    const [first, second] = result!.startOffsets;
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(1_000);
    // At most the window is sent twice.
    expect(result!.sentBytes).toBeLessThanOrEqual(image.bytes.length + 2 * 192);
  });

  test("begins again when the device forgot what it had", async () => {
    const transfer = startTransfer({ image, confirmed: old });
    while (transfer.push.stage !== "sending") transfer.timers.advance(1);
    transfer.timers.advance(150);
    transfer.resetDevice(12);
    const result = await transfer.result(30);
    expect(result).toMatchObject({ outcome: "confirmed", startOffsets: [0, 0] });
    expect(transfer.kept.at(-1)?.version).toBe("1.1.0");
  });

  test.each(["committing", "probing", "confirming"] as const)(
    "survives a reset of the device while %s: it runs the old model until the new one is confirmed",
    async (stage) => {
      const transfer = startTransfer({ image, confirmed: old });
      while (transfer.push.stage !== stage) transfer.timers.advance(0.2);
      transfer.resetDevice(12);
      expect(["1.0.0", "1.1.0"]).toContain(transfer.slots.running?.version);
      expect(await transfer.result(60)).toMatchObject({ outcome: "confirmed" });
      expect(transfer.slots.running?.version).toBe("1.1.0");
    },
  );

  test("arrives whole over a line that damages one byte in two hundred", async () => {
    const random = createRandom(9);
    const transfer = startTransfer({
      image,
      disturb: (bytes) => bytes.map((byte) => (random.uniform() < 0.005 ? byte ^ 0x10 : byte)),
    });
    const result = await transfer.result(600);
    expect(result).toMatchObject({ outcome: "confirmed" });
    expect(transfer.kept.at(-1)?.bytes).toEqual(image.bytes);
    expect(result!.sentBytes).toBeGreaterThan(image.bytes.length);
  });
});

describe("a device refuses", () => {
  test.each([
    ["an older model", { image: old, confirmed: image }, /security counter/],
    ["a model of somebody with another key", { image, key: new Uint8Array(32) }, /MAC is wrong/],
    ["every model while it has no key", { image, deviceHasKey: null }, /has no key/],
    ["what does not fit", { image: createImage("1.1.0", 0x1010000, 40_000) }, /too large/],
  ])("%s", async (_name, options, reason) => {
    const transfer = startTransfer(options);
    const result = await transfer.result(10);
    expect(result).toMatchObject({ outcome: "refused", sentBytes: 0 });
    expect(result!.reason).toMatch(reason);
  });
});

describe("a device goes back to its model", () => {
  test("when a probe gives another integer, and the gateway says so", async () => {
    const probes = createProbes(image);
    probes[7]!.outputs[1]! ^= 1;
    const transfer = startTransfer({ image, confirmed: old, probes });
    const result = await transfer.result(10);
    expect(result).toMatchObject({ outcome: "reverted", deviceReason: 8, mismatches: 1, probes: 8 });
    expect(result!.reason).toBe("probe 7 did not give the golden integers");
    expect(transfer.slots.running?.version).toBe("1.0.0");
  });

  test("when nobody confirmed the new one in time", () => {
    const transfer = startTransfer({ image, confirmed: old });
    while (transfer.push.stage !== "probing") transfer.timers.advance(1);
    transfer.line.unplug();
    expect(transfer.slots.running?.version).toBe("1.1.0");
    transfer.timers.advance(linkTiming.modelTrialMs + 1);
    expect(transfer.slots.running?.version).toBe("1.0.0");
  });
});

describe("a push ends within its bounds", () => {
  test("when the device is never in contact", async () => {
    const transfer = startTransfer({ image });
    transfer.line.unplug();
    const seconds = linkTiming.modelContactMs / 1000;
    expect(await transfer.result(seconds - 1)).toBeUndefined();
    expect(await transfer.result(2)).toMatchObject({ outcome: "failed" });
  });

  test("when the device is in contact and mute about models", async () => {
    const transfer = startTransfer({ image, send: () => true });
    const result = await transfer.result(linkTiming.modelStallMs / 1000 + 2);
    expect(result).toMatchObject({ outcome: "failed", sentBytes: 0 });
    expect(result!.reason).toMatch(/nothing moved for 60 s, at byte 0 of 5001/);
  });

  test("when the device comes and goes and nothing moves", async () => {
    const transfer = startTransfer({ image, send: () => true });
    let result: unknown;
    for (let second = 0; second < 400 && result === undefined; second += 20) {
      result = await transfer.result(15);
      transfer.line.unplug();
      transfer.timers.advance(5_000);
      transfer.line.plug();
    }
    expect(result).toMatchObject({ outcome: "failed" });
  });

  test("when it is called off, and leaves no timer behind", async () => {
    const transfer = startTransfer({ image });
    transfer.timers.advance(50);
    transfer.push.cancel("stopped");
    expect(await transfer.result(1)).toMatchObject({ outcome: "failed", reason: "stopped" });
    await transfer.heard.session.close();
    await transfer.device.close();
    transfer.timers.advance(100);
    expect(transfer.timers.waiting).toBe(0);
  });
});

test("the key of these tests has the right size", () => {
  expect(deviceKey).toHaveLength(32);
});
