/**
 * The interval around a prediction of remaining life: locally weighted residuals (conformal prediction, Vovk et al. 2005;
 * localised as in Guan 2023) of out-of-fold predictions of whole engines. Near the cap, where the truth cannot be higher,
 * it is one-sided by itself: the shortest range that holds the share. It carries no allowance for the finite number of
 * engines, since students of the folds learn from fewer engines than the one that is served, which errs to the same side.
 */
import type { LifeIntervalKnot } from "../../contract/remaining-life.ts";

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
export function fitLifeInterval(
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
