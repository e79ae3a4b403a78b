import { expect, test } from "vitest";
import {
  createSampleBlockReader,
  toDeviceScore,
  toReading,
} from "../../../firmware-bridge/messages/device-data.ts";
import type { HelloMessage, RawWindowMessage } from "../../../src/core/contract/device/device-message.ts";
import { channels } from "../conversation.ts";

const hello: HelloMessage = {
  type: "hello",
  protocolMajor: 1,
  protocolMinor: 0,
  deviceId: "device-1",
  firmware: "1",
  sessionId: 1,
  channels: [...channels, { name: "temperature", unit: "degC", sampleRateHz: 0, scale: 1 }],
};
const blocks = createSampleBlockReader();
const toSampleBlock: typeof blocks.read = (...message) => blocks.read(...message);
/** At an epoch time, and 17 ms after some other moment. */
const at = (arrivedMs: number) => ({ arrivedMs, arrivedMonotonicMs: 17 });
const window: RawWindowMessage = {
  type: "raw-window",
  channel: 1,
  firstSample: 600,
  timestampUs: 0,
  shaftRpm: 1500,
  counts: new Int16Array(600),
};

test("a block has the names, unit, rate and scale of the hello", () => {
  expect(toSampleBlock(hello, window, at(1_000_000))).toEqual({
    deviceId: "device-1",
    channel: "fan-end",
    unit: "g",
    timestampMs: 1_000_000 - 50,
    firstSample: 600,
    sampleRateHz: 12_000,
    scale: 0.0005,
    shaftRpm: 1500,
    counts: window.counts,
    arrivedMonotonicMs: 17,
  });
});

test("the device's clock is believed when it has one", () => {
  expect(toSampleBlock(hello, { ...window, timestampUs: 1_767_225_600_123_456 }, at(5))!.timestampMs).toBe(
    1_767_225_600_123.456,
  );
  const reading = { type: "reading", channel: 2, value: 61.5 } as const;
  expect(toReading(hello, { ...reading, timestampUs: 2_000_000 }, at(5))).toEqual({
    deviceId: "device-1",
    channel: "temperature",
    unit: "degC",
    timestampMs: 2_000,
    value: 61.5,
    ...at(5),
  });
  expect(toReading(hello, { ...reading, timestampUs: 0 }, at(5))!.timestampMs).toBe(5);
});

test("a channel that was not announced gives nothing", () => {
  expect(toSampleBlock(hello, { ...window, channel: 3 }, at(0))).toBeUndefined();
  expect(toReading(hello, { type: "reading", channel: 3, timestampUs: 0, value: 1 }, at(0))).toBeUndefined();
});

test("a window of a channel without a rate has no duration to subtract", () => {
  expect(toSampleBlock(hello, { ...window, channel: 2 }, at(77))!.timestampMs).toBe(77);
});

test("a score is of the image that the hello says, where it is of the same version", () => {
  const score = { type: "score", channel: 1, timestampUs: 0, quantised: new Uint8Array(3) } as const;
  const image = { modelVersion: "1.0.0", modelSha256: new Uint8Array(32).fill(0xab) };
  const sha256Of = (modelVersion: string, said: Partial<HelloMessage>): string | undefined =>
    toDeviceScore({ ...hello, ...said }, { ...score, modelVersion }, at(0))!.modelSha256;
  expect(sha256Of("1.0.0", image)).toBe("ab".repeat(32));
  expect(sha256Of("1.1.0", image)).toBeUndefined();
  expect(sha256Of("1.0.0", {})).toBeUndefined();
});

test("an acceleration in m/s² is taken over in g, in raw windows as in scores", () => {
  for (const [unit, factor] of [
    ["m/s2", 1 / 9.806_65],
    ["m/s^2", 1 / 9.806_65],
    ["mg", 0.001],
  ] as const) {
    const metric: HelloMessage = { ...hello, channels: hello.channels.map((one) => ({ ...one, unit })) };
    const block = toSampleBlock(metric, window, at(0))!;
    expect(block.unit).toBe("g");
    expect(block.scale).toBeCloseTo(0.0005 * factor, 12);
    const score = { type: "score", channel: 1, timestampUs: 0, modelVersion: "1.0.0" } as const;
    expect(toDeviceScore(metric, { ...score, quantised: new Uint8Array(3) }, at(0))!.unit).toBe("g");
  }
  // Single readings stay what they are: mg may be a mass.
  const weight: HelloMessage = {
    ...hello,
    channels: [{ name: "wear", unit: "mg", sampleRateHz: 0, scale: 1 }],
  };
  const reading = { type: "reading", channel: 0, timestampUs: 0, value: 3 } as const;
  expect(toReading(weight, reading, at(0))).toMatchObject({ unit: "mg", value: 3 });
});
