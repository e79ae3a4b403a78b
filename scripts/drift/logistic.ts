/** Logistic regression by Newton's method with a little ridge: for trials only. */
import { factorCholesky, solveCholesky } from "../../src/core/maths/cholesky.ts";

const ridge = 1e-3;

/** Fits; returns the logit of a row. */
export function fitLogistic(
  rows: readonly { readonly x: readonly number[]; readonly label: number }[],
): (x: readonly number[]) => number {
  const size = rows[0]!.x.length + 1;
  const weights = new Float64Array(size);
  const logitOf = (x: readonly number[]): number =>
    x.reduce((sum, value, index) => sum + value * weights[index + 1]!, weights[0]!);
  for (let step = 0; step < 12; step++) {
    const hessian = new Float64Array(size * size);
    const gradient = new Float64Array(size);
    for (const { x, label } of rows) {
      const p = 1 / (1 + Math.exp(-logitOf(x)));
      const full = [1, ...x];
      for (let i = 0; i < size; i++) {
        gradient[i]! += (label - p) * full[i]!;
        for (let j = 0; j <= i; j++)
          hessian[i * size + j]! += Math.max(1e-6, p * (1 - p)) * full[i]! * full[j]!;
      }
    }
    for (let i = 0; i < size; i++) {
      hessian[i * size + i]! += ridge;
      gradient[i]! -= ridge * weights[i]!;
    }
    const change = solveCholesky(factorCholesky(hessian, size), gradient, size);
    for (let i = 0; i < size; i++) weights[i]! += change[i]!;
  }
  return logitOf;
}
