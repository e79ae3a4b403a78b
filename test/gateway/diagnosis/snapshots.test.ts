import { describe, expect, test } from "vitest";
import { hourMs } from "../../../src/core/maths/durations.ts";
import { createToldDevice, type Stretch, type ToldDevice } from "./told-device.ts";

/** How a device numbers and dates the samples of its snapshots. */
interface Habit {
  readonly name: string;
  /** Its count jumps over what was not measured, as the protocol wants, or goes on. */
  readonly count: "jumps" | "goes on";
  readonly hasClock: boolean;
}

const habits: readonly Habit[] = [
  { name: "a count that jumps, and stamps", count: "jumps", hasClock: true },
  { name: "a count that jumps, and no clock", count: "jumps", hasClock: false },
  { name: "a count that goes on, and stamps", count: "goes on", hasClock: true },
  { name: "a count that goes on, and no clock", count: "goes on", hasClock: false },
];

/** Of so many seconds, every so many. */
const plans = [
  { lengthS: 1, everyS: 60 },
  { lengthS: 2, everyS: 600 },
  { lengthS: 0.1, everyS: 10 },
  { lengthS: 1, everyS: 15 },
  { lengthS: 6, everyS: 120 },
] as const;
type Plan = { readonly lengthS: number; readonly everyS: number };

/** It sends a snapshot as it measures it, or from its memory, and measures nothing for as long as the plan says. */
function sendSnapshot(
  device: ToldDevice,
  plan: Plan,
  { habit, ...stretch }: Stretch & { habit: Habit },
): void {
  const { lengthS, everyS } = plan;
  const { pace = 1 } = stretch;
  const keptMs = 1_000 * (lengthS - lengthS / pace);
  device.clockMs -= keptMs;
  device.stream(lengthS / pace, { blockS: 0.05, ...stretch });
  pause(device, everyS - lengthS / pace, habit);
  if (habit.count === "jumps") device.position -= keptMs;
}

/** It measures nothing, and nothing comes. */
function pause(device: ToldDevice, seconds: number, { count }: Habit): void {
  device.wait(seconds);
  device.clockMs += seconds * 1_000;
  if (count === "jumps") device.position += seconds * 1_000;
}

function createMonitor({ hasClock }: Habit): ToldDevice {
  const device = createToldDevice();
  if (!hasClock) device.clockMs = Number.NaN;
  return device;
}

describe.each(habits)("of a device that sends snapshots with $name", (habit) => {
  test.each(plans)("nothing is said: $lengthS s every $everyS s", (plan) => {
    for (const pace of [1, 4]) {
      const device = createMonitor(habit);
      for (let snapshot = 0; snapshot < 30; snapshot++) sendSnapshot(device, plan, { habit, pace });
      expect(device.told, `sent at ${pace} times the pace`).toEqual([]);
      expect(device.clockAheadMs).toBe(0);
    }
  });

  test.each(plans.slice(0, 2))(
    "samples that are lost inside of them are: $lengthS s every $everyS s",
    (plan) => {
      const device = createMonitor(habit);
      for (let snapshot = 0; snapshot < 6; snapshot++) sendSnapshot(device, plan, { habit });
      expect(device.told).toEqual([]);
      const skipMs = (block: number): number => (block === 7 ? 50 : 0);
      for (let snapshot = 0; snapshot < 6; snapshot++) sendSnapshot(device, plan, { habit, skipMs });
      expect(device.said).toEqual([
        expect.stringMatching(/^samples-missing: [\d.]+ % of the samples are missing/),
      ]);
      expect(Number(/([\d.]+) %/.exec(device.said[0]!)![1])).toBeLessThan(10);
      for (let snapshot = 0; snapshot < 12; snapshot++) sendSnapshot(device, plan, { habit });
      expect(device.said).toEqual([]);
    },
  );

  test("its being silent for much longer than its pauses is told, and a missed one is not", () => {
    const plan = { lengthS: 1, everyS: 60 };
    const device = createMonitor(habit);
    for (let snapshot = 0; snapshot < 5; snapshot++) sendSnapshot(device, plan, { habit });
    pause(device, 60, habit);
    sendSnapshot(device, plan, { habit });
    expect(device.told).toEqual([]);
    device.wait(360);
    expect(device.said).toEqual(["silent: is in contact, and sends no data"]);
  });
});

test("a device that was heard in the middle of a snapshot is told nothing of either", () => {
  const device = createToldDevice();
  device.stream(0.3, { blockS: 0.05 });
  pause(device, 59, habits[0]!);
  for (let snapshot = 0; snapshot < 10; snapshot++)
    sendSnapshot(device, { lengthS: 1, everyS: 60 }, { habit: habits[0]! });
  expect(device.told).toEqual([]);
});

test.each([
  ["ahead", 2 * hourMs],
  ["behind", -2 * hourMs],
])("a clock that dates snapshots two hours %s is told", (word, errorMs) => {
  const device = createToldDevice();
  device.clockMs += errorMs;
  for (let snapshot = 0; snapshot < 12; snapshot++)
    sendSnapshot(device, { lengthS: 1, everyS: 60 }, { habit: habits[0]! });
  expect(device.told).toEqual([`clock: clock is 2 h ${word}; time of arrival is used`]);
});

test("snapshots that were kept over an outage come one after the other, and nothing is said", () => {
  for (const everyS of [60, 600]) {
    const plan = { lengthS: 1, everyS };
    const device = createToldDevice();
    for (let snapshot = 0; snapshot < 5; snapshot++) sendSnapshot(device, plan, { habit: habits[0]! });
    device.clock.advance(6 * everyS * 1_000);
    for (let snapshot = 0; snapshot < 6; snapshot++) {
      device.stream(0.1, { blockS: 0.05, pace: 10 });
      device.position += (everyS - 1) * 1_000;
      device.clockMs += (everyS - 1) * 1_000;
    }
    device.clockMs = device.clock.nowMs();
    for (let snapshot = 0; snapshot < 5; snapshot++) sendSnapshot(device, plan, { habit: habits[0]! });
    expect(device.told).toEqual([]);
  }
});

test("a stream of which every second second is missing sends no snapshots", () => {
  const device = createToldDevice();
  device.stream(60, { blockS: 0.5, pace: 0.5, skipMs: () => 500 });
  expect(device.said).toEqual([expect.stringMatching(/^samples-missing: 50 % of the samples are missing/)]);
});

test("a stream that a link cuts now here, now there sends no snapshots", () => {
  const device = createToldDevice();
  for (const [ms, missing] of [
    [1_000, 4_000],
    [3_500, 6_000],
    [700, 3_000],
    [2_500, 5_000],
    [900, 4_000],
    [4_000, 6_000],
  ] as const) {
    device.stream(ms / 1_000, { blockS: 0.1 });
    device.wait(missing / 1_000);
    device.position += missing;
    device.clockMs += missing;
  }
  expect(device.said).toEqual([expect.stringMatching(/^samples-missing: \d+ % of the samples are missing/)]);
});

test("a device whose sensor dies at once is told so when no monitor would pause for longer", () => {
  const device = createToldDevice();
  device.stream(2);
  device.wait(12 * 60);
  expect(device.said).toEqual([]);
  device.wait(4 * 60);
  expect(device.said).toEqual(["silent: is in contact, and sends no data"]);
});
