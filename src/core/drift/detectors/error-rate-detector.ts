/**
 * Tells when the rate of errors has risen above its usual: an {@link createEDetector e-detector} that bets on rises of several sizes
 * at once. A rate that falls is no alarm. The usual rate is given, or learnt from the stream since the last alarm; then the
 * declared run length holds as far as two standard errors above what was counted cover the true rate.
 */
import { createEDetector, type Payoff } from "./e-detector.ts";

export interface ErrorRateDetector {
  /** True: the rate has risen; it begins anew with the next outcome. */
  update(isError: boolean): boolean;
  /** Winnings against "the rate is as usual"; an alarm at the mean run length. */
  evidence(): number;
}

interface ErrorRateOptions {
  /** Outcomes between two false alarms, on average at least. */
  readonly meanRunLength: number;
  /** Strictly between 0 and 1; null: learnt. */
  readonly usualRate: number | null;
}

/** One outcome, and the rate that was usual before it. */
interface RatedOutcome {
  readonly isError: boolean;
  readonly usualRate: number;
}

/** Parts of the way from the usual rate to 1: the rises that it bets on, small to large. */
const rises = [0.15, 0.3, 0.45, 0.6, 0.75] as const;
/** A learnt rate begins as one of a half, counted this often; so the first errors of a young model are no alarm. */
const priorOutcomes = 30;
const standardErrors = 2;
const highestRate = 0.95;

const payoffs = rises.map(
  (rise): Payoff<RatedOutcome> =>
    ({ isError, usualRate }) => {
      const to = usualRate + (1 - usualRate) * rise;
      return isError ? to / usualRate : (1 - to) / (1 - usualRate);
    },
);

/** Creates a detector. */
export function createErrorRateDetector(options: ErrorRateOptions): ErrorRateDetector {
  const { meanRunLength, usualRate } = options;
  const bets = createEDetector({ meanRunLength, payoffs });
  let [outcomes, errors] = [0, 0];
  return {
    update: (isError) => {
      if (bets.evidence() >= meanRunLength) [outcomes, errors] = [0, 0];
      const rated = { isError, usualRate: usualRate ?? limitLearntRate(errors, outcomes) };
      outcomes++;
      if (isError) errors++;
      return bets.update(rated);
    },
    evidence: () => bets.evidence(),
  };
}

/** Upper limit of the rate behind `errors` of `outcomes`. */
function limitLearntRate(errors: number, outcomes: number): number {
  const count = outcomes + priorOutcomes;
  const rate = (errors + priorOutcomes / 2) / count;
  return Math.min(highestRate, rate + standardErrors * Math.sqrt((rate * (1 - rate)) / count));
}
