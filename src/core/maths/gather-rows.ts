/** The chosen rows of `values` [rows × columns], in the order of `rows`. */
export function gatherRows(values: Float32Array, columns: number, rows: readonly number[]): Float32Array {
  const chosen = new Float32Array(rows.length * columns);
  for (const [to, from] of rows.entries()) {
    chosen.set(values.subarray(from * columns, (from + 1) * columns), to * columns);
  }
  return chosen;
}
