import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { computeMacroAuroc } from "../../../src/training/judge/metrics.ts";
import { createDenseNetwork, runDense } from "../../../src/training/learn/dense-network.ts";
import { openTensorTrainer } from "../../../src/training/learn/open-trainer.ts";
import type { FitOptions, FitRows } from "../../../src/training/learn/tensor-trainer.ts";
import { loadTensorFlow } from "../../../src/training/learn/tensorflow.ts";
import {
  arrangeRows,
  createTiedNetwork,
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
const options: Omit<FitOptions, "random"> = {
  steps: 120,
  batchRows: 64,
  learningRate: 0.02,
  weightDecay: 0.001,
  inputNoise: 0,
  temperature: 2,
  softShare: 0.5,
};
const rows = 300;
const random = createRandom(7);
const features = Float32Array.from({ length: rows * 7 }, () => random.normal());
const labels = Float32Array.from({ length: rows * 3 }, (_, index) => {
  const row = Math.floor(index / 3) * 7;
  const own = (index % 3) * 2;
  return features[row + own]! + Math.abs(features[row + own + 1]!) > 0.8 ? 1 : 0;
});
const data: FitRows = {
  rows,
  ...arrangeRows(features, rows, tying),
  targets: labels,
  weights: new Float32Array(rows).fill(1),
  teacherLogits: null,
};
const start = (): TiedNetwork => createTiedNetwork(tying, [8, 1], createRandom(1));

test("a network learns what a linear one cannot, and a seed gives one set of weights", async () => {
  const trainer = await openTensorTrainer(() => {});
  const first = trainer.fit(start(), data, { ...options, random: createRandom(2) });
  const logits = runDense(expandTiedNetwork(first, tying, 7), features, rows);
  expect(computeMacroAuroc(logits, labels, 3)).toBeGreaterThan(0.97);
  expect(trainer.fit(start(), data, { ...options, random: createRandom(2) })).toEqual(first);
  expect(trainer.fit(start(), data, { ...options, random: createRandom(3) })).not.toEqual(first);
});

test("a student that sees only a teacher's logits comes to say what the teacher says", async () => {
  const trainer = await openTensorTrainer(() => {});
  const teacher = trainer.fit(start(), data, { ...options, random: createRandom(2) });
  const teacherLogits = runDense(expandTiedNetwork(teacher, tying, 7), features, rows);
  const nonsense = labels.map((label) => 1 - label);
  const student = trainer.fit(
    createTiedNetwork(tying, [8, 1], createRandom(9)),
    { ...data, targets: nonsense, teacherLogits },
    { ...options, steps: 300, softShare: 1, random: createRandom(4) },
  );
  const logits = runDense(expandTiedNetwork(student, tying, 7), features, rows);
  const agree = logits.filter((logit, index) => logit > 0 === teacherLogits[index]! > 0).length;
  expect(agree / logits.length).toBeGreaterThan(0.93);
});

test("a regression with several outputs is learnt, and rows without weight teach nothing", async () => {
  const trainer = await openTensorTrainer(() => {});
  const draw = createRandom(11);
  const count = 400;
  const inputs = Float32Array.from({ length: count * 2 }, () => draw.normal());
  const targets = Float32Array.from({ length: count * 2 }, (_, index) => {
    const row = Math.floor(index / 2) * 2;
    return index % 2 === 0 ? Math.abs(inputs[row]!) : inputs[row]! - 0.5 * inputs[row + 1]! + 2;
  });
  const half = count / 2;
  const weights = Float32Array.from({ length: count }, (_, row) => (row < half ? 1 : 0));
  const misleading = targets.map((value, index) => (index < 2 * half ? value : -100));
  const learn = (huberDelta: number): Float32Array => {
    const fitted = trainer.fitRegression(
      createDenseNetwork(2, [16, 2], createRandom(5)),
      { rows: count, features: inputs, targets: misleading, weights },
      {
        steps: 400,
        batchRows: 64,
        learningRate: 0.02,
        weightDecay: 0,
        inputNoise: 0,
        huberDelta,
        random: createRandom(6),
      },
    );
    return runDense(fitted, inputs, count);
  };
  for (const huberDelta of [0.5, Number.POSITIVE_INFINITY]) {
    const outputs = learn(huberDelta);
    const meanSquare =
      outputs.reduce((sum, value, index) => sum + (value - targets[index]!) ** 2, 0) / outputs.length;
    expect(meanSquare).toBeLessThan(0.02);
    expect(learn(huberDelta)).toEqual(outputs);
  }
});

test("what was learnt leaves no tensor behind", async () => {
  const { tf } = await loadTensorFlow(() => {});
  const trainer = await openTensorTrainer(() => {});
  const before = tf.memory().numTensors;
  const few = { ...options, steps: 3, random: createRandom(2) };
  trainer.fit(start(), data, few);
  const regression = { rows, features, targets: labels, weights: data.weights };
  trainer.fitRegression(createDenseNetwork(7, [4, 3], createRandom(5)), regression, {
    ...few,
    huberDelta: 1,
  });
  expect(tf.memory().numTensors).toBe(before);
});

/** Does the native binding load? It does not where its download is blocked and nobody built it. */
const nativeLoads = ((): boolean => {
  try {
    createRequire(import.meta.url)("@tensorflow/tfjs-node");
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!nativeLoads)(
  "native TensorFlow trains the same network as WebAssembly, but for rounding",
  () => {
    const script = new URL("../../../scripts/compare-tensorflow.ts", import.meta.url).pathname;
    const output = execFileSync(process.execPath, ["--import", "tsx", script], { encoding: "utf8" });
    const { compared } = JSON.parse(output) as {
      readonly compared: readonly {
        readonly wasm: { readonly rmse: number };
        readonly native: { readonly rmse: number };
        readonly predictions: { readonly largest: number };
      }[];
    };
    expect(compared.length).toBeGreaterThan(1);
    for (const { wasm, native, predictions } of compared) {
      expect(Math.abs(wasm.rmse - native.rmse)).toBeLessThan(0.001);
      expect(predictions.largest).toBeLessThan(0.01);
    }
  },
  120_000,
);
