/** Linear prediction: lag products and the Levinson–Durbin recursion, in preallocated buffers. */

/**
 * Lag products r[k] = Σ x[n]·x[n−k], n in `from … to`, for k = 0 … order, with the true past: needs `order` samples
 * before `from`. Sums of them over consecutive ranges are the sums over the joined range. Every second product is added by itself,
 * from the first one and from the second one on.
 * @param out receives order + 1 values.
 */
// biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
export function computeLagProducts(
  x: Float64Array,
  from: number,
  to: number,
  order: number,
  out: Float64Array,
): void {
  for (let lag = 0; lag <= order; lag++) {
    let even = 0;
    let odd = 0;
    let n = from;
    for (; n + 1 < to; n += 2) {
      even += x[n]! * x[n - lag]!;
      odd += x[n + 1]! * x[n + 1 - lag]!;
    }
    if (n < to) even += x[n]! * x[n - lag]!;
    out[lag] = even + odd;
  }
}

/**
 * Solves the normal equations of linear prediction: x[n] ≈ −Σ a[k]·x[n−k], k = 1 … order, a[0] = 1
 * (Levinson 1947, Durbin 1960; as in Makhoul, "Linear prediction", Proc. IEEE 63, 1975).
 * Stops early, with the remaining coefficients 0, where the prediction error vanishes (a signal that is predicted
 * exactly) or is not a number, so that the result is always usable.
 * @param r autocorrelation or lag products, order + 1 values.
 * @param a receives order + 1 coefficients; `1, 0, 0, …` when r[0] ≤ 0.
 * @param scratch at least order + 1 values.
 * @returns the prediction error as a share of r[0], 0 … 1; 0 for a signal without energy.
 */
// biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
export function solveLevinsonDurbin(
  r: Float64Array,
  order: number,
  a: Float64Array,
  scratch: Float64Array,
): number {
  for (let k = 1; k <= order; k++) a[k] = 0;
  a[0] = 1;
  const energy = r[0]!;
  if (!(energy > 0)) return 0;
  let error = energy;
  for (let m = 1; m <= order; m++) {
    let sum = r[m]!;
    for (let k = 1; k < m; k++) sum += a[k]! * r[m - k]!;
    const reflection = -sum / error;
    const next = error * (1 - reflection * reflection);
    if (!(next > energy * 1e-12)) break;
    for (let k = 1; k < m; k++) scratch[k] = a[k]! + reflection * a[m - k]!;
    for (let k = 1; k < m; k++) a[k] = scratch[k]!;
    a[m] = reflection;
    error = next;
  }
  return error / energy;
}

/**
 * Prediction error e[n] = Σ a[k]·x[n−k], k = 0 … order, for n in `from … to`; needs `order` samples before `from`.
 * @param out receives to − from values at 0, 1, ….
 */
// biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
export function filterPredictionError(
  x: Float64Array,
  from: number,
  to: number,
  a: Float64Array,
  order: number,
  out: Float64Array,
): void {
  let n = from;
  // Four outputs at a time share every coefficient and slide over the samples in registers.
  for (; n + 3 < to; n += 4) {
    let x0 = x[n]!;
    let x1 = x[n + 1]!;
    let x2 = x[n + 2]!;
    let x3 = x[n + 3]!;
    let e0 = x0;
    let e1 = x1;
    let e2 = x2;
    let e3 = x3;
    for (let k = 1; k <= order; k++) {
      const coefficient = a[k]!;
      x3 = x2;
      x2 = x1;
      x1 = x0;
      x0 = x[n - k]!;
      e0 += coefficient * x0;
      e1 += coefficient * x1;
      e2 += coefficient * x2;
      e3 += coefficient * x3;
    }
    out[n - from] = e0;
    out[n - from + 1] = e1;
    out[n - from + 2] = e2;
    out[n - from + 3] = e3;
  }
  for (; n < to; n++) {
    let error = x[n]!;
    for (let k = 1; k <= order; k++) error += a[k]! * x[n - k]!;
    out[n - from] = error;
  }
}
