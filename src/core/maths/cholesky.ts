/**
 * Linear systems of symmetric positive definite matrices by Cholesky's decomposition. Refuses nothing: where a matrix is
 * not positive definite, what comes out is not finite.
 */

/** The lower factor L of matrix = L Lᵀ, [size × size] row-major; only the matrix' lower half is read. */
export function factorCholesky(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  return lower;
}

/** Solves L Lᵀ B = C for the columns of C = `right` [size × columns], row-major; B is of the same form. */
export function solveCholesky(lower: Float64Array, right: Float64Array, size: number): Float64Array {
  const columns = right.length / size;
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
