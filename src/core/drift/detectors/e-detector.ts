/**
 * E-detector of Shiryaev–Roberts type (Shin, Ramdas, Rinaldo, 2024, doi:10.51387/23-NEJSDS51): bets that pay on average at most
 * what they cost as long as nothing changed. A new bet of one begins with every value and all of them go on; when together they
 * have won `meanRunLength`, something changed. False alarms come no oftener than one in so many values on average, whatever the
 * distribution, as long as every bet is fair. It assumes no more, and tells nothing of how large a change is.
 */

/** What a stake of one becomes with each new value: never negative, and at most 1 on average while nothing has changed. */
export type Payoff<Value> = (value: Value) => number;

/** What a detector has to remember: the sum of what its bets have won, one a payoff. Plain data. */
export interface EDetectorState {
  readonly winnings: readonly number[];
  /** Values since it began. */
  readonly values: number;
}

export interface EDetector<Value> {
  /** True: alarm; the next value begins anew. */
  update(value: Value): boolean;
  /** Winnings of all bets together; an alarm at `meanRunLength`. */
  evidence(): number;
  save(): EDetectorState;
}

interface EDetectorOptions<Value> {
  /** Values between two false alarms, on average at least; above 1. */
  readonly meanRunLength: number;
  /** They share the stake evenly. */
  readonly payoffs: readonly Payoff<Value>[];
  /** Where it stood when it was saved; of another number of payoffs: it begins anew. */
  readonly state?: EDetectorState | undefined;
}

/** Creates a detector. */
export function createEDetector<Value>(options: EDetectorOptions<Value>): EDetector<Value> {
  const { meanRunLength, payoffs, state } = options;
  const isOurs = state !== undefined && state.winnings.length === payoffs.length;
  const winnings = Float64Array.from(isOurs ? state.winnings : payoffs.map(() => 0));
  let values = isOurs ? state.values : 0;
  const evidence = (): number => {
    let sum = 0;
    for (let bet = 0; bet < winnings.length; bet++) sum += winnings[bet]!;
    return sum / winnings.length;
  };
  return {
    update: (value) => {
      if (evidence() >= meanRunLength) {
        winnings.fill(0);
        values = 0;
      }
      values++;
      for (let bet = 0; bet < winnings.length; bet++) {
        winnings[bet] = (winnings[bet]! + 1) * payoffs[bet]!(value);
      }
      return evidence() >= meanRunLength;
    },
    evidence,
    save: () => ({ winnings: [...winnings], values }),
  };
}
