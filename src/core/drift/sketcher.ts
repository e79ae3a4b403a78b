/**
 * Sketches of a point's features: counts in the reference's bins and moments, gathered over an interval, and merged
 * (intervals to a day, turbines to a fleet). Holds no row; `update` allocates nothing.
 */

import type { FeatureSketch } from "../contract/uplink-record.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { mergeMoments } from "../maths/moments.ts";
import { makeDoubles, makeShorts } from "../maths/shared-room.ts";
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

/** What a narrow count can hold: no count is larger than the number of windows. */
const maxNarrowCount = 0xffff;

/** Creates a sketcher for points that run the reference's model. */
export function createSketcher(reference: DriftReference): Sketcher {
  return new PointSketcher(findOrMake(plans, reference, () => planSketches(reference)));
}

/** What the sketchers of a reference share: where the bins of each feature lie. */
interface SketchPlan {
  /** Features, scores and levels, and where the last two begin. */
  readonly total: number;
  readonly scoresFrom: number;
  readonly levelsFrom: number;
  readonly edges: Float32Array;
  readonly edgeOffsets: Int32Array;
  readonly countOffsets: Int32Array;
}

const plans = new WeakMap<DriftReference, SketchPlan>();

function planSketches(reference: DriftReference): SketchPlan {
  const total = reference.features.length;
  const edgeOffsets = new Int32Array(total + 1);
  const countOffsets = new Int32Array(total + 1);
  for (const [index, feature] of reference.features.entries()) {
    edgeOffsets[index + 1] = edgeOffsets[index]! + feature.edges.length;
    countOffsets[index + 1] = countOffsets[index]! + feature.edges.length + 1;
  }
  return {
    total,
    scoresFrom: reference.featureCount,
    levelsFrom: total - countLevels(reference),
    edges: Float32Array.from(reference.features.flatMap((feature) => [...feature.edges])),
    edgeOffsets,
    countOffsets,
  };
}

/** Of a feature: moments and extremes of its values. */
const momentFields = { mean: 0, sumSquares: 1, min: 2, max: 3, count: 4 } as const;

class PointSketcher implements Sketcher {
  readonly #plan: SketchPlan;
  /**
   * Of every feature its bins; then how many values were valid, one a feature, and how many were not. Narrow until an
   * interval has more windows than its numbers can count.
   */
  #counts: Uint16Array | Uint32Array;
  readonly #validAt: number;
  readonly #invalidAt: number;
  /** {@link momentFields} of each feature. */
  readonly #moments: Float64Array;
  windows = 0;

  constructor(plan: SketchPlan) {
    const { total, countOffsets } = plan;
    this.#plan = plan;
    this.#validAt = countOffsets[total]!;
    this.#invalidAt = this.#validAt + total;
    this.#counts = makeShorts(this.#invalidAt + total);
    this.#moments = makeDoubles(total * momentFields.count);
    this.#reset();
  }

  update(
    features: ArrayLike<number>,
    scores: ArrayLike<number> | null,
    levels?: ArrayLike<number> | null,
  ): void {
    const { total, scoresFrom, levelsFrom } = this.#plan;
    if (this.windows === maxNarrowCount) this.#counts = Uint32Array.from(this.#counts);
    this.windows++;
    for (let index = 0; index < scoresFrom; index++) this.#add(index, features[index]!);
    if (scores !== null) {
      for (let index = scoresFrom; index < levelsFrom; index++) this.#add(index, scores[index - scoresFrom]!);
    }
    if (levels === null || levels === undefined) return;
    for (let index = levelsFrom; index < total; index++) this.#add(index, levels[index - levelsFrom]!);
  }

  take(): FeatureSketch[] {
    const { total, countOffsets } = this.#plan;
    const sketches: FeatureSketch[] = [];
    for (let index = 0; index < total; index++) {
      const valid = this.#counts[this.#validAt + index]!;
      const invalid = this.#counts[this.#invalidAt + index]!;
      if (valid + invalid === 0) continue;
      const at = index * momentFields.count;
      const any = valid > 0;
      sketches.push({
        feature: index,
        counts: Array.from(this.#counts.subarray(countOffsets[index], countOffsets[index + 1])),
        invalid,
        mean: this.#moments[at + momentFields.mean]!,
        sumSquares: this.#moments[at + momentFields.sumSquares]!,
        min: any ? this.#moments[at + momentFields.min]! : 0,
        max: any ? this.#moments[at + momentFields.max]! : 0,
      });
    }
    this.#reset();
    return sketches;
  }

  #add(index: number, value: number): void {
    const { edges, edgeOffsets, countOffsets } = this.#plan;
    const counts = this.#counts;
    if (!(Math.abs(value) <= largestValue)) {
      counts[this.#invalidAt + index]!++;
      return;
    }
    const bin = findBin(edges, edgeOffsets[index]!, edgeOffsets[index + 1]!, value);
    counts[countOffsets[index]! + bin]!++;
    const n = ++counts[this.#validAt + index]!;
    const moments = this.#moments;
    const at = index * momentFields.count;
    // Welford (1962): no cancellation for a feature far from zero.
    const delta = value - moments[at + momentFields.mean]!;
    const mean = moments[at + momentFields.mean]! + delta / n;
    moments[at + momentFields.mean] = mean;
    moments[at + momentFields.sumSquares]! += delta * (value - mean);
    if (value < moments[at + momentFields.min]!) moments[at + momentFields.min] = value;
    if (value > moments[at + momentFields.max]!) moments[at + momentFields.max] = value;
  }

  #reset(): void {
    this.#counts.fill(0);
    this.#moments.fill(0);
    for (let at = 0; at < this.#moments.length; at += momentFields.count) {
      this.#moments[at + momentFields.min] = Number.POSITIVE_INFINITY;
      this.#moments[at + momentFields.max] = Number.NEGATIVE_INFINITY;
    }
    this.windows = 0;
  }
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
