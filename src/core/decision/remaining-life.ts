/** From the student's output to steps that are left, with an interval. Says nothing of why. */
import type { LifeIntervalKnot, RemainingLifeSpec } from "../contract/bundle/remaining-life.ts";

/** What is left, in steps; all three within 0 and the cap. */
export interface RemainingLife {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** The upper end is the cap: there may be any number of steps more. */
  readonly openEnded: boolean;
}

/** Reads `output`, the student's dequantised output: a share of the cap, which is clamped to 0 … 1. */
export function estimateRemainingLife(spec: RemainingLifeSpec, output: number): RemainingLife {
  const clamp = (value: number): number => Math.max(0, Math.min(spec.capSteps, value));
  const value = clamp(output * spec.capSteps);
  const { low, high } = interpolateLifeInterval(spec.interval, value);
  const upper = Math.max(value, clamp(value + high));
  return {
    value,
    low: Math.min(value, clamp(value + low)),
    high: upper,
    openEnded: upper >= spec.capSteps,
  };
}

/** Ends of the interval less the prediction, at `predicted` steps; neither within 0 and the cap nor around the prediction yet. */
export function interpolateLifeInterval(
  knots: readonly LifeIntervalKnot[],
  predicted: number,
): { readonly low: number; readonly high: number } {
  const after = knots.findIndex((knot) => knot.predicted >= predicted);
  if (after < 0) return knots.at(-1)!;
  const right = knots[after]!;
  if (after === 0) return right;
  const left = knots[after - 1]!;
  const share = (predicted - left.predicted) / (right.predicted - left.predicted);
  return {
    low: left.low + share * (right.low - left.low),
    high: left.high + share * (right.high - left.high),
  };
}
