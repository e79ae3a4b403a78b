import { describe, expect, it } from "vitest";
import { type Convoy, createConvoy } from "../../../src/cli/device/convoy.ts";
import type { SampleSource } from "../../../src/cli/device/sample-source.ts";
import { type SampleLink, type StreamPump, startStreamPump } from "../../../src/cli/device/stream-pump.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import type { Clock, Timers } from "../../../src/core/platform/clock.ts";

const sampleRateHz = 1000;

/** Counts 0, 1, 2, … on two channels, the second one negative. */
function countingSource(total: number): SampleSource {
  let position = 0;
  const channel = { unit: "g", sampleRateHz, scale: 1 };
  return {
    channels: [
      { name: "a", ...channel },
      { name: "b", ...channel },
    ],
    read: ([first, second]) => {
      const samples = Math.min(first!.length, total - position);
      for (let index = 0; index < samples; index++) {
        first![index] = position + index;
        second![index] = -(position + index);
      }
      position += samples;
      return { samples, shaftRpm: 1500 };
    },
  };
}

interface Sent {
  readonly channel: number;
  readonly firstSample: number;
  readonly timestampUs: number;
  readonly counts: readonly number[];
}

/** A world in which time passes only by `turn`. */
function createWorld(
  speed: number,
  {
    total = 1_000_000,
    beginsAgoMs = 0,
    convoy,
  }: { readonly total?: number; readonly beginsAgoMs?: number; readonly convoy?: Convoy } = {},
) {
  let nowMs = 0;
  let open = true;
  let waiting: (() => void)[] = [];
  let pending: { atMs: number; callback: () => void }[] = [];
  const sent: Sent[] = [];
  const clock: Clock = { nowMs: () => 1_700_000_000_000 + nowMs, monotonicMs: () => nowMs };
  const timers: Timers = {
    after: (delayMs, callback) => {
      const entry = { atMs: nowMs + delayMs, callback };
      pending.push(entry);
      return () => {
        pending = pending.filter((other) => other !== entry);
      };
    },
  };
  const link: SampleLink = {
    send: ({ channel, firstSample, timestampUs, counts }) => {
      if (open) sent.push({ channel, firstSample, timestampUs, counts: [...counts] });
      return open;
    },
    ready: () => (open ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    drained: () => Promise.resolve(),
  };
  const pump: StreamPump = startStreamPump({
    source: countingSource(total),
    link,
    clock,
    timers,
    speed,
    ...(beginsAgoMs === 0 ? {} : { beginsAtMs: clock.nowMs() - beginsAgoMs }),
    ...(convoy === undefined ? {} : { convoy }),
    samplesPerPacket: 100,
  });
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 50; round++) await Promise.resolve();
  };
  return {
    pump,
    sent,
    settle,
    shut: () => {
      open = false;
    },
    reopen: () => {
      open = true;
      for (const resolve of waiting.splice(0)) resolve();
      waiting = [];
    },
    turn: async (ms: number): Promise<void> => {
      await settle();
      for (const endMs = nowMs + ms; nowMs < endMs; ) {
        nowMs++;
        const due = pending.filter(({ atMs }) => atMs <= nowMs);
        pending = pending.filter(({ atMs }) => atMs > nowMs);
        for (const { callback } of due) callback();
        await settle();
      }
    },
  };
}

describe("startStreamPump", () => {
  it("sends what a converter would have taken by now, in order, with the device's own time", async () => {
    const world = createWorld(1);
    await world.turn(1050);
    expect(world.pump.sentSamples).toBe(1000);
    const first = world.sent.filter(({ channel }) => channel === 0);
    expect(first.flatMap(({ counts }) => counts)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(first.map(({ firstSample }) => firstSample)).toEqual([
      0, 100, 200, 300, 400, 500, 600, 700, 800, 900,
    ]);
    expect(first[9]!.timestampUs - first[0]!.timestampUs).toBe(900_000);
    expect(world.sent.filter(({ channel }) => channel === 1)).toHaveLength(10);
    world.pump.stop();
  });

  it("runs ten times as fast when told so", async () => {
    const world = createWorld(10);
    await world.turn(1000);
    expect(world.pump.sentSamples).toBeGreaterThanOrEqual(9_900);
    expect(world.pump.sentSamples).toBeLessThanOrEqual(10_000);
    world.pump.stop();
  });

  it("begins in the past, runs ten times as fast until it has caught up, and at true pace from then on", async () => {
    const world = createWorld(10, { beginsAgoMs: 9000 });
    await world.turn(500);
    expect(world.sent[0]!.timestampUs).toBe(1_699_999_991_000_000);
    expect(world.pump.sentSamples).toBeGreaterThanOrEqual(4_900);
    expect(world.pump.sentSamples).toBeLessThanOrEqual(5_000);
    await world.turn(500);
    const caughtUp = world.pump.sentSamples;
    expect(caughtUp).toBeGreaterThanOrEqual(9_800);
    await world.turn(2000);
    expect(world.pump.sentSamples - caughtUp).toBeLessThanOrEqual(2_200);
    expect(world.pump.sentSamples).toBeGreaterThanOrEqual(11_800);
    expect(world.pump.sentSamples).toBeLessThanOrEqual(12_000);
    world.pump.stop();
  });

  it("drops and counts at true pace what a stalled link cannot take, and shows it as a jump", async () => {
    const world = createWorld(1);
    await world.turn(500);
    world.shut();
    await world.turn(5000);
    world.reopen();
    await world.turn(500);
    expect(world.pump.droppedSamples).toBeGreaterThan(2500);
    expect(world.pump.droppedSamples).toBeLessThan(3500);
    const first = world.sent.filter(({ channel }) => channel === 0);
    for (const { counts, firstSample } of first) expect(counts[0]).toBe(firstSample);
    const jumps = first.filter(
      ({ firstSample }, index) => index > 0 && firstSample !== first[index - 1]!.firstSample + 100,
    );
    expect(jumps).toHaveLength(1);
    world.pump.stop();
  });

  it("loses nothing at an accelerated pace: time slips instead", async () => {
    const world = createWorld(10);
    await world.turn(100);
    world.shut();
    await world.turn(5000);
    world.reopen();
    await world.turn(1000);
    expect(world.pump.droppedSamples).toBe(0);
    const first = world.sent.filter(({ channel }) => channel === 0);
    expect(first.every(({ firstSample }, index) => firstSample === index * 100)).toBe(true);
    // Two seconds of stall, at most, are made up for.
    expect(world.pump.sentSamples).toBeLessThan(35_000);
    world.pump.stop();
  });

  it("goes no further than the slowest of its convoy allows, and on without one that has ended", async () => {
    const convoy = createConvoy(1000);
    const [fast, slow] = [createWorld(10, { convoy }), createWorld(10, { convoy })];
    const turn = async (ms: number): Promise<void> => {
      for (let turned = 0; turned < ms; turned += 10) for (const world of [fast, slow]) await world.turn(10);
    };
    await turn(200);
    slow.shut();
    await turn(1000);
    expect(slow.pump.sentSamples).toBeLessThanOrEqual(2_000);
    expect(fast.pump.sentSamples).toBeGreaterThan(slow.pump.sentSamples);
    expect(fast.pump.sentSamples).toBeLessThanOrEqual(slow.pump.sentSamples + 1_000);
    slow.reopen();
    await turn(1000);
    expect(slow.pump.sentSamples).toBeGreaterThan(15_000);
    expect(Math.abs(fast.pump.sentSamples - slow.pump.sentSamples)).toBeLessThanOrEqual(1_000);
    slow.pump.stop();
    const before = fast.pump.sentSamples;
    await turn(1000);
    expect(fast.pump.sentSamples).toBeGreaterThan(before + 5_000);
    expect([fast, slow].map(({ pump }) => pump.droppedSamples)).toEqual([0, 0]);
    fast.pump.stop();
  });

  it("ends with its source after the last, shorter packet", async () => {
    const world = createWorld(Number.POSITIVE_INFINITY, { total: 250 });
    expect(await world.pump.ended).toBe("source-ended");
    expect(world.sent.filter(({ channel }) => channel === 0).map(({ counts }) => counts.length)).toEqual([
      100, 100, 50,
    ]);
  });

  it("stops at once when told to, though it waits", async () => {
    const world = createWorld(1);
    await world.settle();
    world.pump.stop();
    expect(await world.pump.ended).toBe("stopped");
  });

  it("ends as refused when the gateway refuses the device", async () => {
    const refusal = new AuroraError("DEVICE_PROTOCOL", "another version", { op: "test" });
    const pump = startStreamPump({
      source: countingSource(10),
      link: {
        send: () => false,
        ready: () => Promise.reject(refusal),
        drained: () => Promise.resolve(),
      },
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      timers: { after: () => () => {} },
      speed: 1,
      samplesPerPacket: 10,
    });
    expect(await pump.ended).toBe("refused");
  });
});
