/**
 * Two looks at the same thing as one logit: 2 · ln of the mean of e^(logit / 2), above their mean and below the higher. A
 * fault may be heard in one band alone, and then counts nearly as that band says; what a healthy machine's noise
 * happens to do in either counts for less than the higher of two would (src/adr/0028).
 */
export function joinLogits(lower: number, upper: number): number {
  const high = Math.max(lower, upper);
  return high + 2 * Math.log((Math.exp((lower - high) / 2) + Math.exp((upper - high) / 2)) / 2);
}
