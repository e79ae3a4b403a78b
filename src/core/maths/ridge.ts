/**
 * Ridge regression of several targets on the same regressors, fed row by row: holds the normal equations only, whose
 * size does not grow with the rows. Does not know what the numbers mean.
 */
import { factorCholesky, solveCholesky } from "./cholesky.ts";

interface Ridge {
  readonly rows: number;
  /** Takes one row of `regressors` and `targets`. */
  add(regressors: ArrayLike<number>, targets: ArrayLike<number>): void;
  /**
   * Coefficients [regressors × targets], row-major, of (XᵀX + penalty · rows · I) B = XᵀY.
   * @throws RangeError without rows, or unless penalty > 0.
   */
  solve(penalty: number): Float64Array;
  /** The sums, to go on with later. */
  snapshot(): RidgeSnapshot;
}

export interface RidgeSnapshot {
  readonly rows: number;
  /** [regressors × regressors], lower half. */
  readonly gram: readonly number[];
  /** [regressors × targets]. */
  readonly cross: readonly number[];
}

/**
 * Creates the sums for `regressors` and `targets` a row, or goes on with those of a snapshot.
 * @throws RangeError when the snapshot is of another size.
 */
export function createRidge(regressors: number, targets: number, from?: RidgeSnapshot): Ridge {
  const gram = Float64Array.from(from?.gram ?? new Float64Array(regressors * regressors));
  const cross = Float64Array.from(from?.cross ?? new Float64Array(regressors * targets));
  if (gram.length !== regressors * regressors || cross.length !== regressors * targets) {
    throw new RangeError(`a snapshot of other sizes than ${regressors} × ${targets}`);
  }
  let rows = from?.rows ?? 0;
  return {
    get rows() {
      return rows;
    },
    add: (x, y) => {
      rows++;
      for (let i = 0; i < regressors; i++) {
        const value = x[i]!;
        if (value === 0) continue;
        for (let j = 0; j <= i; j++) gram[i * regressors + j]! += value * x[j]!;
        for (let k = 0; k < targets; k++) cross[i * targets + k]! += value * y[k]!;
      }
    },
    solve: (penalty) => {
      if (rows === 0 || !(penalty > 0)) throw new RangeError(`${rows} rows, penalty ${penalty}`);
      const penalised = Float64Array.from(gram);
      for (let i = 0; i < regressors; i++) penalised[i * regressors + i]! += penalty * rows;
      return solveCholesky(factorCholesky(penalised, regressors), cross, regressors);
    },
    snapshot: () => ({ rows, gram: Array.from(gram), cross: Array.from(cross) }),
  };
}
