import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { runDense } from "../../../src/training/learn/dense-network.ts";
import { fitTiedLogistic } from "../../../src/training/learn/fit-tied-logistic.ts";
import type { FitRows } from "../../../src/training/learn/tensor-trainer.ts";
import {
  arrangeRows,
  expandTiedNetwork,
  type TiedNetwork,
} from "../../../src/training/learn/tied-network.ts";

const tying = {
  own: [
    [0, 1],
    [2, 3],
    [4, 5],
  ],
  shared: [6],
};
const features = 7;

/** Rows whose labels follow a hypothesis' first feature, not without error. */
function drawRows(seed: number, rows: number): { readonly plain: Float32Array; readonly data: FitRows } {
  const random = createRandom(seed);
  const plain = Float32Array.from({ length: rows * features }, () => random.normal());
  const targets = new Float32Array(rows * 3);
  for (let row = 0; row < rows; row++) {
    for (const [hypothesis, own] of tying.own.entries()) {
      const drive = 1.5 * plain[row * features + own[0]!]! - 1 + random.normal();
      targets[row * 3 + hypothesis] = drive > 0 ? 1 : 0;
    }
  }
  const weights = Float32Array.from({ length: rows }, () => 0.5 + random.uniform());
  return {
    plain,
    data: { rows, ...arrangeRows(plain, rows, tying), targets, weights, teacherLogits: null },
  };
}

/** The loss of a network by another way than the fit's: through the plain network that it is deployed as. */
function lossOf(network: TiedNetwork, { plain, data }: ReturnType<typeof drawRows>, penalty: number): number {
  const logits = runDense(expandTiedNetwork(network, tying, features), plain, data.rows);
  const total = data.weights.reduce((sum, weight) => sum + weight, 0) * 3;
  let loss = 0;
  for (const [index, logit] of logits.entries()) {
    const margin = data.targets[index] === 1 ? -logit : logit;
    const weight = data.weights[Math.floor(index / 3)]!;
    loss += (weight / total) * (Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))));
  }
  const { own, others, shared } = network.layers[0]!;
  for (const weight of [...own, ...others, ...shared]) loss += (penalty / 2) * weight ** 2;
  return loss;
}

function change(network: TiedNetwork, part: "own" | "others" | "shared" | "bias", at: number, by: number) {
  const layer = network.layers[0]!;
  const changed = Float32Array.from(layer[part]);
  changed[at]! += by;
  return { ...network, layers: [{ ...layer, [part]: changed }] };
}

describe("the tied logistic regression", () => {
  test("is at its minimum: the gradient vanishes in every weight, by differences of another computation", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 1e-6, 1e-2, 1), (seed, penalty) => {
        const drawn = drawRows(seed, 200);
        const { network, gradient } = fitTiedLogistic(drawn.data, 3, penalty);
        expect(gradient).toBeLessThanOrEqual(1e-10);
        for (const part of ["own", "others", "shared", "bias"] as const) {
          for (const at of network.layers[0]![part].keys()) {
            const step = 1e-2;
            const [up, down] = [step, -step].map((by) =>
              lossOf(change(network, part, at, by), drawn, penalty),
            );
            expect(Math.abs(up! - down!) / (2 * step)).toBeLessThan(2e-5);
            expect(Math.min(up!, down!)).toBeGreaterThan(lossOf(network, drawn, penalty));
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  test("a row without weight changes nothing", () => {
    const { data } = drawRows(3, 100);
    const half = { ...data, weights: data.weights.map((weight, row) => (row < 60 ? weight : 0)) };
    const first = {
      ...data,
      rows: 60,
      own: data.own.subarray(0, 60 * 6),
      shared: data.shared.subarray(0, 60),
      targets: data.targets.subarray(0, 60 * 3),
      weights: data.weights.subarray(0, 60),
    };
    const [left, right] = [half, first].map((rows) => fitTiedLogistic(rows, 3, 1e-4).network.layers[0]!);
    for (const part of ["own", "others", "shared", "bias"] as const) {
      for (const [at, weight] of left![part].entries()) expect(weight).toBeCloseTo(right![part][at]!, 6);
    }
  });

  test("classes that a plane divides have finite best weights, and inputs that are not finite are refused", () => {
    const { data } = drawRows(4, 60);
    const targets = data.targets.map((_, index) => (data.own[2 * index]! > 0 ? 1 : 0));
    const { network, gradient } = fitTiedLogistic({ ...data, targets }, 3, 1e-6);
    expect(gradient).toBeLessThanOrEqual(1e-10);
    expect(network.layers[0]!.own[0]).toBeGreaterThan(1);
    const broken = { ...data, shared: data.shared.map((value, row) => (row === 7 ? Number.NaN : value)) };
    expect(() => fitTiedLogistic(broken, 3, 1e-6)).toThrow(/does not converge/);
  });
});
