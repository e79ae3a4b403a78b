/**
 * HDDM_A and HDDM_W (Frías-Blanco et al., 2015): averages, plain or exponentially weighted, that rise by more than Hoeffding's or
 * McDiarmid's bound allows; for values of 0 to 1, one-sided: an error rate that falls is no drift.
 */
import type { ChangeDetector } from "./change-detector.ts";

const driftConfidence = 0.001;
const warningConfidence = 0.005;
/** Weight of the newest value in HDDM_W. */
const lambda = 0.05;

export function createHddmA(): ChangeDetector {
  let [count, sum, lowCount, lowSum] = [0, 0, 0, 0];
  let over = false;
  /** Is the mean of all larger than that of the lowest beginning, at this confidence? */
  const rises = (confidence: number): boolean => {
    if (lowCount === 0 || lowCount === count) return false;
    const share = (count - lowCount) / lowCount;
    const bound = Math.sqrt((share / (2 * count)) * Math.log(2 / confidence));
    return sum / count - lowSum / lowCount >= bound;
  };
  return {
    size: () => 4,
    update: (value) => {
      if (over) [count, sum, lowCount, lowSum] = [0, 0, 0, 0];
      count++;
      sum += value;
      const limit = (total: number, n: number): number =>
        total / n + Math.sqrt(Math.log(1 / driftConfidence) / (2 * n));
      if (lowCount === 0 || limit(sum, count) <= limit(lowSum, lowCount)) {
        lowCount = count;
        lowSum = sum;
      }
      over = rises(driftConfidence);
      if (over) return "drift";
      return rises(warningConfidence) ? "warning" : "stable";
    },
  };
}

/** An average with weights that fall off, and the sum of its squared weights. */
interface WeightedMean {
  /** Negative: nothing yet. */
  readonly mean: number;
  readonly bound: number;
}

export function createHddmW(): ChangeDetector {
  const nothing: WeightedMean = { mean: -1, bound: 0 };
  let [all, before, since] = [nothing, nothing, nothing];
  let lowest = Number.POSITIVE_INFINITY;
  let over = false;
  const add = ({ mean, bound }: WeightedMean, value: number): WeightedMean =>
    mean < 0
      ? { mean: value, bound: 1 }
      : { mean: lambda * value + (1 - lambda) * mean, bound: lambda ** 2 + (1 - lambda) ** 2 * bound };
  const rises = (confidence: number): boolean =>
    since.mean >= 0 &&
    since.mean - before.mean > Math.sqrt(((before.bound + since.bound) * Math.log(1 / confidence)) / 2);
  return {
    size: () => 7,
    update: (value) => {
      if (over) {
        [all, before, since] = [nothing, nothing, nothing];
        lowest = Number.POSITIVE_INFINITY;
      }
      all = add(all, value);
      const limit = all.mean + Math.sqrt((all.bound * Math.log(1 / driftConfidence)) / 2);
      if (limit < lowest) {
        lowest = limit;
        before = all;
        since = nothing;
      } else since = add(since, value);
      over = rises(driftConfidence);
      if (over) return "drift";
      return rises(warningConfidence) ? "warning" : "stable";
    },
  };
}
