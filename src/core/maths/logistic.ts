/** 1 / (1 + e^−x), 0 to 1 at either end: the probability of log odds. */
export function logistic(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
