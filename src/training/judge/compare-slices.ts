/**
 * Is the worst slice of a new model significantly worse than the old one's? Both are judged on the same signals; the
 * signs of the paired differences are flipped at random, those of a block together, and the largest statistic over all
 * slices is what counts (max-T, Westfall & Young 1993), so that many slices do not make a false alarm likely.
 */
import { createRandom } from "../../core/maths/random.ts";
import { listSlices } from "./slice-figures.ts";

/** One signal under both models. */
export interface PairedLoss {
  readonly id: string;
  readonly slices: Readonly<Record<string, string>>;
  /** Signals of one block are alike: they count as one. */
  readonly block: string;
  /** New less old: positive is worse. */
  readonly difference: number;
}

/** The outcome for one slice. */
export interface SliceComparison {
  readonly by: string;
  readonly value: string;
  readonly signals: number;
  readonly blocks: number;
  /** Mean of new less old. */
  readonly meanDifference: number;
  /** Probability of a statistic as large as this in any slice, if both models were equally good. */
  readonly adjustedP: number;
}

const permutations = 2000;
/** Fewer blocks cannot speak: with four, even a unanimous vote comes by chance in one of sixteen cases. */
const minSliceBlocks = 6;

/** Compares; slices in order of their adjusted p, the worst first. Slices of too few blocks are left out. */
export function compareSlices(pairs: readonly PairedLoss[], seed: number): SliceComparison[] {
  const blocks = new Map([...new Set(pairs.map(({ block }) => block))].map((block, index) => [block, index]));
  const slices = listSlices(pairs)
    .map(({ by, value }) => {
      const own = pairs.filter((pair) => pair.slices[by] === value);
      return { by, value, own, sums: sumBlocks(own, blocks) };
    })
    .filter(({ sums }) => sums.length >= minSliceBlocks);
  const observed = slices.map(({ sums }) => computeStatistic(sums, null));
  const random = createRandom(seed);
  const reached = slices.map(() => 0);
  const signs = new Int8Array(blocks.size);
  for (let draw = 0; draw < permutations; draw++) {
    for (let index = 0; index < signs.length; index++) signs[index] = random.uniform() < 0.5 ? -1 : 1;
    const largest = Math.max(...slices.map(({ sums }) => computeStatistic(sums, signs)));
    for (const [index, value] of observed.entries()) if (largest >= value) reached[index]!++;
  }
  return slices
    .map(({ by, value, own, sums }, index) => ({
      by,
      value,
      signals: own.length,
      blocks: sums.length,
      meanDifference: own.reduce((sum, { difference }) => sum + difference, 0) / own.length,
      adjustedP: (reached[index]! + 1) / (permutations + 1),
    }))
    .sort((a, b) => a.adjustedP - b.adjustedP || b.meanDifference - a.meanDifference);
}

/** A block's differences put together. */
interface BlockSum {
  readonly block: number;
  readonly sum: number;
}

function sumBlocks(pairs: readonly PairedLoss[], blocks: ReadonlyMap<string, number>): BlockSum[] {
  const sums = new Map<number, number>();
  for (const { block, difference } of pairs) {
    const index = blocks.get(block)!;
    sums.set(index, (sums.get(index) ?? 0) + difference);
  }
  return [...sums].map(([block, sum]) => ({ block, sum }));
}

function computeStatistic(sums: readonly BlockSum[], signs: Int8Array | null): number {
  let total = 0;
  let squares = 0;
  for (const { block, sum } of sums) {
    total += sum * (signs?.[block] ?? 1);
    squares += sum * sum;
  }
  return squares === 0 ? 0 : total / Math.sqrt(squares);
}
