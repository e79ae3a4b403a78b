/** What most columns of a point share from day to day: the first principal components of standardised days. */

/**
 * Orthonormal directions [row × direction] that the columns `means` of `rows` [row × count] share most, each column counted
 * alike (orthogonal iteration from fixed starts). They are a function of the columns' products alone, so that turning the days
 * turns the directions with them.
 */
export function findDirections(
  {
    rows,
    lengths,
    count,
    means,
  }: { rows: Float64Array; lengths: Float64Array; count: number; means: readonly number[] },
  directions: number,
): Float64Array {
  const size = means.length;
  const height = rows.length / count;
  const out = new Float64Array(height * directions);
  if (directions === 0) return out;
  const scaled = new Float64Array(height * size);
  for (const [at, unit] of means.entries()) {
    const scale = 1 / Math.sqrt(lengths[unit]!);
    for (let row = 0; row < height; row++) scaled[row * size + at] = rows[row * count + unit]! * scale;
  }
  const products = new Float64Array(size * size);
  for (let row = 0; row < height; row++) {
    for (let a = 0; a < size; a++) {
      const value = scaled[row * size + a]!;
      for (let b = 0; b <= a; b++) products[a * size + b]! += value * scaled[row * size + b]!;
    }
  }
  for (let a = 0; a < size; a++)
    for (let b = a + 1; b < size; b++) products[a * size + b] = products[b * size + a]!;
  let basis = startBasis(size, directions);
  for (let step = 0; step < 12; step++) {
    const next = new Float64Array(size * directions);
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        const value = products[a * size + b]!;
        for (let at = 0; at < directions; at++)
          next[a * directions + at]! += value * basis[b * directions + at]!;
      }
    }
    basis = orthonormalise(next, directions);
  }
  for (let row = 0; row < height; row++) {
    for (let a = 0; a < size; a++) {
      const value = scaled[row * size + a]!;
      for (let at = 0; at < directions; at++)
        out[row * directions + at]! += value * basis[a * directions + at]!;
    }
  }
  return orthonormalise(out, directions);
}

/** Waves, so that no column is left out. */
function startBasis(size: number, directions: number): Float64Array {
  const basis = new Float64Array(size * directions);
  for (let a = 0; a < size; a++) {
    for (let at = 0; at < directions; at++) {
      basis[a * directions + at] = Math.cos((Math.PI * (a + 0.37) * (at + 0.21)) / size);
    }
  }
  return orthonormalise(basis, directions);
}

/** Gram and Schmidt's, twice over for rounding; a direction that vanishes stays 0. */
function orthonormalise(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns;
  for (let at = 0; at < columns; at++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < at; before++) {
        let dot = 0;
        for (let row = 0; row < rows; row++)
          dot += matrix[row * columns + at]! * matrix[row * columns + before]!;
        for (let row = 0; row < rows; row++)
          matrix[row * columns + at]! -= dot * matrix[row * columns + before]!;
      }
    }
    let squares = 0;
    for (let row = 0; row < rows; row++) squares += matrix[row * columns + at]! ** 2;
    const scale = squares > 1e-20 ? 1 / Math.sqrt(squares) : 0;
    for (let row = 0; row < rows; row++) matrix[row * columns + at]! *= scale;
  }
  return matrix;
}
