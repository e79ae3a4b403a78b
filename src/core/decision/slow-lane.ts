/**
 * The slow lane: a fault that grows over hours and months, against how the machine was: its reference, or what was refused as one. The unit of evidence is a
 * block, an hour of the machine's life, not a window: windows of an hour share their wind and their oil.
 *
 *   t     = (mean of the block − reference) / √(wander² · (1 + 1/n) + windows' deviation² · (s/m + 1/N))
 *   score = the normal deviate that is as rare as t with the reference's degrees of freedom
 *   sum   = max(0, sum + min(score, 6) − 3 − 0.9 · max(0, min(score of the block before, 6) − 3))
 *
 * n blocks and N windows were learnt, m are in the block. Where these lie far apart in time their variance is s times that of those that
 * were learnt, 1 to 9, else s is 1: of three that do not agree one may be the odd one. The allowance of 3 deviations is for what lasts: a machine that
 * wanders to there and stays is healthy for all that can be known.
 *
 * The same is summed against the machine's own last day. What wanders over days cancels there, and how far an hour lies from
 * the day before it is seen anew every hour, so that its deviation is soon the machine's own and not what is usual. Growth
 * within hours shows there long before it leaves what the reference allows; growth over weeks shows against the reference
 * alone. An hour counts there only where the reference finds it high as well: one that is like any other hour of the machine
 * is no evidence, however low the day before it lay.
 *
 * A block is evidence where more than a third of its windows are: one snapshot in which somebody hammered makes no hour of a fault.
 *
 * Blocks follow each other, and so do their sums. Between two of them the hour that lies half in either is held against the same, on what
 * had gathered before it: a fault is heard half an hour sooner for the price of half as many looks more. Reads no clock.
 */
import { z } from "zod";
import { dayMs, hourMs } from "../maths/durations.ts";
import { slowAllowance } from "./false-alarm-budget.ts";
import {
  beginRecent,
  measureDay,
  moveRecent,
  type RecentBlocks,
  recentBlocksSchema,
  stepRecent,
} from "./last-day.ts";
import { toNormalScore } from "./normal-score.ts";
import {
  gather,
  measureScatter,
  nothingGathered,
  type SlowEvidence,
  type SlowReference,
  slowEvidenceSchema,
  type WholeBlock,
} from "./slow-evidence.ts";

/** Some windows: the start of the first and of the last, how many there are and are high, and their values above what was expected of each, and squared. */
interface Block {
  readonly fromMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly high: number;
  readonly total: number;
  readonly squares: number;
}

/** What is remembered between windows; plain data that can be stored. */
export interface SlowState extends SlowEvidence {
  /** The same evidence against the last day; absent: it was kept by an earlier version. */
  readonly recent?: RecentBlocks | undefined;
  /** The block that is open. */
  readonly block: Block | null;
  /** Its first half, once that is over. */
  readonly first: Block | null;
  /** Of the last whole block its second half, and what had gathered before it, against the reference and against the last day. */
  readonly last: { readonly second: Block; readonly own: SlowEvidence; readonly recent: SlowEvidence } | null;
  /** The evidence with the hour of these two halves; null: it is not over, or was none. */
  readonly between: SlowEvidence | null;
}

/** Nothing has gathered. */
export const idleSlow: SlowState = {
  sum: nothingGathered.sum,
  sinceMs: nothingGathered.sinceMs,
  score: nothingGathered.score,
  recent: undefined,
  block: null,
  first: null,
  last: null,
  between: null,
};

const blockMs = hourMs;
/** A block of fewer windows stays open. */
const fewestWindows = 3;
/** More than one window in so many must be high. */
const oneOf = 3;
/** After a longer pause what was open is over: so many of its own steps, and more than a turbine stands still. */
const pauseSteps = 3;
const pauseMs = 1.5 * dayMs;
/** The same where one window is all that was ever heard. */
const longestPauseMs = 10 * dayMs;

/** One window further. */
export function stepSlow(
  state: SlowState,
  window: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly value: number;
    /** However far it lies above the reference, it is as on any healthy machine; absent: it is not. */
    readonly isCalm?: boolean | undefined;
  },
  reference: SlowReference,
): SlowState {
  const { fromMs, toMs, value, isCalm = false } = window;
  const open = state.block !== null && goesOn(state, state.block, fromMs) ? state.block : null;
  // Each by its own speed: a block may have seen many.
  const excess = value - reference.location;
  const isHigh = excess > reference.single && !isCalm;
  const block = {
    fromMs: open?.fromMs ?? fromMs,
    lastMs: fromMs,
    count: (open?.count ?? 0) + 1,
    high: (open?.high ?? 0) + (isHigh ? 1 : 0),
    total: (open?.total ?? 0) + excess,
    squares: (open?.squares ?? 0) + excess ** 2,
  };
  const { sum, sinceMs, score, recent, last } = state;
  const [first, between] = open === null ? [null, null] : [state.first, state.between];
  const lasted = toMs - block.fromMs;
  if (lasted >= blockMs && block.count >= fewestWindows) return closeBlock(state, block, reference);
  // Field by field, once a window and mode: spreads are copied key by key.
  if (first !== null || lasted < blockMs / 2) {
    return { sum, sinceMs, score, recent, block, first, last, between };
  }
  const middle = joinHalves(last, block);
  const held = middle === null ? null : holdBetween(state, middle, reference);
  return { sum, sinceMs, score, recent, block, first: block, last, between: held };
}

/** Not after a pause, and where a clock went back another block begins. */
function goesOn(
  { last }: Pick<SlowState, "last">,
  { fromMs, lastMs, count }: Block,
  nextMs: number,
): boolean {
  const steps = (pauseSteps * (lastMs - fromMs)) / (count - 1);
  const pause = count === 1 ? findPause(last) : Math.max(pauseMs, steps);
  return nextMs >= fromMs && nextMs - lastMs <= pause;
}

/** After how long a single window belongs to no later one: by the last block, which had three at least. */
function findPause(last: SlowState["last"]): number {
  if (last === null) return longestPauseMs;
  const { fromMs, lastMs } = last.second;
  return Math.max(pauseMs, (pauseSteps * (lastMs - fromMs + blockMs / 2)) / (fewestWindows - 1));
}

/** The block is over. */
function closeBlock(state: SlowState, block: Block, reference: SlowReference): SlowState {
  const before = beginRecent(state.recent, reference);
  const whole = weighBlock(block, reference);
  const { sum, sinceMs, score } = gather(state, whole.ownScore, block.fromMs);
  const { first } = state;
  const second = first === null || first.fromMs !== block.fromMs ? null : cutHalf(block, first);
  return {
    sum,
    sinceMs,
    score,
    recent: stepRecent(before, whole, reference),
    block: null,
    first: null,
    last: second && {
      second,
      own: { sum: state.sum, sinceMs: state.sinceMs, score: state.score },
      recent: { sum: before.sum, sinceMs: before.sinceMs, score: before.score },
    },
    between: null,
  };
}

/** What is left of a block behind its first half; null: nothing. */
function cutHalf({ fromMs, lastMs, count, high, total, squares }: Block, first: Block): Block | null {
  if (count === first.count) return null;
  return {
    fromMs: fromMs + blockMs / 2,
    lastMs,
    count: count - first.count,
    high: high - first.high,
    total: total - first.total,
    squares: squares - first.squares,
  };
}

/** The last whole block's second half with `after`; null where they are too few, a pause lies between them, or a clock went back. */
function joinHalves(last: SlowState["last"], after: Block): Block | null {
  if (last === null) return null;
  const before = last.second;
  const count = before.count + after.count;
  const pause = after.fromMs - before.lastMs;
  if (count < fewestWindows || after.fromMs < before.fromMs || pause > findPause(last)) return null;
  return {
    fromMs: before.fromMs,
    lastMs: after.lastMs,
    count,
    high: before.high + after.high,
    total: before.total + after.total,
    squares: before.squares + after.squares,
  };
}

/** The stronger evidence with a block that lies half in the last whole one, which then does not count. */
function holdBetween({ last, recent }: SlowState, middle: Block, reference: SlowReference): SlowEvidence {
  const { own, recent: ofDay } = last!;
  const block = weighBlock(middle, reference);
  const against = gather(own, block.ownScore, middle.fromMs);
  const day = measureDay(beginRecent(recent, reference), block, reference);
  const againstDay = day === null ? ofDay : gather(ofDay, day.score, middle.fromMs);
  return againstDay.sum > against.sum ? againstDay : against;
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
  const { recent, block, first, last } = state;
  const higher = from.location - from.allowed - to.location + to.allowed;
  const move = (moved: Block): Block => {
    const { fromMs, lastMs, count, high } = moved;
    const total = moved.total + count * higher;
    const squares = moved.squares + higher * (2 * moved.total + count * higher);
    return { fromMs, lastMs, count, high, total, squares };
  };
  return {
    sum: state.sum,
    sinceMs: state.sinceMs,
    score: state.score,
    recent: recent && moveRecent(recent, higher, to),
    block: block && move(block),
    first: first && move(first),
    last: last && { second: move(last.second), own: last.own, recent: last.recent },
    between: state.between,
  };
}

/** The strongest: against the reference, against the last day, and of the hour between two blocks. */
export function evidenceOfSlow(state: SlowState): SlowEvidence {
  const { recent, between } = state;
  const whole = recent !== undefined && recent.sum > state.sum ? recent : state;
  return between !== null && between.sum > whole.sum ? between : whole;
}

/** Where few of its windows are high it is as expected, however high these are. */
function weighBlock(block: Block, reference: SlowReference): WholeBlock {
  const { fromMs, count, high } = block;
  const mean = block.total / count;
  const scatter = measureScatter(block, reference);
  const score = scoreBlock(mean, { count, scatter }, reference);
  return { mean, ownScore: oneOf * high > count ? score : Math.min(0, score), fromMs, count, scatter };
}

/** How far out a block's mean excess over `count` windows lies, as a normal deviate. */
function scoreBlock(
  excess: number,
  { count, scatter }: Pick<WholeBlock, "count" | "scatter">,
  { window, wander, freedom, blocks, windows }: SlowReference,
): number {
  const variance =
    wander ** 2 * (1 + 1 / Math.max(1, blocks)) + window ** 2 * (scatter / count + 1 / windows);
  return toNormalScore(excess / Math.sqrt(variance), freedom);
}

/** What an earlier version kept of an open block begins anew. */
const blockSchema = z.strictObject({
  fromMs: z.number(),
  lastMs: z.number().default(0),
  count: z.int().min(1),
  high: z.int().min(0).default(0),
  total: z.number(),
  // Of what an earlier version kept nobody knows how far its windows lay apart: as far as was learnt.
  squares: z.number().default(0),
});

/** Validator of {@link SlowState}: a snapshot comes from a disk. */
export const slowStateSchema: z.ZodType<SlowState> = z.strictObject({
  sum: z.number().min(0),
  sinceMs: z.number().nullable(),
  // An earlier version said null before the first.
  score: z
    .number()
    .nullable()
    .transform((score) => score ?? 0),
  recent: recentBlocksSchema.optional(),
  block: blockSchema.nullable(),
  // What an earlier version kept knows no halves.
  first: blockSchema.nullable().default(null),
  last: z
    .strictObject({ second: blockSchema, own: slowEvidenceSchema, recent: slowEvidenceSchema })
    .nullable()
    .default(null),
  between: slowEvidenceSchema.nullable().default(null),
});
