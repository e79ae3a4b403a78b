/**
 * E-detector of Shiryaev–Roberts type (Shin, Ramdas, Rinaldo, 2024, doi:10.51387/23-NEJSDS51): bets that pay on average at most
 * what they cost as long as nothing changed. A new bet of one begins with every value and all of them go on; when together they
 * have won `meanRunLength`, something changed. False alarms come no oftener than one in so many values on average, whatever the
 * distribution, as long as every bet is fair. It assumes no more, and tells nothing of how large a change is.
 */

/** What a stake of one becomes with each new value: never negative, and at most 1 on average while nothing has changed. */
export type Payoff<Value> = (value: Value) => number;

interface EDetector<Value> {
  /** True: alarm; the next value begins anew. */
  update(value: Value): boolean;
  /** Winnings of all bets together; an alarm at `meanRunLength`. */
  evidence(): number;
}

interface EDetectorOptions<Value> {
  /** Values between two false alarms, on average at least; above 1. */
  readonly meanRunLength: number;
  /** They share the stake evenly. */
  readonly payoffs: readonly Payoff<Value>[];
}

/** Creates a detector. */
export function createEDetector<Value>(options: EDetectorOptions<Value>): EDetector<Value> {
  const { meanRunLength, payoffs } = options;
  const winnings = new Float64Array(payoffs.length);
  const evidence = (): number => {
    let sum = 0;
    for (let bet = 0; bet < winnings.length; bet++) sum += winnings[bet]!;
    return sum / winnings.length;
  };
  return {
    update: (value) => {
      if (evidence() >= meanRunLength) winnings.fill(0);
      for (let bet = 0; bet < winnings.length; bet++) {
        winnings[bet] = (winnings[bet]! + 1) * payoffs[bet]!(value);
      }
      return evidence() >= meanRunLength;
    },
    evidence,
  };
}
