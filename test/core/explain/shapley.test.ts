import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Explanation } from "../../../src/core/contract/prediction.ts";
import type { ExplanationBackground } from "../../../src/core/explain/background.ts";
import {
  type FeatureGroups,
  groupFeatures,
  planCoalitions,
} from "../../../src/core/explain/coalition-plan.ts";
import { reduceShapley } from "../../../src/core/explain/shapley.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

type Model = (x: readonly number[]) => number;

function backgroundOf(
  rows: readonly (readonly number[])[],
  weights?: readonly number[],
): ExplanationBackground {
  return {
    rows: rows.length,
    features: rows[0]!.length,
    values: Float32Array.from(rows.flat()),
    weights: Float64Array.from(weights ?? rows.map(() => 1 / rows.length)),
  };
}

function explain(
  model: Model,
  rows: readonly (readonly number[])[],
  x: readonly number[],
  ofFeature?: readonly number[],
  weights?: readonly number[],
): Explanation {
  const assigned = ofFeature ?? x.map((_, feature) => feature);
  const groups: FeatureGroups = {
    names: Array.from({ length: Math.max(...assigned) + 1 }, (_, group) => `g${group}`),
    ofFeature: assigned,
  };
  const plan = planCoalitions(Float32Array.from(x), backgroundOf(rows, weights), groups);
  const batch = new Float32Array(plan.rows * plan.features);
  plan.fill(0, plan.rows, batch);
  const values = Float64Array.from({ length: plan.rows }, (_, row) =>
    model([...batch.subarray(row * plan.features, (row + 1) * plan.features)]),
  );
  return reduceShapley(plan, values, { outputs: 1, scale: 1, zeroPoint: 0 })[0]!;
}

function expectShares(explanation: Explanation, baseValue: number, shares: readonly number[]): void {
  expect(explanation.baseValue).toBeCloseTo(baseValue, 12);
  for (const [index, share] of shares.entries())
    expect(explanation.groups[index]!.share).toBeCloseTo(share, 12);
  expect(explanation.groups.length).toBe(shares.length);
  expect(explanation.gap).toBeLessThan(1e-12);
}

describe("exact Shapley values", () => {
  const zero = [[0, 0, 0]];
  test("of a linear model are weight times distance from the mean (B1)", () => {
    const model: Model = ([a, b, c]) => 1 + 2 * a! - 3 * b! + 0.5 * c!;
    expectShares(
      explain(
        model,
        [
          [0, 0, 0],
          [2, 1, 4],
        ],
        [3, 2, 1],
      ),
      2.5,
      [4, -4.5, -0.5],
    );
  });
  test("share an interaction equally (B2)", () => {
    expectShares(
      explain(([a, b, c]) => a! * b! + c!, zero, [2, 3, 5]),
      0,
      [3, 3, 5],
    );
  });
  test("average over the background, for features and for groups (B3)", () => {
    const model: Model = ([a, b, c]) => a! * b! + c!;
    const rows = [
      [0, 0, 0],
      [1, 1, 1],
    ];
    expectShares(explain(model, rows, [2, 3, 5]), 1, [2.5, 3, 4.5]);
    expectShares(explain(model, rows, [2, 3, 5], [0, 0, 1]), 1, [5.5, 4.5]);
  });
  test("of a product of three are equal (B4)", () => {
    expectShares(
      explain(([a, b, c]) => a! * b! * c!, zero, [1, 2, 3]),
      0,
      [2, 2, 2],
    );
  });
  test("of a maximum follow the order of the values (B5)", () => {
    expectShares(
      explain((x) => Math.max(...x), zero, [3, 2, 1]),
      0,
      [11 / 6, 5 / 6, 1 / 3],
    );
  });
  test("of AND ignore the third input (B7)", () => {
    expectShares(
      explain(([a, b]) => a! * b!, zero, [1, 1, 0]),
      0,
      [0.5, 0.5, 0],
    );
  });
  test("of the glove game favour the scarce glove (B8)", () => {
    expectShares(
      explain(([a, b, c]) => Math.min(a! + b!, c!), zero, [1, 1, 1]),
      0,
      [1 / 6, 1 / 6, 2 / 3],
    );
  });

  test("follow the weights of the background", () => {
    const model: Model = ([a, b]) => a! * 3 + b!;
    expectShares(
      explain(
        model,
        [
          [0, 0],
          [4, 8],
        ],
        [1, 1],
        undefined,
        [0.75, 0.25],
      ),
      5,
      [0, -1],
    );
  });

  const game = fc.record({
    seed: fc.integer(),
    groups: fc.integer({ min: 1, max: 7 }),
    extra: fc.integer({ min: 0, max: 4 }),
    rows: fc.integer({ min: 1, max: 9 }),
  });

  test("agree with the mean over all orders in which groups can join", () => {
    fc.assert(
      fc.property(game, ({ seed, groups, extra, rows }) => {
        const n = Math.min(groups, 5);
        const { model, background, x, ofFeature } = createGame(seed, n, extra, rows);
        const explanation = explain(model, background, x, ofFeature);
        const value = (inside: ReadonlySet<number>): number =>
          background.reduce(
            (sum, row) =>
              sum + model(x.map((v, f) => (inside.has(ofFeature[f]!) ? v : row[f]!))) / background.length,
            0,
          );
        const expected = new Float64Array(n);
        const orders = permutations(Array.from({ length: n }, (_, group) => group));
        for (const order of orders) {
          const inside = new Set<number>();
          for (const group of order) {
            const before = value(inside);
            inside.add(group);
            expected[group]! += (value(inside) - before) / orders.length;
          }
        }
        for (const [group, { share }] of explanation.groups.entries())
          expect(share).toBeCloseTo(expected[group]!, 9);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("sum with the base value to the score within 1e-9, and give a group that does nothing nothing", () => {
    fc.assert(
      fc.property(game, ({ seed, groups, extra, rows }) => {
        const { model, background, x, ofFeature } = createGame(seed, groups, extra, rows);
        const idle = groups;
        const widened = background.map((row) => [...row, 7]);
        const explanation = explain((v) => model(v.slice(0, -1)), widened, [...x, -7], [...ofFeature, idle]);
        const sum = explanation.groups.reduce((total, { share }) => total + share, explanation.baseValue);
        expect(Math.abs(sum - model(x))).toBeLessThan(1e-9);
        expect(explanation.gap).toBeLessThan(1e-9);
        expect(explanation.groups[idle]!.share).toBeCloseTo(0, 12);
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  test("give a group without features the share 0 and ask for no runs on its account", () => {
    const groups: FeatureGroups = { names: ["a", "empty", "b"], ofFeature: [0, 2] };
    const plan = planCoalitions(
      Float32Array.of(1, 2),
      backgroundOf([
        [0, 0],
        [1, 1],
      ]),
      groups,
    );
    expect(plan.rows).toBe(3 * 2 + 1);
    const values = Float64Array.of(0, 0, 1, 1, 2, 2, 3);
    const [explanation] = reduceShapley(plan, values, { outputs: 1, scale: 1, zeroPoint: 0 });
    expect(explanation!.groups.map(({ share }) => share)).toEqual([1, 0, 2]);
  });

  test("are the same when the plan is filled in pieces", () => {
    const { background, x, ofFeature } = createGame(3, 6, 3, 5);
    const groups = { names: ["a", "b", "c", "d", "e", "f"], ofFeature };
    const plan = planCoalitions(Float32Array.from(x), backgroundOf(background), groups);
    const whole = new Float32Array(plan.rows * plan.features);
    plan.fill(0, plan.rows, whole);
    const piece = new Float32Array(7 * plan.features);
    for (let row = 0; row < plan.rows; row += 7) {
      const rows = Math.min(7, plan.rows - row);
      plan.fill(row, rows, piece);
      const expected = whole.subarray(row * plan.features, (row + rows) * plan.features);
      expect(piece.subarray(0, rows * plan.features)).toEqual(expected);
    }
    expect(whole.subarray(-plan.features)).toEqual(Float32Array.from(x));
  });

  test("refuse sizes that do not fit", () => {
    const background = backgroundOf([[0, 0]]);
    const groups = { names: ["a"], ofFeature: [0, 0] };
    expect(() => planCoalitions(new Float32Array(3), background, groups)).toThrow(RangeError);
    const many = { names: Array.from({ length: 13 }, (_, group) => `g${group}`), ofFeature: [0, 1] };
    expect(() => planCoalitions(new Float32Array(2), background, many)).toThrow("at most 12");
    const plan = planCoalitions(new Float32Array(2), background, groups);
    expect(() => plan.fill(1, 2, new Float32Array(99))).toThrow(RangeError);
    expect(() => reduceShapley(plan, [1], { outputs: 1, scale: 1, zeroPoint: 0 })).toThrow(RangeError);
  });

  test("take their groups from the manifest's feature list", () => {
    const feature = (name: string, group: string) => ({ name, group, operator: "o", chain: "c", params: {} });
    const list = [feature("a1", "a"), feature("b1", "b"), feature("a2", "a")];
    expect(groupFeatures({ list }, ["b", "a"])).toEqual({ names: ["b", "a"], ofFeature: [1, 0, 1] });
    expect(() => groupFeatures({ list }, ["a"])).toThrow('"b"');
  });
});

function createGame(
  seed: number,
  groups: number,
  extra: number,
  rows: number,
): { model: Model; background: number[][]; x: number[]; ofFeature: number[] } {
  const random = createRandom(seed);
  const features = groups + extra;
  const ofFeature = Array.from({ length: features }, (_, f) => (f < groups ? f : random.integer(groups)));
  // Whole numbers survive the planner's float32.
  const draw = (): number[] => Array.from({ length: features }, () => random.integer(9) - 4);
  const weights = draw();
  const model: Model = (x) =>
    Math.tanh(x.reduce((sum, v, f) => sum + v * weights[f]!, 0) / 9) * 3 + x[0]! * x[features - 1]!;
  return { model, background: Array.from({ length: rows }, draw), x: draw(), ofFeature };
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}
