import { expect, test } from "vitest";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { unknownModel } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createSpeedDoubt } from "../../../src/gateway/diagnosis/speed-doubt.ts";

const counts = Int16Array.from({ length: 1_000 }, (_, index) => [1_000, -1_000][index % 2]!);
const accel = { name: "accel-de", unit: "g", sampleRateHz: 1_000, scale: 0.001 };

test.each(["mm/s", "V"])(
  "a channel in %s beside the one in g takes no doubt of a still shaft away",
  (unit) => {
    const doubt = createSpeedDoubt({ standbyBelowRpm: 300, dataTimeoutSeconds: 60 });
    for (let second = 0; second < 700; second++)
      for (const channel of [accel, { ...accel, name: "other", unit }])
        doubt.note({
          counts,
          shaftRpm: 0,
          told: unknownModel,
          channel,
          rmsCounts: 1_000,
          arrivedMonotonicMs: second * 1_000,
        });
    expect(doubt.isLasting).toBe(true);
  },
);

test("what were faster in Hz than a machine ran of late is no speed in Hz, and what it ran weeks ago says nothing of that", () => {
  const doubt = createSpeedDoubt({ standbyBelowRpm: 300, dataTimeoutSeconds: 60 });
  const note = (shaftRpm: number, day: number): boolean =>
    doubt.note({
      counts,
      shaftRpm,
      told: unknownModel,
      channel: accel,
      rmsCounts: 1_000,
      arrivedMonotonicMs: day * dayMs,
    });
  note(1_800, 0);
  note(600, 6);
  expect(note(30, 6.5)).toBe(true);
  note(600, 8);
  expect(note(30, 9)).toBe(true);
  note(600, 15.5);
  expect(note(30, 16)).toBe(false);
  expect(note(12, 16)).toBe(true);
});

/** Notes two speeds at this second. */
const createTwoSpeeds = () => {
  const doubt = createSpeedDoubt({ standbyBelowRpm: 300, dataTimeoutSeconds: 60 });
  const note = (second: number, shaftRpm: number, scadaRpm: number) =>
    doubt.note({
      counts,
      shaftRpm,
      told: { ...unknownModel, scadaRpm },
      channel: accel,
      rmsCounts: 1_000,
      arrivedMonotonicMs: second * 1_000,
    });
  return { doubt, note };
};

test("two moments of two speeds that lie far apart are no lasting contradiction", () => {
  const { doubt, note } = createTwoSpeeds();
  note(0, 1_500, 0);
  note(600, 1_500, 0);
  expect(doubt.isContradicted).toBe(false);
});

test("a stop does not end a contradiction, and begins none", () => {
  const { doubt, note } = createTwoSpeeds();
  note(0, 1_500, 15);
  for (let second = 1; second < 300; second++) note(second, 0, 0);
  expect(doubt.isContradicted).toBe(false);
  for (let second = 300; second < 500; second++) note(second, 1_500, 15);
  for (let second = 500; second < 900; second++) note(second, 0, 0);
  note(900, 1_500, 15);
  expect(doubt.isContradicted).toBe(true);
  note(901, 1_500, 1_500);
  expect(doubt.isContradicted).toBe(false);
});

/** Hears a minute every five for two hours, or at other times, at such speeds, and whatever more is known. */
function hearSlow(
  rpmAt: (minute: number) => number,
  { toldKw = Number.NaN, minutes = Array.from({ length: 25 }, (_, index) => 5 * index) } = {},
): number {
  const doubt = createSpeedDoubt({ standbyBelowRpm: 300, dataTimeoutSeconds: 60 });
  for (const minute of minutes)
    doubt.note({
      counts: counts.map((count) => count / 100),
      shaftRpm: rpmAt(minute),
      told: { ...unknownModel, toldKw },
      channel: { ...accel, sampleRateHz: 100 },
      rmsCounts: 10,
      arrivedMonotonicMs: minute * 60_000,
    });
  return doubt.steadyRpm;
}

test("a shaft that keeps a speed below standby for an hour may be a slow one, however little it vibrates", () => {
  expect(hearSlow((minute) => 14 + (minute % 2) / 5)).toBe(14);
  expect(hearSlow((minute) => (minute < 55 ? 0 : 14.2))).toBe(14.2);
  expect(hearSlow((minute) => (minute < 65 ? 0 : 14.2))).toBeNaN();
});

test("one that stands, that was ever faster, that the wind turns or that makes no power is none", () => {
  expect(hearSlow(() => 0)).toBeNaN();
  expect(hearSlow((minute) => (minute === 0 ? 1_500 : 200))).toBeNaN();
  expect(hearSlow((minute) => (minute === 120 ? 1_500 : 200))).toBeNaN();
  expect(hearSlow((minute) => 150 + (minute % 40))).toBeNaN();
  expect(hearSlow(() => 200, { toldKw: 5 })).toBeNaN();
  expect(hearSlow(() => 14, { toldKw: 900 })).toBe(14);
});

test("a sensor that is a little off makes a standing shaft no slow one", () => {
  expect(hearSlow(() => 0.02)).toBeNaN();
  expect(hearSlow(() => 1.1)).toBe(1.1);
});

test("of moments far apart nothing is known between them, nor is anything once the speed has been unknown for a while", () => {
  expect(hearSlow(() => 120, { minutes: [0, 180] })).toBeNaN();
  expect(hearSlow((minute) => (minute === 0 || minute === 120 ? 120 : Number.NaN))).toBeNaN();
  expect(hearSlow(() => 14, { minutes: [0, 10, 20, 30, 40, 50, 60, 70] })).toBe(14);
  expect(hearSlow((minute) => (minute <= 110 ? 14 : Number.NaN))).toBe(14);
  expect(hearSlow((minute) => (minute <= 70 ? 14 : Number.NaN))).toBeNaN();
});
