/** What is known of a point's day: a sketch of every column, and its mean in every hour and at every load. */

import type { DriftLoad } from "../contract/drift-verdict.ts";
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { hourMs } from "../maths/durations.ts";

/** Parts of a day: an hour each where the period is a day. */
export const slotsOfDay = 24;

/** Moments of a column within one slot at one load. They merge exactly. */
export interface DayCell {
  /** 0 to {@link slotsOfDay} − 1. */
  readonly slot: number;
  /** Null: not known. */
  readonly load: DriftLoad | null;
  /** Finite values. */
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly sumSquares: number;
}

/** One column of a day. */
export interface DayFeature {
  /** All of the day, over every load. */
  readonly sketch: FeatureSketch;
  readonly cells: readonly DayCell[];
}

/** One point and model on one day. */
export interface DaySummary {
  /** Start of the period, epoch ms, a multiple of `periodMs`. */
  readonly fromMs: number;
  readonly periodMs: number;
  /** Columns in the order of the drift reference; a column without a value may be missing. */
  readonly features: readonly DayFeature[];
}

/** However short a period is: a busy machine stalls for seconds. */
const shortestGraceMs = 30_000;

/** How long after its end a period's reports are waited for, at most two hours and at least half a minute; ms. */
export function graceOf({ periodMs }: { readonly periodMs: number }): number {
  return Math.min(2 * hourMs, Math.max(shortestGraceMs, periodMs / 10));
}
