import { expect, test } from "vitest";
import type { HelloMessage } from "../../../src/core/contract/device/device-message.ts";
import type { SampleBlock } from "../../../src/core/contract/stream.ts";
import type { CaptureWish } from "../../../src/gateway/devices/capture-attempt.ts";
import { createDeviceCaptures, type DeviceCaptures } from "../../../src/gateway/devices/device-captures.ts";
import { createManualTimers, type ManualTimers } from "../../firmware-bridge/manual-timers.ts";

const hello: HelloMessage = {
  type: "hello",
  protocolMajor: 1,
  protocolMinor: 1,
  deviceId: "mcu-1",
  firmware: "1",
  sessionId: 7,
  channels: [
    { name: "vibration", unit: "g", sampleRateHz: 1_000, scale: 0.001 },
    { name: "temperature", unit: "°C", sampleRateHz: 0, scale: 1 },
  ],
};

interface Bench {
  readonly captures: DeviceCaptures;
  readonly timers: ManualTimers;
  /** What the device was asked for. */
  readonly asked: number[];
  /** Sends samples counted from `first` on; true: the capture's own. */
  send(first: number, samples: number, shaftRpm?: number): boolean;
}

function createBench(mode: "raw" | "edge", rateHz = 1_000): Bench {
  const timers = createManualTimers();
  const asked: number[] = [];
  const captures = createDeviceCaptures({
    devices: [{ id: "mcu-1", mode }],
    watchedChannelOf: () => undefined,
    timers,
  });
  const [vibration, temperature] = hello.channels;
  const channels = [{ ...vibration!, sampleRateHz: rateHz }, temperature!];
  captures.contact({ ...hello, channels }, { askRaw: (samples) => asked.push(samples) });
  return {
    captures,
    timers,
    asked,
    send: (firstSample, samples, shaftRpm = 1500) =>
      captures.accept({
        deviceId: "mcu-1",
        channel: "vibration",
        unit: "g",
        sampleRateHz: rateHz,
        scale: 0.001,
        timestampMs: firstSample,
        firstSample,
        shaftRpm,
        counts: Int16Array.from({ length: samples }, (_, index) => firstSample + index),
        arrivedMonotonicMs: 0,
      } satisfies SampleBlock),
  };
}

const wish: CaptureWish = { deviceId: "mcu-1", seconds: 0.1, channel: null, partial: false };

test("a device that infers is asked for the samples, and let go when they have come", async () => {
  const { captures, asked, send, timers } = createBench("edge");
  const captured = captures.capture(wish);
  expect(asked).toEqual([100]);
  expect(captures.isBusy("mcu-1")).toBe(true);
  expect(send(5_000, 60, 1_400)).toBe(true);
  expect(send(5_060, 60, 1_600)).toBe(true);
  const { recording, gaps, receivedSamples } = await captured;
  expect(recording.parts.flatMap((part) => [...part])).toEqual(
    Array.from({ length: 100 }, (_, index) => 5_000 + index),
  );
  expect(recording).toMatchObject({ samples: 100, shaftRpm: 1_480, slowestRpm: 1_400, fastestRpm: 1_600 });
  expect({ gaps, receivedSamples }).toEqual({ gaps: 0, receivedSamples: 120 });
  expect(asked).toEqual([100, 0]);
  // What comes now is not the capture's.
  expect(send(5_120, 10)).toBe(false);
  expect(timers.waiting).toBe(0);
});

test("one that streams is listened to until so many samples came at a stretch", async () => {
  const { captures, asked, send } = createBench("raw");
  const captured = captures.capture(wish);
  for (const first of [0, 50, 200, 250]) expect(send(first, first === 50 ? 40 : 50)).toBe(false);
  expect((await captured).recording.first.firstSample).toBe(200);
  expect(asked).toEqual([]);
});

test("after a gap a device is asked anew", async () => {
  const bench = createBench("edge");
  const captured = bench.captures.capture(wish);
  for (const first of [0, 30, 70, 100, 130, 160]) bench.send(first, 30);
  const { recording, gaps, receivedSamples } = await captured;
  expect(recording).toMatchObject({ samples: 100, first: { firstSample: 70 } });
  expect({ gaps, receivedSamples }).toEqual({ gaps: 1, receivedSamples: 180 });
  expect(bench.asked).toEqual([100, 100, 0]);
});

test("gaps in what a device was asked for are said, and what came may be had all the same", async () => {
  const bench = createBench("edge");
  const captured = bench.captures.capture(wish);
  let first = 0;
  for (; bench.captures.isBusy("mcu-1"); first += 50) bench.send(first, 30);
  await expect(captured).rejects.toMatchObject({
    code: "DEVICE_CAPTURE",
    message: "330 samples came with 10 gaps; 30 of 100 at a stretch",
  });
  expect(bench.asked).toEqual([...Array<number>(8).fill(100), 0]);
  const again = bench.captures.capture({ ...wish, partial: true });
  bench.send(0, 30);
  bench.send(50, 40);
  bench.timers.advance(2_000);
  expect((await again).recording).toMatchObject({ samples: 40, first: { firstSample: 50 } });
});

test("no wait is without an end: for the first sample, between two, in all", async () => {
  const { captures, timers, send } = createBench("raw");
  const none = captures.capture(wish);
  timers.advance(5_000);
  await expect(none).rejects.toMatchObject({ message: "mcu-1 sent no raw samples for 5 s" });
  const torn = captures.capture(wish);
  timers.advance(4_999);
  for (let at = 0; captures.isBusy("mcu-1"); at += 20) {
    send(at, 10);
    timers.advance(1_000);
  }
  await expect(torn).rejects.toMatchObject({ code: "DEVICE_CAPTURE" });
  expect(timers.nowMs).toBeLessThanOrEqual(5_000 + 10_500 + 1_000);
  expect(timers.waiting).toBe(0);
});

test("one capture at a time, of a known device in contact, of a channel of samples, within bounds", async () => {
  const { captures, send } = createBench("edge");
  const first = captures.capture(wish);
  await expect(captures.capture(wish)).rejects.toMatchObject({ code: "DEVICE_BUSY" });
  send(0, 100);
  await first;
  const refused: [Partial<CaptureWish>, string][] = [
    [{ deviceId: "mcu-2" }, '"mcu-2" is no device of this gateway'],
    [{ channel: "temperature" }, 'mcu-1 has no channel "temperature" of samples'],
    [{ seconds: 41 }, "41 s cannot be captured, only up to 40"],
    [{ seconds: Number.NaN }, "NaN s cannot be captured, only up to 40"],
  ];
  for (const [change, message] of refused)
    await expect(captures.capture({ ...wish, ...change })).rejects.toMatchObject({ code: "USAGE", message });
  captures.lost("mcu-1");
  await expect(captures.capture(wish)).rejects.toMatchObject({ code: "DEVICE_UNREACHABLE" });
});

test("what a device can never give is known before it is asked, from what it announced", () => {
  const { captures, asked } = createBench("edge");
  const fast = { name: "fast", unit: "g", sampleRateHz: 51_200, scale: 0.001 };
  const whole: HelloMessage = { ...hello, channels: [fast] };
  captures.contact(whole, { askRaw: (samples) => asked.push(samples) });
  expect(() => captures.check({ ...wish, seconds: 20 })).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: "20 s of fast are 1024000 samples; at most 480000 are kept",
      hint: "Ask for at most 9.375 seconds.",
    }),
  );
  captures.check({ ...wish, seconds: 9 });
  captures.lost("mcu-1");
  captures.check({ ...wish, seconds: 20 });
  expect(asked).toEqual([]);
});

test("a device that is lost, and a caller that goes away, end a capture", async () => {
  const { captures, timers, asked } = createBench("edge");
  const caller = new AbortController();
  const left = captures.capture({ ...wish, signal: caller.signal });
  caller.abort();
  await expect(left).rejects.toMatchObject({ code: "DEVICE_CAPTURE" });
  expect(asked).toEqual([100, 0]);
  const lost = captures.capture(wish);
  captures.lost("mcu-1");
  await expect(lost).rejects.toMatchObject({ code: "DEVICE_UNREACHABLE" });
  expect(timers.waiting).toBe(0);
});

test.each([51_200, 1_000_000])(
  "more seconds than a recording holds at %d Hz are refused with how many it does, or clamped",
  async (rateHz) => {
    const { captures, asked, send } = createBench("edge", rateHz);
    const long = { ...wish, seconds: 10, partial: true };
    const hint = `Ask for at most ${480_000 / rateHz} seconds.`;
    await expect((async () => captures.capture(long))()).rejects.toMatchObject({ code: "USAGE", hint });
    const captured = captures.capture({ ...long, clamped: true });
    expect(asked).toEqual([480_000]);
    send(0, 480_000);
    expect((await captured).recording.samples).toBe(480_000);
  },
);
