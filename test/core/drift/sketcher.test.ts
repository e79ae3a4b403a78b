import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FeatureSketch } from "../../../src/core/contract/uplink-record.ts";
import { fitReference } from "../../../src/core/drift/fit-reference.ts";
import { countValues, createSketcher, mergeSketches } from "../../../src/core/drift/sketcher.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const random = createRandom(1);
const reference = fitReference(
  {
    rows: Array.from({ length: 500 }, () => [random.normal(), random.normal() * 100 + 5, 3]),
    featureNames: ["a", "b", "constant"],
    scoreRows: Array.from({ length: 500 }, () => [random.normal()]),
  },
  { seed: 1, replicates: 20 },
);
const value = fc.oneof(
  fc.float({ min: -1000, max: 1000, noNaN: true }),
  fc.constantFrom(3, Number.NaN, Number.POSITIVE_INFINITY),
);
const rows = fc.array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 60 });
type Rows = readonly (readonly [number, number, number, number])[];

function sketch(given: Rows): FeatureSketch[] {
  const sketcher = createSketcher(reference);
  for (const [a, b, c, score] of given) sketcher.update([a, b, c], [score]);
  return sketcher.take();
}

/** What a merge promises to the bit. */
const exact = (s: FeatureSketch): unknown => ({ ...s, mean: 0, sumSquares: 0 });
const merge = (a: readonly FeatureSketch[], b: readonly FeatureSketch[]): FeatureSketch[] =>
  a.map((ofA, index) => mergeSketches(ofA, b[index]!));

describe("sketches", () => {
  it("of two halves merge to exactly the sketch of the whole", () => {
    fc.assert(
      fc.property(rows, rows, (first, second) => {
        const merged = merge(sketch(first), sketch(second));
        const whole = sketch([...first, ...second]);
        expect(merged.map(exact)).toEqual(whole.map(exact));
        for (const [index, s] of merged.entries()) {
          const expected = whole[index]!;
          expect(Math.abs(s.mean - expected.mean)).toBeLessThanOrEqual(1e-9);
          expect(Math.abs(s.sumSquares - expected.sumSquares)).toBeLessThanOrEqual(
            1e-9 * (1 + expected.sumSquares),
          );
        }
      }),
    );
  });

  it("merge in any order and grouping to the same", () => {
    fc.assert(
      fc.property(rows, rows, rows, (a, b, c) => {
        const [x, y, z] = [sketch(a), sketch(b), sketch(c)];
        expect(merge(x, y).map(exact)).toEqual(merge(y, x).map(exact));
        expect(merge(merge(x, y), z).map(exact)).toEqual(merge(x, merge(y, z)).map(exact));
        for (const [index, s] of merge(x, y).entries()) {
          const swapped = merge(y, x)[index]!;
          expect(s.mean).toBeCloseTo(swapped.mean, 9);
        }
      }),
    );
  });

  it("count more windows of an interval than narrow numbers hold", () => {
    const sketcher = createSketcher(reference);
    for (const windows of [65_535, 65_536, 70_000, 3]) {
      for (let window = 0; window < windows; window++) sketcher.update([3, Number.NaN, 3], [1]);
      const [a, b, constant] = sketcher.take();
      expect([countValues(a!), b!.invalid, Math.max(...constant!.counts)]).toEqual([
        windows,
        windows,
        windows,
      ]);
    }
  });

  it("count every value once: in a bin or as invalid", () => {
    fc.assert(
      fc.property(rows, (given) => {
        for (const s of sketch(given)) expect(countValues(s) + s.invalid).toBe(given.length);
      }),
    );
  });

  it("start over after take, and say nothing of an empty interval", () => {
    const sketcher = createSketcher(reference);
    expect(sketcher.take()).toEqual([]);
    sketcher.update([0, 0, 3], null);
    expect(sketcher.windows).toBe(1);
    const first = sketcher.take();
    expect(first.map((s) => s.feature)).toEqual([0, 1, 2]);
    expect(sketcher.windows).toBe(0);
    sketcher.update([0, 0, 3], null);
    expect(sketcher.take()).toEqual(first);
  });

  it("count levels in bins that are the same for every machine, where there are any", () => {
    const levels = { names: ["low", "top"], rows: Array.from({ length: 50 }, () => [-30, Number.NaN]) };
    const rows = Array.from({ length: 50 }, () => [random.normal()]);
    const given = { rows, featureNames: ["a"], scoreRows: rows, levels };
    const sketcher = createSketcher(fitReference(given, { seed: 1, replicates: 20 }));
    sketcher.update([0], [0], [-66.5, Number.NaN]);
    sketcher.update([0], [0], Float32Array.of(-63, 30));
    sketcher.update([0], [0]);
    sketcher.update([0], null, null);
    const [feature, score, low, top] = sketcher.take();
    expect([countValues(feature!), countValues(score!)]).toEqual([4, 3]);
    expect(low!.counts.slice(0, 4)).toEqual([1, 0, 1, 0]);
    expect(low!.counts).toHaveLength(33);
    expect([top!.counts.at(-1), top!.invalid, top!.mean]).toEqual([1, 1, 30]);
  });

  it("hold no value whose square would be too large for the wire", () => {
    const sketcher = createSketcher(reference);
    for (const wild of [1e16, -1e38, 1e15]) sketcher.update([wild, 0, 3], [0]);
    const [a] = sketcher.take();
    expect([countValues(a!), a!.invalid, a!.max]).toEqual([1, 2, 1e15]);
  });

  it("of another feature or other bins do not merge", () => {
    const [a, b] = sketch([[0, 0, 0, 0]]);
    expect(() => mergeSketches(a!, b!)).toThrow(RangeError);
    expect(() => mergeSketches(a!, { ...a!, counts: [1] })).toThrow(/bins/);
  });
});
