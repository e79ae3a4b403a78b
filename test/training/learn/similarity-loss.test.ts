/** Feature matching by likeness of rows: its value, its gradient, and that it makes hidden layers alike. */
import { beforeAll, expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  createDenseNetwork,
  createTeacherHidden,
  type DenseLayer,
  runDense,
} from "../../../src/training/learn/dense-network.ts";
import { openTensorTrainer } from "../../../src/training/learn/open-trainer.ts";
import { createSimilarityLoss } from "../../../src/training/learn/similarity-loss.ts";
import type { RegressionRows } from "../../../src/training/learn/tensor-trainer.ts";
import { loadTensorFlow, type TensorLibrary } from "../../../src/training/learn/tensorflow.ts";

let tf: TensorLibrary;
beforeAll(async () => {
  ({ tf } = await loadTensorFlow(() => {}));
});

/** Tung & Mori 2019, equations 2 to 4, in doubles. */
function computeLoss(student: ArrayLike<number>, teacher: ArrayLike<number>, rows: number): number {
  const compare = (hidden: ArrayLike<number>): number[][] => {
    const width = hidden.length / rows;
    return Array.from({ length: rows }, (_, a) => {
      const products = Array.from({ length: rows }, (_, b) =>
        Array.from({ length: width }, (_, c) => hidden[a * width + c]! * hidden[b * width + c]!).reduce(
          (sum, each) => sum + each,
          0,
        ),
      );
      const length = Math.hypot(...products, 1e-3);
      return products.map((product) => product / length);
    });
  };
  const [own, wanted] = [compare(student).flat(), compare(teacher).flat()];
  return own.reduce((sum, each, index) => sum + (each - wanted[index]!) ** 2, 0) / rows ** 2;
}

const rows = 7;
const random = createRandom(3);
const teacher = Float32Array.from({ length: rows * 5 }, () => Math.abs(random.normal()));
const student = Float32Array.from({ length: rows * 3 }, () => Math.abs(random.normal()));

test("it is the published loss, nothing for hidden layers that are alike, and finite where a layer is silent", () => {
  const lossOf = (values: Float32Array): number =>
    tf.tidy(
      () =>
        createSimilarityLoss(
          tf,
          teacher,
          rows,
        )(tf.tensor2d(values, [rows, values.length / rows])).dataSync()[0]!,
    );
  expect(lossOf(student)).toBeCloseTo(computeLoss(student, teacher, rows), 6);
  expect(lossOf(teacher.map((value) => 3 * value))).toBeLessThan(1e-9);
  // Columns in another sequence, and one more that is silent: the same likeness.
  const turned = Float32Array.from({ length: rows * 6 }, (_, index) =>
    index % 6 === 0 ? 0 : teacher[Math.floor(index / 6) * 5 + ((index % 6) % 5)]!,
  );
  expect(lossOf(turned)).toBeLessThan(1e-9);
  expect(lossOf(new Float32Array(rows * 2))).toBeLessThanOrEqual(4 / rows);
});

test("its gradient is that of finite differences", () => {
  const gradient = tf.tidy(() => {
    const loss = createSimilarityLoss(tf, teacher, rows);
    return tf
      .grad((hidden) => loss(hidden))(tf.tensor2d(student, [rows, 3]))
      .dataSync();
  });
  const step = 1e-5;
  for (const [index, slope] of gradient.entries()) {
    const moved = (by: number): number => {
      const values = Float64Array.from(student);
      values[index]! += by;
      return computeLoss(values, teacher, rows);
    };
    expect(slope).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 5);
  }
});

test("a silent hidden layer gives no gradient that is not a number", () => {
  const gradient = tf.tidy(() => {
    const loss = createSimilarityLoss(tf, teacher, rows);
    return tf
      .grad((hidden) => loss(hidden))(tf.zeros([rows, 3]))
      .dataSync();
  });
  expect([...gradient].every(Number.isFinite)).toBe(true);
});

test("a student that is asked to comes to have a hidden layer like its teacher's; the weight alone asks nothing", async () => {
  const trainer = await openTensorTrainer(() => {});
  const count = 64;
  const features = Float32Array.from({ length: count * 4 }, () => random.normal());
  const member = createDenseNetwork(4, [12, 1], random);
  const teacherHidden = createTeacherHidden([member], features);
  const taught = {
    rows: count,
    features,
    weights: new Float32Array(count).fill(1),
    targets: runDense(member, features, count),
  };
  const learn = (data: RegressionRows, similarityWeight?: number): DenseLayer[] =>
    trainer.fitRegression(createDenseNetwork(4, [6, 1], createRandom(8)), data, {
      steps: 40,
      batchRows: 0,
      learningRate: 0.03,
      weightDecay: 0,
      inputNoise: 0,
      huberDelta: 1,
      similarityWeight,
      random: createRandom(9),
    });
  const wanted = teacherHidden(Array.from({ length: count }, (_, row) => row));
  const unlikeness = (fitted: readonly DenseLayer[]): number =>
    computeLoss(runDense(fitted.slice(0, -1), features, count), wanted, count);
  const plain = learn(taught);
  expect(unlikeness(learn({ ...taught, teacherHidden }, 100))).toBeLessThan(0.6 * unlikeness(plain));
  expect(learn(taught, 100)).toEqual(plain);
});
