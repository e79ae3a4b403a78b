import fc from "fast-check";
import { expect, test } from "vitest";
import type { PredictionBatch } from "../../../src/core/contract/uplink-record.ts";
import { encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { summarisePredictions } from "../../../src/gateway/record/prediction-summary.ts";

const header = {
  kind: "prediction-batch",
  site: "s",
  turbine: "t",
  component: "c",
  modelName: "m",
  modelVersion: "1",
  failureModes: ["a", "b"],
} as const;

const batchOf = (
  rows: readonly { timeMs: number; windows: number; p: number; rpm: number }[],
): PredictionBatch => ({
  ...header,
  timesMs: rows.map(({ timeMs }) => timeMs),
  windows: rows.map(({ windows }) => windows),
  meanProbability: rows.flatMap(({ p }) => [p, p / 2]),
  maxProbability: rows.flatMap(({ p }) => [p, p / 2]),
  shaftRpm: rows.map(({ rpm }) => rpm),
});

test("rows of a minute become rows of ten, weighted by their windows, with the highest of them", () => {
  const rows = Array.from({ length: 20 }, (_, index) => ({
    timeMs: 1_200_000_000_000 + index * 60_000,
    windows: index === 0 ? 30 : 10,
    p: index === 3 ? 0.9 : 0.1,
    rpm: index < 10 ? 1000 : Number.NaN,
  }));
  const [summary, ...others] = summarisePredictions([batchOf(rows.slice(0, 7)), batchOf(rows.slice(7))]);
  expect(others).toEqual([]);
  expect(summary!.timesMs).toEqual([rows[9]!.timeMs, rows[19]!.timeMs]);
  expect(summary!.windows).toEqual([120, 100]);
  expect(summary!.maxProbability).toEqual([0.9, 0.45, 0.1, 0.05]);
  expect(summary!.meanProbability[0]).toBeCloseTo((110 * 0.1 + 10 * 0.9) / 120, 9);
  expect(summary!.shaftRpm).toEqual([1000, Number.NaN]);
  expect(summary).not.toHaveProperty("meanRisk");
  expect(summarisePredictions([summary!])).toEqual([summary]);
});

test("another model, point or failure mode has rows of its own", () => {
  const rows = [{ timeMs: 1, windows: 1, p: 0.5, rpm: 1 }];
  const one = batchOf(rows);
  const summaries = summarisePredictions([one, { ...one, modelVersion: "2" }, { ...one, turbine: "u" }, one]);
  expect(summaries.map(({ windows }) => windows)).toEqual([[2], [1], [1]]);
});

test("counts every window once and can always be encoded, whatever comes", () => {
  const row = fc.record({
    timeMs: fc.integer({ min: 0, max: 200_000_000 }),
    windows: fc.nat(100),
    p: fc.double({ min: 0, max: 1, noNaN: true }),
    rpm: fc.constantFrom(Number.NaN, 0, 900),
  });
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 20 }), (all) => {
      const sum = (batches: readonly PredictionBatch[]): number =>
        batches.reduce((total, { windows }) => total + windows.reduce((a, b) => a + b, 0), 0);
      const batches = all.map(batchOf);
      const summaries = summarisePredictions(batches);
      for (const summary of summaries) encodeRecord(summary);
      expect(sum(summaries)).toBe(sum(batches));
    }),
    { numRuns: 200 },
  );
});
