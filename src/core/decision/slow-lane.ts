/**
 * The slow lane: a fault that grows over hours and months, against the machine's own reference. The unit of evidence is a
 * block, an hour of the machine's life, not a window: windows of an hour share their wind and their oil.
 *
 *   t     = (mean of the block − reference) / √(wander² · (1 + 1/n) + windows' deviation² · (1/m + 1/N))
 *   score = the normal deviate that is as rare as t with the reference's degrees of freedom
 *   sum   = max(0, sum + min(score, 6) − 3)
 *
 * n blocks and N windows were learnt, m are in the block. The allowance of 3 deviations is for what lasts: a machine that
 * wanders to there and stays is healthy for all that can be known. Reads no clock.
 */
import { z } from "zod";
import { hourMs } from "../maths/durations.ts";
import { noEvidence, slowAllowance } from "./false-alarm-budget.ts";
import { toNormalScore } from "./normal-score.ts";

/** What a signal is expected to be while healthy, in its own unit. */
export interface SlowReference {
  readonly location: number;
  /** Deviation of a window, with what neighbours share taken into account. */
  readonly window: number;
  /** Deviation of a block's level. */
  readonly wander: number;
  /** Degrees of freedom of the wander; > 0. */
  readonly freedom: number;
  /** Independent blocks and windows that were learnt. */
  readonly blocks: number;
  readonly windows: number;
}

/** What is remembered between windows; plain data that can be stored. */
export interface SlowState {
  readonly sum: number;
  /** Start of the block with which the sum last rose from 0, epoch ms; null at 0. */
  readonly sinceMs: number | null;
  /** Score of the last whole block; null: none yet. */
  readonly score: number | null;
  /** The block that is open: its start, and its windows' values above what was expected of each. */
  readonly block: { readonly fromMs: number; readonly count: number; readonly total: number } | null;
}

/** Nothing has gathered. */
export const idleSlow: SlowState = { sum: noEvidence, sinceMs: null, score: null, block: null };

const blockMs = hourMs;
/** A block of fewer windows stays open. */
const fewestWindows = 3;
const highestScore = 6;
/** Evidence does not grow for ever: what came in a week may go in two. */
const mostSum = 30;

/** One window further. */
export function stepSlow(
  state: SlowState,
  window: { readonly fromMs: number; readonly toMs: number; readonly value: number },
  reference: SlowReference,
): SlowState {
  const { fromMs, toMs, value } = window;
  // A clock that went back begins another block.
  const open = state.block !== null && fromMs >= state.block.fromMs ? state.block : null;
  const block = {
    fromMs: open?.fromMs ?? fromMs,
    count: (open?.count ?? 0) + 1,
    // Each by its own speed: a block may have seen many.
    total: (open?.total ?? 0) + value - reference.location,
  };
  if (toMs - block.fromMs < blockMs || block.count < fewestWindows)
    return { sum: state.sum, sinceMs: state.sinceMs, score: state.score, block };
  const score = scoreBlock(block.total / block.count, block.count, reference);
  const sum = Math.min(mostSum, Math.max(0, state.sum + Math.min(highestScore, score) - slowAllowance));
  return { sum, sinceMs: sum === 0 ? null : (state.sinceMs ?? block.fromMs), score, block: null };
}

/** How far out a block's mean excess over `count` windows lies, as a normal deviate. */
function scoreBlock(excess: number, count: number, reference: SlowReference): number {
  const { window, wander, freedom, blocks, windows } = reference;
  const variance = wander ** 2 * (1 + 1 / Math.max(1, blocks)) + window ** 2 * (1 / count + 1 / windows);
  return toNormalScore(excess / Math.sqrt(variance), freedom);
}

/** Validator of {@link SlowState}: a snapshot comes from a disk. */
export const slowStateSchema: z.ZodType<SlowState> = z.strictObject({
  sum: z.number().min(0),
  sinceMs: z.number().nullable(),
  score: z.number().nullable(),
  block: z.strictObject({ fromMs: z.number(), count: z.int().min(1), total: z.number() }).nullable(),
});
