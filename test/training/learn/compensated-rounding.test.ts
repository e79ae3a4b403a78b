import { describe, expect, test } from "vitest";
import { findStudentFault, studentLimits } from "../../../src/core/inference/check-student.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";
import { factorInputs, roundCompensated } from "../../../src/training/learn/compensated-rounding.ts";
import { createDenseNetwork, runDense } from "../../../src/training/learn/dense-network.ts";
import { quantiseNetwork, runQuantised } from "../../../src/training/learn/quantise-network.ts";

/** Rows whose columns say nearly the same: what one weight loses, another can make up for. */
function correlatedRows(rows: number, columns: number, random: Random): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const common = random.normal();
    for (let column = 0; column < columns; column++)
      out[row * columns + column] = common + 0.3 * random.normal();
  }
  return out;
}

/** Mean square error of w·x + b in integers against the float one. */
function errorOf(
  features: Float32Array,
  weights: Float32Array,
  scale: number,
  rounded: Int8Array,
  biasError: number,
): number {
  const rows = features.length / weights.length;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let error = biasError;
    for (const [column, weight] of weights.entries()) {
      error += (rounded[column]! * scale - weight) * features[row * weights.length + column]!;
    }
    sum += error ** 2;
  }
  return sum / rows;
}

describe("the factor of a layer's inputs", () => {
  test("is upper, and its square is the inverse of the inputs' moments with a hundredth of their mean added", () => {
    const random = createRandom(3);
    const [rows, columns] = [50, 4];
    const size = columns + 1;
    const features = correlatedRows(rows, columns, random);
    const upper = factorInputs(features, rows);
    const moment = (i: number, j: number): number => {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const at = (column: number): number => (column === columns ? 1 : features[row * columns + column]!);
        sum += (at(i) * at(j)) / rows;
      }
      return sum;
    };
    const trace = Array.from({ length: size }, (_, i) => moment(i, i)).reduce((a, b) => a + b);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        if (j < i) expect(upper[i * size + j]).toBe(0);
        let product = 0;
        for (let k = 0; k < size; k++) {
          let inverse = 0;
          for (let m = 0; m < size; m++) inverse += upper[m * size + i]! * upper[m * size + k]!;
          product += inverse * (moment(k, j) + (k === j ? (0.01 * trace) / size : 0));
        }
        expect(product).toBeCloseTo(i === j ? 1 : 0, 9);
      }
    }
  });
});

describe("rounding with compensation", () => {
  test("errs far less than rounding to the nearest where inputs go together, over 40 draws", () => {
    const random = createRandom(5);
    const [rows, columns, scale] = [200, 12, 0.05];
    let [nearest, compensated] = [0, 0];
    for (let draw = 0; draw < 40; draw++) {
      const features = correlatedRows(rows, columns, random);
      const weights = Float32Array.from({ length: columns }, () => random.normal());
      const plain = Int8Array.from(weights, (weight) => Math.round(weight / scale));
      nearest += errorOf(features, weights, scale, plain, 0);
      const rounded = new Int8Array(columns);
      const bias = roundCompensated(
        { weights, bias: 0.7, upper: factorInputs(features, rows) },
        { scale, round: Math.round },
        rounded,
      );
      compensated += errorOf(features, weights, scale, rounded, bias - 0.7);
    }
    expect(compensated).toBeLessThan(nearest / 3);
  });

  test("leaves weights that are integers of the scale, and their bias, as they are", () => {
    const random = createRandom(7);
    const features = correlatedRows(60, 6, random);
    const weights = Float32Array.from([3, -2, 0, 7, 1, -5], (value) => value * 0.25);
    const rounded = new Int8Array(6);
    expect(
      roundCompensated(
        { weights, bias: -0.4, upper: factorInputs(features, 60) },
        { scale: 0.25, round: Math.round },
        rounded,
      ),
    ).toBe(-0.4);
    expect([...rounded]).toEqual([3, -2, 0, 7, 1, -5]);
  });

  test("gives what no input that ever moves can say to the bias", () => {
    const features = new Float32Array(40).fill(2);
    const rounded = new Int8Array(1);
    const bias = roundCompensated(
      { weights: Float32Array.from([0.6]), bias: 0, upper: factorInputs(features, 40) },
      { scale: 1, round: Math.round },
      rounded,
    );
    expect(rounded[0]).toBe(1);
    // 2 · 0.6 = 2 · 1 + bias, but for the hundredth that is added.
    expect(bias).toBeCloseTo(-0.8, 1);
  });
});

test("a network rounded with compensation is sound, as large, and nearer to the float one", () => {
  let [nearest, compensated] = [0, 0];
  for (let seed = 0; seed < 5; seed++) {
    const random = createRandom(seed);
    const [rows, inputs, clamp] = [600, 10, 4];
    const layers = createDenseNetwork(inputs, [16, 8, 3], random);
    const features = correlatedRows(rows, inputs, random).map((value) =>
      Math.max(-clamp, Math.min(clamp, value)),
    );
    const float = runDense(layers, features, rows);
    const calibration = { features, rows, clamp, outputKind: "values" } as const;
    const errorIn = (rounding: "nearest" | "compensated"): number => {
      const mlp = quantiseNetwork(layers, { ...calibration, rounding });
      expect(findStudentFault(mlp)).toBeNull();
      for (const { weights } of mlp.layers)
        for (const weight of weights) expect(Math.abs(weight)).toBeLessThanOrEqual(studentLimits.maxWeight);
      const actual = runQuantised(mlp, features, rows);
      return float.reduce((sum, value, index) => sum + (value - actual[index]!) ** 2, 0);
    };
    nearest += errorIn("nearest");
    compensated += errorIn("compensated");
    expect(quantiseNetwork(layers, calibration)).toEqual(
      quantiseNetwork(layers, { ...calibration, rounding: "nearest" }),
    );
  }
  expect(compensated).toBeLessThan(0.8 * nearest);
});
