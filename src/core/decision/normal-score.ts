/** The normal distribution as decisions need it: how far out a value lies, and where a rare event begins. */

/**
 * The deviate of a standard normal that is as far out as `t` is of Student's distribution with `freedom` > 0 degrees:
 * Wallace (1959), "Bounds on normal approximations to Student's and the chi-square distributions", within 0.05 from 3
 * degrees on and 0.015 from 12 on.
 */
export function toNormalScore(t: number, freedom: number): number {
  const shrink = (8 * freedom + 1) / (8 * freedom + 3);
  return Math.sign(t) * shrink * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
}

/**
 * The deviate that a standard normal exceeds with `probability`, 0 < probability ≤ 0.5. Abramowitz and Stegun 26.2.23,
 * error below 4.5e-4.
 */
export function findUpperDeviate(probability: number): number {
  const t = Math.sqrt(-2 * Math.log(probability));
  const numerator = 2.515517 + t * (0.802853 + t * 0.010328);
  const denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - numerator / denominator;
}
