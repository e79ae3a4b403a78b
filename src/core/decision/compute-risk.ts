/** From evidence to risk: what a probability that knows no site means where faults are as rare as they are. */
import { logistic } from "../maths/logistic.ts";

/**
 * Log odds (natural) that a unit of each lane's sum adds. For windows and hours that share nothing it would be 2.5
 * (Wald 1947) and the deviate of the height, about 4.8; they share what no reference knows. These make three of four
 * alarms right that just raise at the default budget and prior, for a point of three failure modes.
 */
const logOddsPer = { fast: 0.43, slow: 2.15 };
/** No evidence makes a fault likelier by more than 1,000 to 1: a student errs in ways that no window shows. */
const mostLogOdds = Math.log(1000);

/**
 * Probability, 0 to 1, that the fault is there, of the sums of both lanes (of `decider.ts`, in their units): the lane with
 * more counts, since both hear the same windows. `kept` is the share of it, 0 to 1, that still stands.
 */
export function weighRisk(
  { fast, slow, kept }: Readonly<Record<"fast" | "slow" | "kept", number>>,
  prior: number,
): number {
  const logOdds = Math.max(fast * logOddsPer.fast, slow * logOddsPer.slow);
  return computeRisk(logistic(kept * Math.min(mostLogOdds, logOdds)), prior);
}

/**
 * Probability, 0 to 1, that the fault is there: the odds of `probability`, which takes fault and no fault for equally
 * likely, times those of `prior`, the share of components that have it. At `prior` 0.5 they are the same.
 */
export function computeRisk(probability: number, prior: number): number {
  const forFault = probability * prior;
  return forFault / (forFault + (1 - probability) * (1 - prior));
}
