/**
 * A figure over a handful of independent units, with an interval that is not too narrow for them: the percentiles of a bootstrap
 * are taken further out, by as much as Student's t of so few exceeds the normal deviate and as the spread of a resample falls
 * short (the expanded percentile interval: Hesterberg, "What Teachers Should Know About the Bootstrap", The American
 * Statistician 69, 2015, section 3.3).
 */
import { computeNormalTail } from "../../core/maths/normal.ts";
import { computeQuantile } from "../../core/maths/robust.ts";
import { findBetaQuantile } from "../../core/maths/student-t.ts";
import type { Figure, Resamples } from "./figure.ts";
import type { Statistic } from "./scored-set.ts";

/** The share of replicates that lies beyond either end of a 95 % interval over `units` ≥ 2; below 0.025, and nearly that of many. */
export function expandedTail(units: number): number {
  // Student's t, 97.5 %, of n − 1 degrees: t² = (n − 1)(1 − x)/x.
  const x = findBetaQuantile(0.05, (units - 1) / 2, 0.5);
  return computeNormalTail(Math.sqrt((units * (1 - x)) / x));
}

/** Less is rounding. */
const leastSpread = 1e-9;

/**
 * The statistic with its expanded interval over `units`; without one where there is a single unit, it is seldom defined, or no
 * draw changes it: that says nothing of units that nobody has seen.
 */
export function computeExpandedFigure(statistic: Statistic, resamples: Resamples, units: number): Figure {
  const value = statistic(new Float64Array(resamples.signals).fill(1));
  const values = resamples.replicates.map(statistic).filter(Number.isFinite);
  if (units < 2 || values.length < resamples.replicates.length / 2) return { value, low: null, high: null };
  const tail = expandedTail(units);
  const [low, high] = [computeQuantile(values, tail), computeQuantile(values, 1 - tail)];
  return high - low < leastSpread ? { value, low: null, high: null } : { value, low, high };
}

/**
 * As {@link computeExpandedFigure} of a statistic that is a probability. Where it is 1 (or 0) and no draw changes it, every unit
 * was right (or wrong): its far end is the exact bound of as many cases as there are units, one-sided 95 % (Clopper & Pearson
 * 1934; of many units the rule of three, 1 − 3/n).
 */
export function computeExpandedShare(statistic: Statistic, resamples: Resamples, units: number): Figure {
  const figure = computeExpandedFigure(statistic, resamples, units);
  const { value, low } = figure;
  if (low !== null || units < 1) return figure;
  const bound = 0.05 ** (1 / units);
  if (value > 1 - leastSpread) return { value, low: bound, high: 1 };
  return value < leastSpread ? { value, low: 0, high: 1 - bound } : figure;
}
