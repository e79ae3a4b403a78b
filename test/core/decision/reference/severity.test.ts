import fc from "fast-check";
import { expect, test } from "vitest";
import type { BaselineSpec } from "../../../../src/core/contract/bundle/baseline-spec.ts";
import type { SiteBaseline } from "../../../../src/core/contract/site-baseline.ts";
import { computeSeverity, describeWander } from "../../../../src/core/decision/reference/severity.ts";

const list = ["a", "b", "c"].map((name) => ({
  name,
  operator: "rms-db",
  chain: "x",
  params: {},
  group: "level",
}));
const levels = {
  catalogueVersion: 1,
  chains: [{ name: "x", kind: "band-level", params: { fromHz: 1, toHz: 2 } }],
  list,
};
const spec: BaselineSpec = {
  levels,
  reference: [{ locationDb: -20, scaleDb: 1 }, null, { locationDb: -10, scaleDb: 3 }],
  minWindows: 60,
};
const baseline: SiteBaseline = {
  formatVersion: 1,
  version: 1,
  windows: 100,
  fromMs: 0,
  toMs: 1,
  shaftRpm: { min: 1000, max: 2000, reference: 1500 },
  spec: levels,
  levels: [
    { locationDb: -30, scaleDb: 1, perOctaveDb: 9 },
    { locationDb: -25, scaleDb: 1, perOctaveDb: 9 },
    null,
  ],
  model: null,
  margins: [],
  suspicions: [],
};

test("at its baseline a machine has 0 dB, and twice the amplitude everywhere is 6 dB more", () => {
  expect(
    computeSeverity({ levels: Float32Array.of(-30, -25, 4), shaftRpm: 1500 }, spec, baseline),
  ).toBeCloseTo(0, 5);
  expect(
    computeSeverity({ levels: Float32Array.of(-24, -19, 4), shaftRpm: 1500 }, spec, baseline),
  ).toBeCloseTo(6, 5);
  expect(
    computeSeverity({ levels: Float32Array.of(-36, -31, 4), shaftRpm: 1500 }, spec, baseline),
  ).toBeCloseTo(-6, 5);
});

test("what speed alone explains is not severity, and nothing is extrapolated beyond the learnt speeds", () => {
  const faster = 9 * Math.log2(2000 / 1500);
  const at = Float32Array.of(-30 + faster, -25 + faster, Number.NaN);
  expect(computeSeverity({ levels: at, shaftRpm: 2000 }, spec, baseline)).toBeCloseTo(0, 4);
  expect(computeSeverity({ levels: at, shaftRpm: 8000 }, spec, baseline)).toBeCloseTo(0, 4);
});

test("without a baseline, or with one of other levels, the bundle's reference stands in, unclipped", () => {
  expect(computeSeverity({ levels: Float32Array.of(-20, 99, -10), shaftRpm: 1500 }, spec, null)).toBeCloseTo(
    0,
    5,
  );
  expect(computeSeverity({ levels: Float32Array.of(-40, 99, -30), shaftRpm: 1500 }, spec, null)).toBeCloseTo(
    -20,
    5,
  );
  const other = { ...baseline, spec: { ...levels, catalogueVersion: 2 } };
  expect(computeSeverity({ levels: Float32Array.of(-20, 99, -10), shaftRpm: 1500 }, spec, other)).toBeCloseTo(
    0,
    5,
  );
});

test("no known level, no severity", () => {
  expect(
    computeSeverity({ levels: Float32Array.of(Number.NaN, 1, Number.NaN), shaftRpm: 1500 }, spec, null),
  ).toBeNaN();
});

test("severity never falls when a level rises, and lies between the least and the largest rise", () => {
  const rise = fc.float({ min: -40, max: 40, noNaN: true });
  fc.assert(
    fc.property(rise, rise, fc.float({ min: 0, max: 20, noNaN: true }), (first, second, more) => {
      const value = (a: number, b: number): number =>
        computeSeverity(
          { levels: Float32Array.of(-30 + a, -25 + b, Number.NaN), shaftRpm: 1500 },
          spec,
          baseline,
        );
      expect(value(first + more, second)).toBeGreaterThanOrEqual(value(first, second) - 1e-5);
      expect(value(first, second)).toBeLessThanOrEqual(Math.max(first, second) + 1e-4);
      expect(value(first, second)).toBeGreaterThanOrEqual(Math.min(first, second) - 1e-4);
    }),
  );
});

test("without a baseline a rise in a quiet band shows, however loud the machine is elsewhere", () => {
  const value = (quiet: number): number =>
    computeSeverity({ levels: Float32Array.of(-20 + 12, 99, -10 - 12 + quiet), shaftRpm: 1500 }, spec, null);
  expect(value(0)).toBeCloseTo(0, 5);
  expect(value(8)).toBeCloseTo(4, 5);
});

test("a level that wandered further than that of any machine that runs is said to look like one that stood", () => {
  expect(describeWander(4.25)).toBe("the level wandered by 4.3 dB while it was learnt");
  expect(describeWander(43.2)).toBe(
    "the level wandered by 43.2 dB while it was learnt, as between a machine that runs and one that stands",
  );
});

test("a peak without its band is a spark: it says no more than nine decibels", () => {
  const peaks = {
    ...levels,
    list: list.map((each, at) => (at === 0 ? { ...each, operator: "peak-db" } : each)),
  };
  const withPeaks = { ...spec, levels: peaks };
  const own = { ...baseline, spec: peaks };
  const severity = (rms: number, peak: number): number =>
    computeSeverity(
      { levels: Float32Array.of(-30 + peak, -25 + rms, Number.NaN), shaftRpm: 1500 },
      withPeaks,
      own,
    );
  const mean = (...differences: readonly number[]): number =>
    10 * Math.log10(differences.reduce((sum, each) => sum + 10 ** (each / 10), 0) / differences.length);
  expect(severity(0, 8)).toBeCloseTo(mean(0, 8), 5);
  expect(severity(0, 24)).toBeCloseTo(mean(0, 9), 5);
  // Blows fill their band.
  expect(severity(6, 15)).toBeCloseTo(mean(6, 15), 5);
  expect(severity(-3, 24)).toBeCloseTo(mean(-3, 9), 5);
});

test("of peaks alone nothing is held back", () => {
  const peaks = { ...levels, list: list.map((each) => ({ ...each, operator: "peak-db" })) };
  const window = { levels: Float32Array.of(0, Number.NaN, Number.NaN), shaftRpm: 1500 };
  const own = { ...baseline, spec: peaks };
  expect(computeSeverity(window, { ...spec, levels: peaks }, own)).toBeCloseTo(30, 5);
});
