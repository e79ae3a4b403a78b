/**
 * Adds sketches of the same feature and reference: intervals to a day, turbines to a fleet. Counts, invalid values,
 * minimum and maximum merge exactly, in any order; mean and sum of squares merge to rounding.
 */
import type { FeatureSketch } from "../contract/uplink-record.ts";

/** Sum of all counts: the finite values that a sketch has seen. */
export function countValues(sketch: FeatureSketch): number {
  return sketch.counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Merges two sketches (moments after Chan, Golub, LeVeque, 1983).
 * @throws RangeError when they are not of the same feature and bins
 */
export function mergeSketches(a: FeatureSketch, b: FeatureSketch): FeatureSketch {
  if (a.feature !== b.feature || a.counts.length !== b.counts.length) {
    throw new RangeError(
      `cannot merge feature ${a.feature} (${a.counts.length} bins) with feature ${b.feature} (${b.counts.length} bins)`,
    );
  }
  const countA = countValues(a);
  const countB = countValues(b);
  const invalid = a.invalid + b.invalid;
  if (countA === 0) return { ...b, invalid };
  if (countB === 0) return { ...a, invalid };
  const total = countA + countB;
  const delta = b.mean - a.mean;
  return {
    feature: a.feature,
    counts: a.counts.map((count, index) => count + b.counts[index]!),
    invalid,
    mean: (a.mean * countA + b.mean * countB) / total,
    sumSquares: a.sumSquares + b.sumSquares + (delta * delta * countA * countB) / total,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}
