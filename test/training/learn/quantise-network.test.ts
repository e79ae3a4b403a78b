import { expect, test } from "vitest";
import { findStudentFault } from "../../../src/core/inference/check-student.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { runDense } from "../../../src/training/learn/dense-network.ts";
import { quantiseNetwork, runQuantised } from "../../../src/training/learn/quantise-network.ts";
import { createTiedNetwork, expandTiedNetwork } from "../../../src/training/learn/tied-network.ts";

const tying = {
  own: [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7, 8],
  ],
  shared: [9, 10],
};

test("a quantised network is sound, uses 7-bit weights, and stays close to the float network", () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = createRandom(seed);
    const layers = expandTiedNetwork(createTiedNetwork(tying, [8, 4, 1], random), tying, 11);
    const rows = 400;
    const features = Float32Array.from({ length: rows * 11 }, () =>
      Math.max(-6, Math.min(6, random.normal())),
    );
    const mlp = quantiseNetwork(layers, { features, rows, clamp: 6 });
    expect(findStudentFault(mlp)).toBeNull();
    expect(Math.max(...mlp.layers.flatMap((layer) => [...layer.weights].map(Math.abs)))).toBe(63);
    const float = runDense(layers, features, rows);
    const actual = runQuantised(mlp, features, rows);
    const spread = Math.max(...float) - Math.min(...float);
    let sum = 0;
    for (const [index, value] of float.entries()) sum += Math.abs(value - actual[index]!);
    expect(sum / float.length).toBeLessThan(spread * 0.02);
  }
});

test("a neuron without weights and a layer without activity are still sound", () => {
  const layers = [
    { inputs: 2, outputs: 2, weights: new Float32Array(4), bias: new Float32Array([0.5, -1]), relu: true },
    { inputs: 2, outputs: 1, weights: new Float32Array([1, 1]), bias: new Float32Array([0]), relu: false },
  ];
  const features = new Float32Array([1, 2, 3, 4]);
  const mlp = quantiseNetwork(layers, { features, rows: 2, clamp: 6 });
  expect(findStudentFault(mlp)).toBeNull();
  for (const logit of runQuantised(mlp, features, 2)) expect(logit).toBeCloseTo(0.5, 1);
});
