/** How a healthy signal's neighbouring windows correlate, and how its blocks of windows wander, by what was learnt of them. */
import { computeBatchAutocorrelation } from "../../maths/robust.ts";
import { priorFreedom } from "./margin.ts";

/** Consecutive windows that are kept together, so that their correlation is seen. */
export const baselineBlockWindows = 16;
/** What was left out of a block may be all but so many. */
const leastOfBlock = 4;
/** Neighbours are never taken to share more than this. */
const maxAutocorrelation = 0.95;

/** Correlation of neighbouring windows, of 0 at least; NaN: left out. */
export function fitAutocorrelation(values: readonly number[]): number {
  return computeBatchAutocorrelation(toBlocks(values), maxAutocorrelation);
}

/**
 * How the level of a block wanders: what is usual for machines, weighing as much as {@link priorFreedom} blocks, and what
 * these blocks show. Those of a day share their weather: they count as one, however far apart they seem. NaN: left out.
 */
export function fitWander(
  values: readonly number[],
  prior: { readonly wander: number; readonly least: number; readonly days: number },
): { readonly wander: number; readonly freedom: number; readonly blocks: number } {
  const means = toBlocks(values).map((block) => block.reduce((sum, value) => sum + value, 0) / block.length);
  const mean = means.reduce((sum, value) => sum + value, 0) / Math.max(1, means.length);
  const squares = means.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const shared = means.reduce(
    (sum, value, at) => sum + (at === 0 ? 0 : (value - mean) * (means[at - 1]! - mean)),
    0,
  );
  const correlation = squares > 0 ? Math.min(maxAutocorrelation, Math.max(0, shared / squares)) : 0;
  const apart = (means.length * (1 - correlation)) / (1 + correlation);
  const blocks = Math.max(1, Math.min(apart, prior.days));
  const seen = means.length < 2 ? 0 : (squares / (means.length - 1)) * (blocks - 1);
  const freedom = priorFreedom + blocks - 1;
  const variance = (priorFreedom * prior.wander ** 2 + seen) / freedom;
  return { wander: Math.max(prior.least, Math.sqrt(variance)), freedom, blocks };
}

/** Four parts of one length, in the order of the values. */
export function cutQuarters(values: readonly number[]): number[][] {
  const quarter = Math.floor(values.length / 4);
  return [0, 1, 2, 3].map((part) => values.slice(part * quarter, (part + 1) * quarter));
}

function toBlocks(values: readonly number[]): number[][] {
  const blocks: number[][] = [];
  for (let at = 0; at + baselineBlockWindows <= values.length; at += baselineBlockWindows) {
    const block = values.slice(at, at + baselineBlockWindows).filter(Number.isFinite);
    if (block.length >= leastOfBlock) blocks.push(block);
  }
  return blocks;
}
