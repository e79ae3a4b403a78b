/** Tails of Student's t, of Fisher's F and of the beta distribution. */

/** Probability that Student's t with `degrees` (> 0, also fractional) lies at least as far from 0 as `t`. */
export function computeStudentTail(t: number, degrees: number): number {
  if (!Number.isFinite(t)) return Number.isNaN(t) ? Number.NaN : 0;
  return computeBetaCdf(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** Probability that Fisher's F with `first` and `second` degrees (> 0, also fractional) is at least `ratio`. */
export function computeFisherTail(ratio: number, first: number, second: number): number {
  return computeBetaCdf(second / (second + first * Math.max(0, ratio)), second / 2, first / 2);
}

/**
 * Regularised incomplete beta function I_x(a, b): its continued fraction (DLMF 8.17.22) by the modified method of Lentz
 * (Thompson, Barnett, 1986).
 * @param x 0 to 1
 * @param a > 0
 * @param b > 0
 */
export function computeBetaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    computeLogGamma(a + b) - computeLogGamma(a) - computeLogGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return x < (a + 1) / (a + b + 2)
    ? (front * continueFraction(x, a, b)) / a
    : 1 - (front * continueFraction(1 - x, b, a)) / b;
}

/** The x at which I_x(a, b) reaches `probability`, by bisection: for few calls. */
export function findBetaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (computeBetaCdf(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** ln Γ(x) for x > 0 (Stirling's series after shifting to x ≥ 8; error below 1e-12). */
export function computeLogGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 8; z++) shift += Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** ψ(x) = d ln Γ / dx for x > 0 (asymptotic series after shifting to x ≥ 10). */
export function computeDigamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += 1 / z;
  const inverse = 1 / (z * z);
  return Math.log(z) - 0.5 / z - inverse * (1 / 12 - inverse * (1 / 120 - inverse / 252)) - shift;
}

/** ψ′(x) for x > 0 (asymptotic series after shifting to x ≥ 10). */
export function computeTrigamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += 1 / (z * z);
  const inverse = 1 / (z * z);
  return shift + 1 / z + inverse / 2 + (inverse / z) * (1 / 6 - inverse * (1 / 30 - inverse / 42));
}

function continueFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / keepOff(1 - ((a + b) * x) / (a + 1), tiny);
  let value = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / keepOff(1 + even * d, tiny);
    c = keepOff(1 + even / c, tiny);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / keepOff(1 + odd * d, tiny);
    c = keepOff(1 + odd / c, tiny);
    const factor = d * c;
    value *= factor;
    if (Math.abs(factor - 1) < 1e-14) break;
  }
  return value;
}

function keepOff(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}
