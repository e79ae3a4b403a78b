/**
 * The slow lane against a machine's own last day: 24 of its hours, three hours back, and how far hours lay from the day before
 * them so far. Reads no clock.
 */
import { z } from "zod";
import { toNormalScore } from "./normal-score.ts";
import {
  gather,
  nothingGathered,
  type SlowEvidence,
  type SlowReference,
  type WholeBlock,
} from "./slow-evidence.ts";

/** Blocks of the last day: at most, and at least before anything is held against them, which is in the twelfth hour. */
const dayBlocks = 24;
const fewestDayBlocks = 8;
/** Blocks between the day and what is held against it: a fault that grows is not its own healthy day. */
const lagBlocks = 3;
/** Blocks that the reference's deviations weigh as much as. */
const priorBlocks = 12;
/** What the machine showed longer ago weighs no more. */
const mostCounted = 2000;
/**
 * The score against the reference that a block must have before it counts against the day. Machines whose modes wander over a day
 * by more than their days showed give the day's sum its false alarms from hours that are like the others: ADR 76.
 */
const leastScore = 2;

/** How the last day lay, and what has gathered against it. */
export interface RecentBlocks extends SlowEvidence {
  /** Means of the last blocks in which nothing gathered, above what the reference expects; oldest first. */
  readonly means: readonly number[];
  /** Sum of the squared distances of blocks from the day before them, and how many there were. */
  readonly squares: number;
  readonly count: number;
  /** Windows of the reference that the means are above: with another one, of which nobody told, all begins anew. */
  readonly windows: number;
}

/** As it was, if it is of this reference. */
export function beginRecent(recent: RecentBlocks | undefined, { windows }: SlowReference): RecentBlocks {
  if (recent?.windows === windows) return recent;
  return { means: [], squares: 0, count: 0, ...nothingGathered, windows };
}

/** Goes on above another reference, which expects `lower` less. */
export function moveRecent(state: RecentBlocks, lower: number, { windows }: SlowReference): RecentBlocks {
  return { ...state, means: state.means.map((mean) => mean + lower), windows };
}

/** One block further against the last day. What may be a fault is neither counted nor becomes part of a day. */
export function stepRecent(state: RecentBlocks, block: WholeBlock, reference: SlowReference): RecentBlocks {
  const day = measureDay(state, block, reference);
  if (day === null) return { ...state, means: [...state.means, block.mean] };
  const gathered = gather(state, day.score, block.fromMs);
  if (gathered.sum > 0) return { ...state, ...gathered };
  const isFull = state.count < mostCounted ? 0 : 1;
  return {
    means: [...state.means, block.mean].slice(-dayBlocks - lagBlocks),
    squares: state.squares * (1 - isFull / mostCounted) + Math.min(day.excess ** 2, 9 * day.variance),
    count: state.count + 1 - isFull,
    ...gathered,
    windows: state.windows,
  };
}

/** How a block lies against the day before it; null: that day is not known yet. */
export function measureDay(
  { means, squares, count: counted }: RecentBlocks,
  { mean, ownScore, count, scatter }: WholeBlock,
  { wander, window }: SlowReference,
): { readonly excess: number; readonly variance: number; readonly score: number } | null {
  const day = means.slice(0, Math.max(0, means.length - lagBlocks)).slice(-dayBlocks);
  if (day.length < fewestDayBlocks) return null;
  const excess = mean - day.reduce((sum, each) => sum + each, 0) / day.length;
  const freedom = priorBlocks + counted;
  const prior = (wander ** 2 + window ** 2 / count) * (1 + 1 / day.length);
  const variance = (priorBlocks * prior + squares) / freedom;
  // What its windows scatter beyond those that were learnt says of this block alone.
  const odd = ((scatter - 1) * window ** 2) / count;
  const score = ownScore < leastScore ? 0 : toNormalScore(excess / Math.sqrt(variance + odd), freedom);
  return { excess, variance, score };
}

/** Validator of {@link RecentBlocks}. */
export const recentBlocksSchema: z.ZodType<RecentBlocks> = z
  .strictObject({
    sum: z.number().min(0),
    sinceMs: z.number().nullable(),
    score: z.number().optional(),
    means: z.array(z.number()).max(64),
    squares: z.number(),
    count: z.number(),
    windows: z.number(),
  })
  .transform(({ score, ...kept }) => {
    // An earlier version, which kept no score, summed squares for years and counted less.
    const isTooLarge = score === undefined && kept.count >= mostCounted;
    return { ...kept, ...(isTooLarge ? { squares: 0, count: 0 } : {}), score: score ?? 0 };
  });
