import { expect, it } from "vitest";
import { createUntoldSpan } from "../../../src/gateway/points/untold-span.ts";

const block = (timestampMs: number, samples = 500, sampleRateHz = 1000) => {
  return { timestampMs, sampleRateHz, counts: new Int16Array(samples) };
};

it("covers what was given until it is told, in whole seconds, and says when it became longer", () => {
  const span = createUntoldSpan();
  expect(span.span).toBeNull();
  expect(span.give(block(1_200))).toBe(true);
  expect(span.give(block(1_400))).toBe(false);
  expect(span.give(block(1_600))).toBe(true);
  expect(span.give(block(900))).toBe(true);
  expect(span.span).toEqual({ windows: 0, fromMs: 0, toMs: 3_000 });
  // Half of it was taken when all of it was written.
  span.told(50, 100, null);
  expect(span.span).toEqual({ windows: 0, fromMs: 0, toMs: 3_000 });
  expect(span.give(block(5_000))).toBe(true);
  span.told(99, 200, null);
  expect(span.span).toEqual({ windows: 0, fromMs: 0, toMs: 6_000 });
  span.told(100, 200, null);
  expect(span.span).toEqual({ windows: 0, fromMs: 5_000, toMs: 6_000 });
  span.told(200, 200, null);
  expect(span.span).toBeNull();
});

it("counts bytes that wrap around", () => {
  const span = createUntoldSpan();
  for (let written = 0; written < 3 * 2 ** 32; written += 2 ** 30) {
    span.give(block(1_000));
    span.told((written + 2 ** 29) % 2 ** 32, (written + 2 ** 30) % 2 ** 32, null);
    expect(span.span).toEqual({ windows: 0, fromMs: 1_000, toMs: 2_000 });
    span.told((written + 2 ** 30) % 2 ** 32, (written + 2 ** 30) % 2 ** 32, null);
    expect(span.span).toBeNull();
  }
  span.give(block(1_000));
  span.clear();
  expect(span.span).toBeNull();
  span.give(block(1_000));
  span.told(10, 10, null);
  expect(span.span).toBeNull();
});

it("passes over times that no mark could say: their blocks break the data contract", () => {
  const span = createUntoldSpan();
  const rates = [Number.NaN, 0, -1, Number.MIN_VALUE];
  for (const rate of rates) expect(span.give(block(1_000, 500, rate))).toBe(false);
  for (const time of [Number.NaN, Number.NEGATIVE_INFINITY, -1, 8.65e15, Number.POSITIVE_INFINITY])
    expect(span.give(block(time))).toBe(false);
  expect(span.span).toBeNull();
});

it("keeps the windows that are open in what is told, and says no more of what lies within it", () => {
  const span = createUntoldSpan();
  span.give(block(10_000, 5_000));
  span.told(100, 100, { windows: 2, fromMs: 12_300, toMs: 14_999.5 });
  expect(span.span).toEqual({ windows: 2, fromMs: 12_000, toMs: 15_000 });
  expect(span.give(block(14_000))).toBe(false);
  expect(span.give(block(14_800))).toBe(true);
  expect(span.span).toEqual({ windows: 2, fromMs: 12_000, toMs: 16_000 });
  // A batch that was told before what is waited for was taken says which windows were open then.
  span.told(200, 300, { windows: 1, fromMs: 14_100, toMs: 14_200 });
  span.told(250, 400, { windows: 3, fromMs: 13_000, toMs: 14_200 });
  expect(span.span).toEqual({ windows: 3, fromMs: 13_000, toMs: 16_000 });
  span.told(400, 400, null);
  expect(span.span).toBeNull();
  span.told(400, 400, { windows: 1, fromMs: Number.NaN, toMs: 9e15 });
  expect(span.span).toBeNull();
});
