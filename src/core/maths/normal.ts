/** The standard normal distribution, and the χ² distribution by it. */

/** P(Z > z) of a standard normal deviate (Zelen, Severo; Abramowitz, Stegun 26.2.17; error below 7.5e-8). */
export function computeNormalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z > 0 ? tail : 1 - tail;
}

/** The deviate that a standard normal stays below with `probability`, by bisection of its tail: for few calls. */
function computeNormalQuantile(probability: number): number {
  let low = -10;
  let high = 10;
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (computeNormalTail(-middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The value of χ² with `degrees` of freedom that is as far out as `z` is of a standard normal (Wilson, Hilferty, 1931). */
export function toChiSquare(z: number, degrees: number): number {
  const variance = 2 / (9 * degrees);
  return degrees * (1 - variance + z * Math.sqrt(variance)) ** 3;
}

/** Quantile of the χ² distribution with `degrees` of freedom, within 1 % for 2 and more. */
export function computeChiSquareQuantile(degrees: number, upperTail: number): number {
  return toChiSquare(computeNormalQuantile(1 - upperTail), degrees);
}
