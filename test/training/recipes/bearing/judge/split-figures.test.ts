import { expect, test } from "vitest";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import type { ScoredSet } from "../../../../../src/training/judge/scored-set.ts";
import { summariseSplits } from "../../../../../src/training/recipes/bearing/judge/split-figures.ts";

const bearings = 6;

/** One split's test side: bearings of two kinds and their healthy other ends; `shift` is what a score knows of a fault. */
function makeSplit(shift: (bearing: number) => number, seed: number): ScoredSet {
  const random = createRandom(seed);
  const signals = Array.from({ length: 2 * bearings }, (_, index) => {
    const bearing = Math.floor(index / 2);
    return {
      id: `${index}`,
      unit: `bearing ${bearing}`,
      stratum: bearing % 2 === 0 ? "A" : "B",
      truth: index % 2 === 0 ? bearing % 2 : null,
      rows: 20,
      slices: {},
    };
  });
  const score = (by: (bearing: number) => number): Float32Array =>
    Float32Array.from(
      signals.flatMap(({ truth }, index) =>
        Array.from({ length: 20 }, () =>
          [0, 1].map((output) => random.normal() + (truth === output ? by(Math.floor(index / 2)) : 0)),
        ).flat(),
      ),
    );
  return {
    signals,
    outputs: 2,
    scores: {
      int8: score(shift),
      float: score(shift),
      logistic: score((each) => shift(each) / 2),
      physics: score(() => 0),
    },
  };
}

const uneven = (bearing: number): number => 0.5 + 0.7 * bearing;

test("many splits of the same bearings are no surer than their bearings", () => {
  const once = [makeSplit(uneven, 1)];
  const repeated = Array.from({ length: 12 }, () => once[0]!);
  const [few, many] = [once, repeated].map((sets) => summariseSplits(sets, 3));
  expect(many!.splits).toBe(12);
  expect(many!.bearings).toBe(bearings);
  expect(many!.figures.int8!.value).toBeCloseTo(few!.figures.int8!.value, 12);
  const width = ({ figures }: typeof few & object): number => figures.int8!.high! - figures.int8!.low!;
  expect(width(many!)).toBeCloseTo(width(few!), 9);
  expect(width(many!)).toBeGreaterThan(0.05);
});

test("a lead is paired by bearings: what is sure on each is sure, what hangs on one is not", () => {
  const sets = [makeSplit(() => 3, 4), makeSplit(() => 3, 5)];
  const { gains } = summariseSplits(sets, 3);
  expect(gains.overPhysics!.low).toBeGreaterThan(0.2);
  expect(gains.overLogistic!.low).toBeGreaterThan(0);
  const lucky = summariseSplits([makeSplit((bearing) => (bearing === 0 ? 6 : 0), 6)], 3);
  expect(lucky.gains.overPhysics!.value).toBeGreaterThan(0);
  expect(lucky.gains.overPhysics!.low).toBeLessThan(0.02);
});

test("without a physics score there is no lead over one", () => {
  const { scores, ...set } = makeSplit(uneven, 7);
  const { physics: _, ...rest } = scores;
  const summary = summariseSplits([{ ...set, scores: rest }], 3);
  expect(summary.gains.overPhysics).toBeUndefined();
  expect(summary.figures.physics).toBeUndefined();
});
