/**
 * Sketches of a point's features: counts in the reference's bins and moments, gathered over an interval, and merged
 * (intervals to a day, turbines to a fleet). Holds no row; `update` allocates nothing.
 */

import type { FeatureSketch } from "../contract/uplink-record.ts";
import { mergeMoments } from "../maths/moments.ts";
import { findBin } from "./bins.ts";
import { countLevels, type DriftReference } from "./drift-reference.ts";

/** Watches one point over one interval. */
export interface Sketcher {
  /** Windows since the last {@link take}. */
  readonly windows: number;
  /**
   * Adds one window. A value that is not finite, or beyond {@link largestValue}, counts as invalid.
   * @param features raw feature vector, as long as the reference's features
   * @param scores output scores of the window, or null when there are none (then the score's sketches stand still)
   * @param levels in dB, NaN where not heard; null or absent: as above
   */
  update(
    features: ArrayLike<number>,
    scores: ArrayLike<number> | null,
    levels?: ArrayLike<number> | null,
  ): void;
  /** Returns the sketches of the interval and starts a new one; empty when there was no window. */
  take(): FeatureSketch[];
}

/** Magnitude up to which a value is one: the squares of a day's values still have a sum in float32. */
const largestValue = 1e15;

/** Creates a sketcher for points that run the reference's model. */
export function createSketcher(reference: DriftReference): Sketcher {
  const total = reference.features.length;
  const { featureCount } = reference;
  const levelsFrom = total - countLevels(reference);
  const edgeOffsets = new Int32Array(total + 1);
  const countOffsets = new Int32Array(total + 1);
  for (const [index, feature] of reference.features.entries()) {
    edgeOffsets[index + 1] = edgeOffsets[index]! + feature.edges.length;
    countOffsets[index + 1] = countOffsets[index]! + feature.edges.length + 1;
  }
  const edges = Float32Array.from(reference.features.flatMap((feature) => [...feature.edges]));
  const counts = new Uint32Array(countOffsets[total]!);
  const valid = new Uint32Array(total);
  const invalid = new Uint32Array(total);
  const mean = new Float64Array(total);
  const sumSquares = new Float64Array(total);
  const min = new Float64Array(total);
  const max = new Float64Array(total);
  let windows = 0;

  const reset = (): void => {
    counts.fill(0);
    valid.fill(0);
    invalid.fill(0);
    mean.fill(0);
    sumSquares.fill(0);
    min.fill(Number.POSITIVE_INFINITY);
    max.fill(Number.NEGATIVE_INFINITY);
    windows = 0;
  };
  const add = (index: number, value: number): void => {
    if (!(Math.abs(value) <= largestValue)) {
      invalid[index]!++;
      return;
    }
    const bin = findBin(edges, edgeOffsets[index]!, edgeOffsets[index + 1]!, value);
    counts[countOffsets[index]! + bin]!++;
    const n = ++valid[index]!;
    // Welford (1962): no cancellation for a feature far from zero.
    const delta = value - mean[index]!;
    mean[index]! += delta / n;
    sumSquares[index]! += delta * (value - mean[index]!);
    if (value < min[index]!) min[index] = value;
    if (value > max[index]!) max[index] = value;
  };
  reset();
  return {
    get windows() {
      return windows;
    },
    update: (features, scores, levels) => {
      windows++;
      for (let index = 0; index < featureCount; index++) add(index, features[index]!);
      if (scores !== null) {
        for (let index = featureCount; index < levelsFrom; index++) add(index, scores[index - featureCount]!);
      }
      if (levels === null || levels === undefined) return;
      for (let index = levelsFrom; index < total; index++) add(index, levels[index - levelsFrom]!);
    },
    take: () => {
      const sketches: FeatureSketch[] = [];
      for (let index = 0; index < total; index++) {
        if (valid[index]! + invalid[index]! === 0) continue;
        const any = valid[index]! > 0;
        sketches.push({
          feature: index,
          counts: Array.from(counts.subarray(countOffsets[index], countOffsets[index + 1])),
          invalid: invalid[index]!,
          mean: mean[index]!,
          sumSquares: sumSquares[index]!,
          min: any ? min[index]! : 0,
          max: any ? max[index]! : 0,
        });
      }
      reset();
      return sketches;
    },
  };
}

/** Sum of all counts: the finite values that a sketch has seen. */
export function countValues(sketch: FeatureSketch): number {
  return sketch.counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Merges two sketches of one feature and reference. Counts, invalid values, minimum and maximum merge exactly, in any
 * order; mean and sum of squares to rounding (Chan, Golub, LeVeque, 1983).
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
  const { mean, sumSquares } = mergeMoments(
    { count: countA, mean: a.mean, sumSquares: a.sumSquares },
    { count: countB, mean: b.mean, sumSquares: b.sumSquares },
  );
  return {
    feature: a.feature,
    counts: a.counts.map((count, index) => count + b.counts[index]!),
    invalid,
    mean,
    sumSquares,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}
