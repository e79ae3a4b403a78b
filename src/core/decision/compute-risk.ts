/** From evidence to risk: what a probability that knows no site means where faults are as rare as they are. */

/**
 * Probability, 0 to 1, that the fault is there: the odds of `probability`, which takes fault and no fault for equally
 * likely, times those of `prior`, the share of components that have it. At `prior` 0.5 they are the same.
 */
export function computeRisk(probability: number, prior: number): number {
  const forFault = probability * prior;
  return forFault / (forFault + (1 - probability) * (1 - prior));
}
