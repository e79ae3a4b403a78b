/**
 * The slow lane: a fault that grows over hours and months, against how the machine was: its reference, or what was refused as one. The unit of evidence is a
 * block, an hour of the machine's life, not a window: windows of an hour share their wind and their oil.
 *
 *   t     = (mean of the block − reference) / √(wander² · (1 + 1/n) + windows' deviation² · (1/m + 1/N))
 *   score = the normal deviate that is as rare as t with the reference's degrees of freedom
 *   sum   = max(0, sum + min(score, 6) − 3)
 *
 * n blocks and N windows were learnt, m are in the block. The allowance of 3 deviations is for what lasts: a machine that
 * wanders to there and stays is healthy for all that can be known.
 *
 * The same is summed against the machine's own last day. What wanders over days cancels there, and how far an hour lies from
 * the day before it is seen anew every hour, so that its deviation is soon the machine's own and not what is usual. Growth
 * within hours shows there long before it leaves what the reference allows; growth over weeks shows against the reference
 * alone. An hour counts there only where the reference finds it high as well: one that is like any other hour of the machine
 * is no evidence, however low the day before it lay. Reads no clock.
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
  /** The same evidence against the last day; absent: it was kept by an earlier version. */
  readonly recent?: RecentBlocks | undefined;
  /** The block that is open: its start, and its windows' values above what was expected of each. */
  readonly block: { readonly fromMs: number; readonly count: number; readonly total: number } | null;
}

/** How the last day lay. */
interface RecentBlocks {
  /** Means of the last blocks in which nothing gathered, above what the reference expects; oldest first. */
  readonly means: readonly number[];
  /** Sum of the squared distances of blocks from the day before them, and how many there were. */
  readonly squares: number;
  readonly count: number;
  /** As in the lane's state. */
  readonly sum: number;
  readonly sinceMs: number | null;
  /** Windows of the reference that the means are above: with another one, of which nobody told, all begins anew. */
  readonly windows: number;
}

/** Nothing has gathered. */
export const idleSlow: SlowState = {
  sum: noEvidence,
  sinceMs: null,
  score: null,
  recent: undefined,
  block: null,
};

const blockMs = hourMs;
/** A block of fewer windows stays open. */
const fewestWindows = 3;
const highestScore = 6;
/** Evidence does not grow for ever: what came in a week may go in two. */
const mostSum = 30;
/** Blocks of the last day: at most, and at least before anything is held against them. */
const dayBlocks = 24;
const fewestDayBlocks = 20;
/** Blocks between the day and what is held against it: a fault that grows is not its own healthy day. */
const lagBlocks = 3;
/** Blocks that the reference's deviations weigh as much as. */
const priorBlocks = 12;
/** What the machine showed longer ago weighs no more. */
const mostCounted = 2000;
/**
 * The score against the reference that a block must have before it counts against the day. Machines whose modes wander over a day
 * by more than their days showed give the day's sum its false alarms from hours that are like the others: ADR 36.
 */
const leastScore = 1.5;

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
    return { sum: state.sum, sinceMs: state.sinceMs, score: state.score, recent: state.recent, block };
  const score = scoreBlock(block.total / block.count, block.count, reference);
  const sum = Math.min(mostSum, Math.max(0, state.sum + Math.min(highestScore, score) - slowAllowance));
  const recent = stepRecent(
    state.recent,
    { mean: block.total / block.count, ownScore: score, ...block },
    reference,
  );
  return { sum, sinceMs: sum === 0 ? null : (state.sinceMs ?? block.fromMs), score, recent, block: null };
}

/** Does a window lie where the reference expects one at most? Without one nothing is unexpected. */
export function isExpected(value: number, reference: SlowReference | null): boolean {
  if (reference === null) return true;
  return value <= reference.location + slowAllowance * Math.hypot(reference.window, reference.wander);
}

/** Goes on against another reference of the same signal: what lay so far above the one lies otherwise above the other. */
export function moveSlow(
  state: SlowState,
  { from, to }: { readonly from: SlowReference; readonly to: SlowReference },
): SlowState {
  const { recent, block } = state;
  const higher = from.location - to.location;
  return {
    ...state,
    recent: recent && {
      ...recent,
      means: recent.means.map((mean) => mean + higher),
      windows: to.windows,
    },
    block: block && { ...block, total: block.total + block.count * higher },
  };
}

/** The stronger of both sums: against the reference, and against the last day. */
export function evidenceOfSlow(state: SlowState): { readonly sum: number; readonly sinceMs: number | null } {
  const { recent } = state;
  return recent !== undefined && recent.sum > state.sum ? recent : state;
}

/** One block further against the last day. What may be a fault is neither counted nor becomes part of a day. */
function stepRecent(
  before: RecentBlocks | undefined,
  { mean, ownScore, fromMs, count }: WholeBlock,
  reference: SlowReference,
): RecentBlocks {
  const { windows, wander, window } = reference;
  const state = before?.windows === windows ? before : beginRecent(windows);
  const day = state.means.slice(0, Math.max(0, state.means.length - lagBlocks)).slice(-dayBlocks);
  if (day.length < fewestDayBlocks) return { ...state, means: [...state.means, mean] };
  const excess = mean - day.reduce((sum, each) => sum + each, 0) / day.length;
  const freedom = priorBlocks + state.count;
  const prior = (wander ** 2 + window ** 2 / count) * (1 + 1 / day.length);
  const variance = (priorBlocks * prior + state.squares) / freedom;
  const score = ownScore < leastScore ? 0 : toNormalScore(excess / Math.sqrt(variance), freedom);
  const sum = Math.min(mostSum, Math.max(0, state.sum + Math.min(highestScore, score) - slowAllowance));
  if (sum > 0) return { ...state, sum, sinceMs: state.sinceMs ?? fromMs };
  return {
    means: [...state.means, mean].slice(-dayBlocks - lagBlocks),
    squares: state.squares + Math.min(excess ** 2, 9 * variance),
    count: Math.min(mostCounted, state.count + 1),
    sum: noEvidence,
    sinceMs: null,
    windows,
  };
}

/** A block that is over, its mean above what the reference expects, and how far out that lies against the reference. */
interface WholeBlock {
  readonly mean: number;
  readonly ownScore: number;
  readonly fromMs: number;
  readonly count: number;
}

function beginRecent(windows: number): RecentBlocks {
  return { means: [], squares: 0, count: 0, sum: noEvidence, sinceMs: null, windows };
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
  recent: z
    .strictObject({
      means: z.array(z.number()).max(64),
      squares: z.number(),
      count: z.number(),
      sum: z.number(),
      sinceMs: z.number().nullable(),
      windows: z.number(),
    })
    .optional(),
  block: z.strictObject({ fromMs: z.number(), count: z.int().min(1), total: z.number() }).nullable(),
});
