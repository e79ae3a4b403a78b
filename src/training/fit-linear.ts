/** Weighted linear regression with one output, in closed form: the baseline that a network has to beat. */

import type { RegressionRows } from "./tensor-trainer.ts";
import type { DenseLayer } from "./tied-network.ts";

/** Relative size of the ridge that keeps collinear columns solvable. */
const ridge = 1e-6;

/** Least squares over standardised features, as a network of one layer. Expects one output a row. */
export function fitLinear({ rows, features, targets, weights }: RegressionRows): DenseLayer[] {
  const inputs = features.length / rows;
  // The last column is the constant one.
  const size = inputs + 1;
  const products = new Float64Array(size * size);
  const right = new Float64Array(size);
  const column = (row: number, index: number): number =>
    index < inputs ? features[row * inputs + index]! : 1;
  for (let row = 0; row < rows; row++) {
    const weight = weights[row]!;
    for (let a = 0; a < size; a++) {
      const left = weight * column(row, a);
      right[a]! += left * targets[row]!;
      for (let b = 0; b <= a; b++) products[a * size + b]! += left * column(row, b);
    }
  }
  const total = products[size * size - 1]!;
  for (let a = 0; a < inputs; a++) products[a * size + a]! += ridge * total;
  const solution = solveCholesky(products, right, size);
  return [
    {
      inputs,
      outputs: 1,
      weights: Float32Array.from(solution.subarray(0, inputs)),
      bias: Float32Array.of(solution[inputs]!),
      relu: false,
    },
  ];
}

/** Solves A·x = b for a symmetric positive definite A, of which the lower triangle is read; both are overwritten. */
function solveCholesky(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = matrix[a * size + b]!;
      for (let k = 0; k < b; k++) sum -= matrix[a * size + k]! * matrix[b * size + k]!;
      if (a === b && !(sum > 0)) throw new Error("the columns of a regression are collinear");
      matrix[a * size + b] = a === b ? Math.sqrt(sum) : sum / matrix[b * size + b]!;
    }
  }
  for (let a = 0; a < size; a++) {
    for (let k = 0; k < a; k++) right[a]! -= matrix[a * size + k]! * right[k]!;
    right[a]! /= matrix[a * size + a]!;
  }
  for (let a = size - 1; a >= 0; a--) {
    for (let k = a + 1; k < size; k++) right[a]! -= matrix[k * size + a]! * right[k]!;
    right[a]! /= matrix[a * size + a]!;
  }
  return right;
}
