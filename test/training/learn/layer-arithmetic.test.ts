/** Networks that learn in the engine's integers: what they compute, and what their gradients see. */

import { beforeAll, expect, test } from "vitest";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";
import { createDenseNetwork, type DenseLayer, runDense } from "../../../src/training/learn/dense-network.ts";
import { openDenseNetwork } from "../../../src/training/learn/fit-regression.ts";
import { openTiedNetwork } from "../../../src/training/learn/fit-tied-network.ts";
import { createEngineArithmetic, floatArithmetic } from "../../../src/training/learn/layer-arithmetic.ts";
import { openTensorTrainer } from "../../../src/training/learn/open-trainer.ts";
import {
  quantiseNetwork,
  quantiseOnGrids,
  readGrids,
  runQuantised,
} from "../../../src/training/learn/quantise-network.ts";
import { loadTensorFlow, type Tensor, type TensorLibrary } from "../../../src/training/learn/tensorflow.ts";
import {
  arrangeRows,
  createTiedNetwork,
  expandTiedNetwork,
} from "../../../src/training/learn/tied-network.ts";

let tf: TensorLibrary;
beforeAll(async () => {
  ({ tf } = await loadTensorFlow(() => {}));
});

const rows = 500;
const clamp = 5;
const draw = (random: Random, columns: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, () => 2 * random.normal());
const withBiases = <L extends { readonly bias: Float32Array }>(layers: readonly L[], random: Random): L[] =>
  layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => 0.3 * random.normal()) }));

test.each([0, 1, 2, 3])(
  "a plain network in integers says what the engine says, bit for bit (seed %i)",
  (seed) => {
    const random = createRandom(seed);
    const network = withBiases(createDenseNetwork(20, [32, 16, 3], random), random);
    const features = draw(random, 20);
    const calibration = { features: features.map((x) => Math.max(-clamp, Math.min(clamp, x))), rows, clamp };
    const mlp = quantiseNetwork(network, calibration);
    const said = tf.tidy(() => {
      const { run } = openDenseNetwork(tf, network);
      return run(
        tf.tensor2d(features, [rows, 20]),
        createEngineArithmetic(tf, readGrids(mlp)),
      ).outputs.dataSync();
    });
    expect(Float32Array.from(said)).toEqual(runQuantised(mlp, features, rows));
  },
);

test.each([1, 2, 3])(
  "a tied network of %i hypotheses in integers says what the engine says, bit for bit",
  (hypotheses) => {
    const random = createRandom(hypotheses);
    const tying = {
      own: Array.from({ length: hypotheses }, (_, of) => [0, 1, 2, 3].map((column) => 4 * of + column)),
      shared: [4 * hypotheses, 4 * hypotheses + 1],
    };
    const width = 4 * hypotheses + 2;
    const start = createTiedNetwork(tying, [8, 4, 1], random);
    const network = { ...start, layers: withBiases(start.layers, random) };
    const features = draw(random, width);
    const dense = expandTiedNetwork(network, tying, width);
    const mlp = quantiseNetwork(dense, { features, rows, clamp });
    const { own, shared } = arrangeRows(features, rows, tying);
    const said = tf.tidy(() =>
      openTiedNetwork(tf, network)
        .run(
          tf.tensor3d(own, [rows, hypotheses, 4]),
          tf.tensor2d(shared, [rows, 2]),
          createEngineArithmetic(tf, readGrids(mlp)),
        )
        .outputs.dataSync(),
    );
    expect(Float32Array.from(said)).toEqual(runQuantised(mlp, features, rows));
  },
);

test("gradients in integers are those of floats, but for the size of a step", () => {
  const random = createRandom(5);
  const network = withBiases(createDenseNetwork(6, [8, 2], random), random);
  // Steps so fine that rounding hardly matters, and ends so far that nothing is cut: only the backward pass is left to differ.
  const features = draw(random, 6).map((x) => x / 4);
  const gradients = (grids: readonly { scale: number; zeroPoint: number }[] | null): Float32Array[] =>
    tf.tidy(() => {
      const { run, variables } = openDenseNetwork(tf, network);
      const arithmetic = grids === null ? floatArithmetic : createEngineArithmetic(tf, grids);
      const { grads } = tf.variableGrads(
        () => tf.mean(tf.square(run(tf.tensor2d(features, [rows, 6]), arithmetic).outputs)),
        variables,
      );
      return variables.map((variable) => Float32Array.from(grads[variable.name]!.dataSync()));
    });
  const mlp = quantiseNetwork(network, { features, rows, clamp: 3, outputKind: "values" });
  const plain = gradients(null);
  for (const [index, own] of gradients(readGrids(mlp)).entries()) {
    const size = Math.hypot(...plain[index]!);
    const error = Math.hypot(...own.map((value, at) => value - plain[index]![at]!));
    expect(error / size).toBeLessThan(0.05);
  }
});

test("rounding lets a gradient through, and a value beyond the grid's end lets none", () => {
  const grids = [
    { scale: 0.5, zeroPoint: 128 },
    { scale: 0.25, zeroPoint: 100 },
  ];
  const { enter, exit } = createEngineArithmetic(tf, grids);
  const slope = tf.grad((x: Tensor) => tf.sum(enter(x)));
  const x = tf.tensor1d([0.1, 0.26, -63.9, 63.6, -65, 64]);
  expect([...enter(x).dataSync()]).toEqual([0, 1, -128, 127, -128, 127]);
  // One step of the grid is half a unit: two steps a unit, and nothing beyond −64 and 63.5.
  expect([...slope(x).dataSync()]).toEqual([2, 2, 2, 0, 0, 0]);
  expect([...exit(tf.tensor1d([3])).dataSync()]).toEqual([0.75]);
});

test("weights round to the nearest of 127 values, the largest to the last, and their gradients pass", () => {
  const grids = [
    { scale: 1, zeroPoint: 0 },
    { scale: 1, zeroPoint: 0 },
  ];
  const { open } = createEngineArithmetic(tf, grids);
  const weights = tf.tensor2d([0.63, 6.3, -0.104, 2.55], [2, 2]);
  const bias = tf.tensor1d([0.026, -0.74]);
  const numbers = open(0, [weights], bias);
  expect([...numbers.matrices[0]!.dataSync()]).toEqual([63, 63, -10, 26]);
  expect([...numbers.bias.dataSync()]).toEqual([3, -7]);
  const slope = tf.grad((w: Tensor) => tf.sum(open(0, [w], bias).leave(open(0, [w], bias).matrices[0]!)));
  // 1 / scale of the weight · scale of the product = 1 for what is within the grid of 0 … 255, nothing for what is below.
  const [first, second, third, fourth] = slope(weights).dataSync();
  expect([first, second, fourth].map((value) => value!.toFixed(5))).toEqual([
    "1.00000",
    "1.00000",
    "1.00000",
  ]);
  expect(third).toBe(0);
});

test("a neuron without weights keeps its bias in integers, too", () => {
  const network = [
    { inputs: 2, outputs: 1, weights: new Float32Array(2), bias: new Float32Array([0.5]), relu: false },
  ];
  const grids = [
    { scale: Math.fround(0.04), zeroPoint: 128 },
    { scale: Math.fround(0.01), zeroPoint: 0 },
  ];
  const features = new Float32Array([1, -2]);
  const said = tf.tidy(() =>
    openDenseNetwork(tf, network)
      .run(tf.tensor2d(features, [1, 2]), createEngineArithmetic(tf, grids))
      .outputs.dataSync(),
  );
  expect(Float32Array.from(said)).toEqual(runQuantised(quantiseOnGrids(network, grids), features, 1));
  expect(said[0]).toBeCloseTo(0.5, 2);
});

test("fine-tuning on coarse grids makes the engine err less than rounding alone does", async () => {
  const trainer = await openTensorTrainer(() => {});
  const random = createRandom(21);
  const count = 128;
  const teacher = withBiases(createDenseNetwork(4, [8, 1], random), random);
  const features = Float32Array.from({ length: count * 4 }, () => random.normal());
  const targets = runDense(teacher, features, count);
  // A hidden layer forty times as coarse as it need be, six steps in all: rounding errs much.
  const fine = readGrids(quantiseNetwork(teacher, { features, rows: count, clamp: 5, outputKind: "values" }));
  const grids = fine.map(({ scale, zeroPoint }, index) =>
    index === 1 ? { scale: Math.fround(40 * scale), zeroPoint } : { scale, zeroPoint },
  );
  const errorOf = (network: readonly DenseLayer[]): number =>
    runQuantised(quantiseOnGrids(network, grids), features, count).reduce(
      (sum, value, row) => sum + (value - targets[row]!) ** 2,
      0,
    );
  const options = {
    steps: 200,
    batchRows: 0,
    learningRate: 0.03,
    weightDecay: 0,
    inputNoise: 0,
    huberDelta: 1,
  };
  const rowsOf = { rows: count, features, targets, weights: new Float32Array(count).fill(1) };
  const tuned = trainer.fitRegression(teacher, rowsOf, { ...options, grids, random: createRandom(22) });
  expect(errorOf(tuned)).toBeLessThan(0.7 * errorOf(teacher));
  // What it learnt on are floats still: few of them lie on a step of the engine's weights.
  const { weights, weightScales } = quantiseOnGrids(tuned, grids).layers[0]!;
  const off = tuned[0]!.weights.filter(
    (weight, index) => Math.abs(weight - weights[index]! * weightScales[Math.floor(index / 4)]!) > 1e-5,
  );
  expect(off.length).toBeGreaterThan(weights.length / 2);
});
