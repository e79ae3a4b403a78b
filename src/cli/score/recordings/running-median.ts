/** The median of each value's neighbourhood, in one run along the values: what comes in and goes out is moved, nothing is sorted anew. */

/**
 * For each of `values` the median of itself and of those up to `reach` places away on either side, of fewer at both ends; of
 * an even number the mean of the middle two. No value may be NaN.
 */
export function computeRunningMedian(values: Float64Array, reach: number): Float64Array {
  const medians = new Float64Array(values.length);
  /** The neighbourhood, in order of size. */
  const sorted = new Float64Array(2 * reach + 2);
  let count = 0;
  for (let next = 0; next < values.length + reach; next++) {
    if (next < values.length) insert(sorted, count++, values[next]!);
    const gone = next - 2 * reach - 1;
    if (gone >= 0) remove(sorted, count--, values[gone]!);
    if (next >= reach) medians[next - reach] = medianOf(sorted, count);
  }
  return medians;
}

function insert(sorted: Float64Array, count: number, value: number): void {
  let at = count;
  for (; at > 0 && sorted[at - 1]! > value; at--) sorted[at] = sorted[at - 1]!;
  sorted[at] = value;
}

function remove(sorted: Float64Array, count: number, value: number): void {
  let at = 0;
  while (at < count - 1 && sorted[at]! < value) at++;
  for (; at < count - 1; at++) sorted[at] = sorted[at + 1]!;
}

function medianOf(sorted: Float64Array, count: number): number {
  const lower = sorted[(count - 1) >>> 1]!;
  const upper = sorted[count >>> 1]!;
  return lower + 0.5 * (upper - lower);
}
