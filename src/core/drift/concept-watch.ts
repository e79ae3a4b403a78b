/**
 * Has what a model learnt ceased to be true? Watches outcomes that people confirmed, of one model and kind of failure: whether its
 * alarms err oftener than usual, and whether faults come oftener or more rarely than its probabilities said (that is concept drift
 * without a word of why). Needs outcomes; without them it says nothing. False alarms: one in `meanRunLength` outcomes on average at
 * most, both questions together, if outcomes are confirmed regardless of anything that the probabilities do not know.
 */
import type { OutcomesVerdict } from "../contract/drift-performance-schema.ts";
import { createEDetector, type Payoff } from "./detectors/e-detector.ts";
import { createErrorRateDetector } from "./detectors/error-rate-detector.ts";

/** What was said of a machine, and what somebody found there. */
export interface ConfirmedOutcome {
  /** Was an alarm raised? */
  readonly raised: boolean;
  /** Risk of a fault at the site's prior when it was decided, 0 to 1; null: not known, and only errors are counted. */
  readonly risk: number | null;
  /** Was there a fault? */
  readonly isFault: boolean;
}

export interface ConceptWatch {
  update(outcome: ConfirmedOutcome): OutcomesVerdict;
}

interface ConceptWatchOptions {
  /** Outcomes between two false alarms, on average at least; default 1,000. */
  readonly meanRunLength?: number;
}

interface RatedFault {
  readonly isFault: boolean;
  readonly risk: number;
}

/** Natural logarithms of the factor by which the odds of a fault are bet to be off: half as much again, three and ten times. */
const oddsShifts = [0.4, 1.1, 2.3] as const;
/** Beyond these a risk is taken for them: one surprise shall not be infinite evidence. */
const [lowestRisk, highestRisk] = [0.001, 0.999] as const;

/** The first half bets on more faults, the second on fewer: likelihood ratios of a risk whose odds are another. */
const payoffs = [...oddsShifts, ...oddsShifts.map((shift) => -shift)].map(
  (shift): Payoff<RatedFault> =>
    ({ isFault, risk }) => {
      const odds = Math.exp(shift);
      const other = (risk * odds) / (1 - risk + risk * odds);
      return isFault ? other / risk : (1 - other) / (1 - risk);
    },
);

/** Creates a watch over one model and kind of failure. */
export function createConceptWatch(options: ConceptWatchOptions = {}): ConceptWatch {
  const { meanRunLength = 1_000 } = options;
  // An alarm of either at twice the length is one of their mean at the length itself, and that mean is an e-detector too.
  const each = 2 * meanRunLength;
  const errorRate = createErrorRateDetector({ meanRunLength: each, usualRate: null });
  const calibration = createEDetector({ meanRunLength: each, payoffs });
  let [outcomes, errors, faults, expectedFaults] = [0, 0, 0, 0];
  /** Faults beyond the expected ones since the calibration began anew, which an alarm of errors does not make it. */
  let excess = 0;
  let isOver = false;
  return {
    update: ({ raised, risk, isFault }) => {
      if (calibration.evidence() >= each) excess = 0;
      if (isOver) [outcomes, errors, faults, expectedFaults] = [0, 0, 0, 0];
      const isError = raised !== isFault;
      outcomes++;
      if (isError) errors++;
      const moreErrors = errorRate.update(isError);
      let contradicted = false;
      if (risk !== null) {
        const bounded = Math.min(highestRisk, Math.max(lowestRisk, risk));
        contradicted = calibration.update({ isFault, risk: bounded });
        faults += isFault ? 1 : 0;
        expectedFaults += bounded;
        excess += (isFault ? 1 : 0) - bounded;
      }
      isOver = contradicted || moreErrors;
      const direction = excess > 0 ? "more-faults" : "fewer-faults";
      return {
        change: contradicted ? direction : moreErrors ? "more-errors" : null,
        outcomes,
        errors,
        faults,
        expectedFaults,
        evidence: Math.max(errorRate.evidence(), calibration.evidence()) / each,
      };
    },
  };
}
