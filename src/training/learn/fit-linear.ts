/** Weighted linear regression with one output, in closed form: the baseline that a network has to beat. */
import { factorCholesky, solveCholesky } from "../../core/maths/cholesky.ts";
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
  const lower = factorCholesky(products, size);
  for (let a = 0; a < size; a++) {
    if (!(lower[a * size + a]! > 0)) throw new Error("the columns of a regression are collinear");
  }
  const solution = solveCholesky(lower, right, size, 1);
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
