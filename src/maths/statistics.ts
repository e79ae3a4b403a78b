/** Statistics of one array of values. Empty input gives NaN; nothing is skipped: a NaN inside gives NaN. */

type Values = ArrayLike<number>;

/** Arithmetic mean. */
export function computeMean(values: Values): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

/** Root of the mean square, √(Σx²/n): constant parts count. */
export function computeRms(values: Values): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]! * values[index]!;
  return Math.sqrt(sum / values.length);
}

/** Largest absolute value. */
export function computePeak(values: Values): number {
  if (values.length === 0) return Number.NaN;
  let peak = 0;
  // Math.max, unlike a comparison, passes NaN on.
  for (let index = 0; index < values.length; index++) peak = Math.max(peak, Math.abs(values[index]!));
  return peak;
}

/** Peak over rms; NaN for a signal of zeros. */
export function computeCrestFactor(values: Values): number {
  return computePeak(values) / computeRms(values);
}

/** The four moments of a sample, about its mean, each divided by n. */
export interface CentralMoments {
  readonly mean: number;
  /** Population variance, ≥ 0. */
  readonly variance: number;
  /** m₃ / m₂^1.5, 0 for a symmetric distribution; NaN without variance. */
  readonly skewness: number;
  /** m₄ / m₂², 3 for a normal distribution (not the excess); NaN without variance. */
  readonly kurtosis: number;
}

/** Two passes: mean first, then the moments about it. */
export function computeCentralMoments(values: Values): CentralMoments {
  const mean = computeMean(values);
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (let index = 0; index < values.length; index++) {
    const deviation = values[index]! - mean;
    const square = deviation * deviation;
    m2 += square;
    m3 += square * deviation;
    m4 += square * square;
  }
  const n = values.length;
  m2 /= n;
  m3 /= n;
  m4 /= n;
  return {
    mean,
    variance: m2,
    skewness: m2 > 0 ? m3 / (m2 * Math.sqrt(m2)) : Number.NaN,
    kurtosis: m2 > 0 ? m4 / (m2 * m2) : Number.NaN,
  };
}
