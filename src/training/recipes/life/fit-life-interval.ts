/**
 * The interval around a prediction of remaining life, from out-of-fold predictions of whole engines (conformal prediction,
 * Vovk et al. 2005). Its shape comes of errors near each level of prediction (localised as in Guan 2023): the shortest
 * range that holds the share, which near the cap, where the truth cannot be higher, is one-sided by itself. Its size comes
 * of all errors together: one factor, so that as it is served it holds the share of these very rows. It carries no
 * allowance for the finite number of engines: students of the folds learn from fewer engines than the one that is served,
 * which nested in the training engines proved of like size, and to the other side.
 */
import type { LifeIntervalKnot } from "../../../core/contract/bundle/remaining-life.ts";
import { interpolateLifeInterval } from "../../../core/decision/remaining-life.ts";

/** Out-of-fold predictions, both capped, in cycles. */
export interface LifeResiduals {
  readonly predicted: ArrayLike<number>;
  readonly actual: ArrayLike<number>;
  /** Relative weights; each engine's sum to the same. */
  readonly weights: ArrayLike<number>;
}

/** How the interval is fitted. */
export interface LifeIntervalOptions {
  readonly coverage: number;
  readonly capSteps: number;
  /** Knots, evenly from 0 to the cap. */
  readonly knots: number;
  /** Predictions as far as this from a knot count there, the nearer the more, in cycles. */
  readonly bandwidth: number;
}

/** Fits the knots. Throws when there are no predictions near some knot and none at all to widen to. */
export function fitLifeInterval(residuals: LifeResiduals, options: LifeIntervalOptions): LifeIntervalKnot[] {
  const shape = fitShape(residuals, options);
  const factor = fitFactor(residuals, shape, options.coverage);
  return shape.map(({ predicted, low, high }) => ({ predicted, low: factor * low, high: factor * high }));
}

function fitShape(
  residuals: LifeResiduals,
  { coverage, capSteps, knots, bandwidth }: LifeIntervalOptions,
): LifeIntervalKnot[] {
  return Array.from({ length: knots }, (_, index) => {
    const predicted = (capSteps * index) / (knots - 1);
    // Where few predictions fall, look further: at least a twentieth of all weight must speak.
    for (let width = bandwidth; ; width *= 1.5) {
      const near = collect(residuals, predicted, width);
      if (near.share < 0.05 && width < capSteps) continue;
      return { predicted, ...shortestRange(near.points, coverage) };
    }
  });
}

/**
 * The least factor on all ends with which the share of `residuals` is held. The shape alone holds more than its share:
 * where errors are small, neighbours with larger ones widen it.
 */
function fitFactor(
  { predicted, actual, weights }: LifeResiduals,
  shape: readonly LifeIntervalKnot[],
  coverage: number,
): number {
  const needs = Array.from(predicted, (value, row) => {
    const { low, high } = interpolateLifeInterval(shape, value);
    const error = actual[row]! - value;
    // Infinite where the shape ends at the prediction or short of it: no factor reaches beyond.
    const factor = error === 0 ? 0 : Math.abs(error) / Math.max(0, error > 0 ? high : -low);
    return { factor, weight: weights[row]! };
  }).sort((a, b) => a.factor - b.factor);
  const wanted = coverage * needs.reduce((sum, { weight }) => sum + weight, 0);
  let held = 0;
  for (const { factor, weight } of needs) {
    held += weight;
    if (held >= wanted - 1e-9) return Number.isFinite(factor) ? factor : 1;
  }
  return 1;
}

/** Residuals near a knot in ascending order, their weights summing to 1. */
interface Neighbourhood {
  readonly points: readonly { readonly residual: number; readonly weight: number }[];
  readonly share: number;
}

function collect(residuals: LifeResiduals, predicted: number, width: number): Neighbourhood {
  const points: { residual: number; weight: number }[] = [];
  let total = 0;
  let near = 0;
  for (let row = 0; row < residuals.predicted.length; row++) {
    const weight = residuals.weights[row]!;
    total += weight;
    const closeness = 1 - Math.abs(residuals.predicted[row]! - predicted) / width;
    if (closeness <= 0 || weight <= 0) continue;
    near += weight * closeness;
    points.push({ residual: residuals.actual[row]! - residuals.predicted[row]!, weight: weight * closeness });
  }
  points.sort((a, b) => a.residual - b.residual);
  return {
    points: points.map(({ residual, weight }) => ({ residual, weight: weight / near })),
    share: near / total,
  };
}

/** The shortest range of residuals that holds `level` of the weight; the lowest of several. */
function shortestRange(
  points: Neighbourhood["points"],
  level: number,
): { readonly low: number; readonly high: number } {
  if (points.length === 0) throw new Error("there are no predictions to fit an interval on");
  let best = { low: points[0]!.residual, high: points.at(-1)!.residual };
  let to = 0;
  let held = 0;
  for (let from = 0; from < points.length; from++) {
    while (to < points.length && held < level - 1e-9) held += points[to++]!.weight;
    if (held < level - 1e-9) break;
    const candidate = { low: points[from]!.residual, high: points[to - 1]!.residual };
    if (candidate.high - candidate.low < best.high - best.low - 1e-12) best = candidate;
    held -= points[from]!.weight;
  }
  return best;
}
