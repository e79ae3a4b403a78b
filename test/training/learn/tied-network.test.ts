import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createDenseNetwork, runDense } from "../../../src/training/learn/dense-network.ts";
import { planPruning, pruneDense, pruneNetwork } from "../../../src/training/learn/prune-network.ts";
import { createTiedNetwork, expandTiedNetwork } from "../../../src/training/learn/tied-network.ts";

const tying = {
  own: [
    [0, 1],
    [2, 3],
    [4, 5],
  ],
  shared: [6, 7],
};

test("exchanging two hypotheses' features exchanges their logits and changes no other", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (seed, rowSeed) => {
      const layers = expandTiedNetwork(createTiedNetwork(tying, [5, 4, 1], createRandom(seed)), tying, 8);
      const random = createRandom(rowSeed);
      const row = Float32Array.from({ length: 8 }, () => random.normal());
      const swapped = Float32Array.from([
        row[2]!,
        row[3]!,
        row[0]!,
        row[1]!,
        row[4]!,
        row[5]!,
        row[6]!,
        row[7]!,
      ]);
      const [inner, outer, ball] = runDense(layers, row, 1);
      const [otherInner, otherOuter, otherBall] = runDense(layers, swapped, 1);
      expect(otherInner).toBeCloseTo(outer!, 4);
      expect(otherOuter).toBeCloseTo(inner!, 4);
      expect(otherBall).toBeCloseTo(ball!, 4);
    }),
    { numRuns: 50 },
  );
});

test("one hypothesis is a plain network: a worked example", () => {
  const layers = expandTiedNetwork(
    {
      hypotheses: 1,
      sharedInputs: 1,
      layers: [
        {
          inputs: 2,
          outputs: 2,
          own: new Float32Array([1, 2, -1, 0]),
          others: new Float32Array(4),
          shared: new Float32Array([3, 1]),
          bias: new Float32Array([0.5, 0]),
        },
        {
          inputs: 2,
          outputs: 1,
          own: new Float32Array([2, 7]),
          others: new Float32Array(2),
          shared: new Float32Array(0),
          bias: new Float32Array([-1]),
        },
      ],
    },
    { own: [[2, 0]], shared: [1] },
    3,
  );
  // own = (x2, x0) = (3, 1), shared = x1 = 2: relu(3 + 2 + 6 + 0.5) = 11.5, relu(-3 + 2) = 0; 2 · 11.5 − 1 = 22.
  expect([...runDense(layers, new Float32Array([1, 2, 3]), 1)]).toEqual([22]);
});

test("features that no hypothesis uses have no influence", () => {
  const layers = expandTiedNetwork(createTiedNetwork(tying, [3, 1], createRandom(1)), tying, 9);
  const row = new Float32Array(9);
  const before = runDense(layers, row, 1);
  row[8] = 100;
  expect(runDense(layers, row, 1)).toEqual(before);
});

test("pruning takes out whole neurons, first those that nothing listens to, without a change of the function", () => {
  const network = createTiedNetwork(tying, [6, 4, 1], createRandom(3));
  const silenced = [1, 4];
  for (const neuron of silenced) {
    const next = network.layers[1]!;
    for (let row = 0; row < next.outputs; row++) {
      next.own[row * 6 + neuron] = 0;
      next.others[row * 6 + neuron] = 0;
    }
  }
  const pruned = pruneNetwork(network, [4, 4]);
  expect(pruned.layers.map((layer) => [layer.inputs, layer.outputs])).toEqual([
    [2, 4],
    [4, 4],
    [4, 1],
  ]);
  const row = Float32Array.from([1, -1, 0.5, 2, -2, 0.3, 1, 0]);
  const before = runDense(expandTiedNetwork(network, tying, 8), row, 1);
  const after = runDense(expandTiedNetwork(pruned, tying, 8), row, 1);
  for (const [index, value] of after.entries()) expect(value).toBeCloseTo(before[index]!, 5);
});

test("pruning goes in even steps to the wanted widths", () => {
  expect(planPruning([16, 8], [8, 4], 4)).toEqual([
    [14, 7],
    [12, 6],
    [10, 5],
    [8, 4],
  ]);
});

test("a plain network loses its weakest neurons and nothing else", () => {
  const network = createDenseNetwork(3, [4, 2], createRandom(9));
  const [hidden] = network;
  // Neuron 1 says nothing: taking it out changes no output.
  hidden!.weights.fill(0, 3, 6);
  const pruned = pruneDense(network, [3]);
  const rows = Float32Array.from({ length: 30 }, () => createRandom(4).normal());
  expect(pruned[0]!.outputs).toBe(3);
  expect(pruned[1]!.inputs).toBe(3);
  expect(runDense(pruned, rows, 10)).toEqual(runDense(network, rows, 10));
});
