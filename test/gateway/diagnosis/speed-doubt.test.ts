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
