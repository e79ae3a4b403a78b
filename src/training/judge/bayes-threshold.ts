/**
 * The threshold that a cost matrix asks for. An alarm is worth its cost when the expected loss of staying silent is
 * larger (Bayes risk; Berger 1985, section 4.4): p · (missed − found) > (1 − p) · falseAlarm, where p is the probability
 * of a fault at the rate at which faults really occur.
 */

/** What the outcomes cost, in one currency, and how common faults are where the model is used. */
export interface DecisionCosts {
  /** A fault that nobody was told of. */
  readonly missed: number;
  /** A fault that was found in time. */
  readonly found: number;
  /** An alarm on a healthy machine. */
  readonly falseAlarm: number;
  /** Share of the watched machines that have a fault, 0 to 1, exclusive. */
  readonly faultPrior: number;
}

/**
 * The probability to raise at, of a calibration that takes a fault to be as likely as none beforehand: the odds that the
 * costs ask for, with the prior taken out. Rounded up to three digits. 1 when no alarm is worth it.
 */
export function computeBayesThreshold(costs: DecisionCosts): number {
  const worth = costs.missed - costs.found;
  if (worth <= 0) return 1;
  const odds = (costs.falseAlarm / worth) * ((1 - costs.faultPrior) / costs.faultPrior);
  return Math.ceil((1000 * odds) / (1 + odds)) / 1000;
}

/** Expected cost of one machine, when faults are raised with `recall` and healthy machines with `falseAlarmRate`. */
export function computeExpectedCost(costs: DecisionCosts, recall: number, falseAlarmRate: number): number {
  const { missed, found, falseAlarm, faultPrior } = costs;
  return (
    faultPrior * (recall * found + (1 - recall) * missed) + (1 - faultPrior) * falseAlarmRate * falseAlarm
  );
}
