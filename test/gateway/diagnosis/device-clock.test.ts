/** A clock that is set while its device runs is followed with the piece that shows it, and stays followed. */
import { expect, test } from "vitest";
import { hourMs } from "../../../src/core/maths/durations.ts";
import { createDeviceClock } from "../../../src/gateway/diagnosis/device-clock.ts";
import { createStreamPace } from "../../../src/gateway/diagnosis/stream-pace.ts";

const yearMs = 365 * 24 * hourMs;

test.each([
  ["set back by an hour", [[107, -hourMs]]],
  ["set back by a year", [[107, -yearMs]]],
  [
    "set an hour ahead, and then back by a year",
    [
      [60, hourMs],
      [107, -yearMs],
    ],
  ],
  [
    "set an hour ahead, and then right",
    [
      [60, hourMs],
      [107, 0],
    ],
  ],
  ["set to a time before 2020", [[107, -20 * yearMs]]],
] as const)("of a clock that is %s no piece is dated otherwise than when it came", (_name, steps) => {
  const clock = createDeviceClock();
  const pace = createStreamPace();
  const beginMs = Date.UTC(2026, 10, 28);
  const samples = 1_200;
  const wrong: number[] = [];
  for (let piece = 0; piece < 1_600; piece++) {
    const passedMs = 100 * piece;
    const offMs = steps.findLast(([atS]) => passedMs >= 1_000 * atS)?.[1] ?? 0;
    const arrival = { arrivedMs: beginMs + passedMs, arrivedMonotonicMs: 1_000 + passedMs };
    const endMs = arrival.arrivedMs - 5 + offMs;
    const firstSample = piece * samples;
    pace.note({ firstSample, samples, sampleRateHz: 12_000, endMs, arrival, isAfterPause: false });
    clock.note({ ...arrival, endMs, pace: pace.pace, stepMs: pace.stampStepMs });
    if (Math.abs(endMs - clock.aheadMs - arrival.arrivedMs) > 1_000) wrong.push(passedMs / 1_000);
  }
  expect(wrong).toEqual([]);
});
