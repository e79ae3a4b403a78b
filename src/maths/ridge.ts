/**
 * Ridge regression of several targets on the same regressors, fed row by row: holds the normal equations only, whose
 * size does not grow with the rows. Knows nothing of what the numbers mean.
 */

/** The sums of a regression. */
export interface Ridge {
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

/** The sums as plain data. */
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
      const lower = decompose(gram, regressors, penalty * rows);
      return substitute(lower, cross, regressors, targets);
    },
    snapshot: () => ({ rows, gram: Array.from(gram), cross: Array.from(cross) }),
  };
}

/** Cholesky's lower factor of gram + diagonal · I (gram's lower half counts). */
function decompose(gram: Float64Array, size: number, diagonal: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[i * size + j]! + (i === j ? diagonal : 0);
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  return lower;
}

/** Solves L Lᵀ B = C, column by column. */
function substitute(lower: Float64Array, right: Float64Array, size: number, columns: number): Float64Array {
  const out = Float64Array.from(right);
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < size; i++) {
      let sum = out[i * columns + column]!;
      for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * out[k * columns + column]!;
      out[i * columns + column] = sum / lower[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = out[i * columns + column]!;
      for (let k = i + 1; k < size; k++) sum -= lower[k * size + i]! * out[k * columns + column]!;
      out[i * columns + column] = sum / lower[i * size + i]!;
    }
  }
  return out;
}
