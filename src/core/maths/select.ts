/** Order statistics by selection: medians and quantiles without sorting everything. */

type Values = Float64Array | Float32Array;

/**
 * The `rank`-th smallest (from 0) of `values[0 … length)`. Reorders that part (Hoare's quickselect with the
 * median of three as pivot; no NaN allowed).
 * @throws RangeError when `rank` is not in 0 … length − 1.
 */
export function selectInPlace(values: Values, length: number, rank: number): number {
  if (!(rank >= 0 && rank < length && length <= values.length)) {
    throw new RangeError(`rank ${rank} of ${length} values`);
  }
  let low = 0;
  let high = length - 1;
  while (high > low) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left <= right) {
        const held = values[left]!;
        values[left] = values[right]!;
        values[right] = held;
        left++;
        right--;
      }
    }
    if (rank <= right) high = right;
    else if (rank >= left) low = left;
    else break;
  }
  return values[rank]!;
}

/** Median of `values[0 … length)`, the mean of the middle two when `length` is even. Reorders that part. */
export function medianInPlace(values: Values, length: number): number {
  return quantileInPlace(values, length, 0.5);
}

/**
 * The `probability`-quantile of `values[0 … length)`, linear between order statistics
 * (definition 7 of Hyndman & Fan 1996, as numpy's default). Reorders that part.
 * @throws RangeError when there are no values or the probability is not in 0 … 1.
 */
export function quantileInPlace(values: Values, length: number, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`probability ${probability}`);
  const position = (length - 1) * probability;
  const rank = Math.floor(position);
  const lower = selectInPlace(values, length, rank);
  const weight = position - rank;
  if (weight === 0) return lower;
  // Selection leaves everything above `rank` at or above it: the next order statistic is their minimum.
  let upper = values[rank + 1]!;
  for (let index = rank + 2; index < length; index++) if (values[index]! < upper) upper = values[index]!;
  return lower + weight * (upper - lower);
}

function medianOfThree(a: number, b: number, c: number): number {
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}
