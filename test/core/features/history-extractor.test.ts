import fc from "fast-check";
import { expect, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import type { FeatureSpec } from "../../../src/core/contract/bundle/feature-spec.ts";
import {
  createHistoryExtractor,
  type HistoryExtractor,
} from "../../../src/core/features/history-extractor.ts";

const spec: FeatureSpec = {
  catalogueVersion: 1,
  chains: [
    { name: "heat", kind: "history", params: { channel: "t50" } },
    { name: "speed", kind: "history", params: { channel: "nc" } },
  ],
  list: [
    { name: "mean", operator: "recent-mean", chain: "heat", params: { steps: 4 }, group: "heat" },
    { name: "slope", operator: "recent-slope", chain: "heat", params: { steps: 5 }, group: "heat" },
    {
      name: "change",
      operator: "change-from-start",
      chain: "speed",
      params: { recent: 2, start: 3 },
      group: "speed",
    },
    { name: "age", operator: "age", chain: "speed", params: {}, group: "age" },
  ],
};

function readAll(extractor: HistoryExtractor): Float32Array {
  const out = new Float32Array(extractor.featureNames.length);
  extractor.read(out, 0);
  return out;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

test("features of a stream are those of the whole history, whatever came before begin", () => {
  const reading = fc.tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: -999, max: 999 }));
  fc.assert(
    fc.property(
      fc.array(reading, { minLength: 1, maxLength: 40 }),
      fc.array(reading, { maxLength: 20 }),
      (rows, before) => {
        const extractor = createHistoryExtractor(spec);
        for (const row of before) extractor.push(row);
        extractor.begin();
        for (const row of rows) extractor.push(row);
        const heat = rows.map((row) => row[0]);
        const speed = rows.map((row) => row[1]);
        const recent = heat.slice(-5);
        const times = recent.map((_, index) => index - (recent.length - 1) / 2);
        const squares = times.reduce((sum, time) => sum + time * time, 0);
        const products = times.reduce((sum, time, index) => sum + time * recent[index]!, 0);
        const expected = [
          mean(heat.slice(-4)),
          squares === 0 ? 0 : products / squares,
          mean(speed.slice(-2)) - mean(speed.slice(0, 3)),
          rows.length,
        ];
        for (const [index, value] of readAll(extractor).entries()) {
          expect(value).toBeCloseTo(expected[index]!, 2);
        }
      },
    ),
  );
});

test("there are no features before the first reading", () => {
  const extractor = createHistoryExtractor(spec);
  expect(extractor.channels).toEqual(["t50", "nc"]);
  expect(readAll(extractor).every(Number.isNaN)).toBe(true);
});

test.each([
  ["another chain kind", { ...spec, chains: [{ name: "heat", kind: "time", params: {} }] }],
  ["an unknown operator", { ...spec, list: [{ ...spec.list[0]!, operator: "median" }] }],
  ["a missing parameter", { ...spec, list: [{ ...spec.list[0]!, params: {} }] }],
  ["a parameter that nobody reads", { ...spec, list: [{ ...spec.list[3]!, params: { steps: 3 } }] }],
  ["an unknown chain", { ...spec, list: [{ ...spec.list[3]!, chain: "noise" }] }],
  ["another catalogue", { ...spec, catalogueVersion: 2 }],
])("%s is refused", (_, wrong) => {
  expect(() => createHistoryExtractor(wrong)).toThrow(AuroraError);
});
