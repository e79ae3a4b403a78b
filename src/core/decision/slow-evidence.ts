/**
 * What the slow lane gathers, block by block: a one-sided sum of normal scores beyond an allowance (CUSUM, Page 1954). An hour is much
 * like the one before it, on a healthy machine as well: of what lies beyond the allowance most was told by that one.
 */
import { z } from "zod";
import { hourMs } from "../maths/durations.ts";
import { noEvidence, slowAllowance } from "./false-alarm-budget.ts";

const highestScore = 6;
/** Evidence does not grow for ever: what came in a week may go in two. */
const mostSum = 30;
/** So much of a block's evidence is that of the block before it, if that one had as much: hours of a machine that wanders over days. */
const sharedShare = 0.9;
/** A block that lasts longer had to wait for its windows: each is of another time. */
const sparseMs = 1.5 * hourMs;
/** What was learnt of how far windows lie apart weighs as much as so many of a block's. */
const priorWindows = 4;
/** So many times that variance counts at most. */
const mostScatter = 9;

/** What has gathered. */
export interface SlowEvidence {
  readonly sum: number;
  /** Start of the block with which the sum last rose from 0, epoch ms; null at 0. */
  readonly sinceMs: number | null;
  /** Of the last block; 0: none yet. */
  readonly score: number;
}

/** Before the first block. */
export const nothingGathered: SlowEvidence = { sum: noEvidence, sinceMs: null, score: noEvidence };

/** What a signal is expected to be while healthy, in its own unit. */
export interface SlowReference {
  readonly location: number;
  /** So much of it is no level that was learnt, but what is allowed for beside the learnt speeds; ≥ 0. */
  readonly allowed: number;
  /** Deviation of a window, with what neighbours share taken into account. */
  readonly window: number;
  /** Deviation of one window by itself, wander included: what lies further out is high. */
  readonly single: number;
  /** Deviation of a block's level. */
  readonly wander: number;
  /** Degrees of freedom of the wander; > 0. */
  readonly freedom: number;
  /** Independent blocks and windows that were learnt. */
  readonly blocks: number;
  readonly windows: number;
}

/** The evidence with one block more, which begins at `fromMs`. */
export function gather(before: SlowEvidence, score: number, fromMs: number): SlowEvidence {
  const told = sharedShare * Math.max(0, beyondAllowance(before.score));
  const sum = Math.min(mostSum, Math.max(0, before.sum + beyondAllowance(score) - told));
  return sum > 0
    ? { sum, sinceMs: before.sinceMs ?? fromMs, score }
    : { sum: noEvidence, sinceMs: null, score };
}

function beyondAllowance(score: number): number {
  return Math.min(highestScore, score) - slowAllowance;
}

/** A block that is over, its mean above what the reference expects, and how far out that lies against the reference. */
export interface WholeBlock {
  readonly mean: number;
  readonly ownScore: number;
  readonly fromMs: number;
  readonly count: number;
  /** As {@link measureScatter} says. */
  readonly scatter: number;
}

/**
 * How many times the variance that was learnt the windows of a sparse block have about their mean, 1 to 9; 1 of any other. `total` and
 * `squares` are sums over its windows, which began from `fromMs` to `lastMs`.
 */
export function measureScatter(
  {
    fromMs,
    lastMs,
    count,
    total,
    squares,
  }: Readonly<Record<"fromMs" | "lastMs" | "count" | "total" | "squares", number>>,
  { single, wander }: Pick<SlowReference, "single" | "wander">,
): number {
  if (lastMs - fromMs <= sparseMs) return 1;
  const seen = Math.max(0, squares - total ** 2 / count) / (single ** 2 - wander ** 2);
  const scatter = (priorWindows + seen) / (priorWindows + count - 1);
  return Math.min(mostScatter, Math.max(1, scatter));
}

/** Validator of {@link SlowEvidence}. */
export const slowEvidenceSchema: z.ZodType<SlowEvidence> = z.strictObject({
  sum: z.number().min(0),
  sinceMs: z.number().nullable(),
  score: z.number().default(0),
});
