/**
 * Is the worst slice of a new model significantly worse than the old one's? Both are judged on the same signals; the
 * signs of the paired differences are flipped at random, and the largest statistic over all slices is what counts
 * (max-T, Westfall & Young 1993), so that many slices do not make a false alarm likely.
 */
import { createRandom } from "../../maths/random.ts";
import { listSlices } from "./slice-figures.ts";

/** One signal under both models. */
export interface PairedLoss {
  readonly id: string;
  readonly slices: Readonly<Record<string, string>>;
  /** New less old: positive is worse. */
  readonly difference: number;
}

/** The outcome for one slice. */
export interface SliceComparison {
  readonly by: string;
  readonly value: string;
  readonly signals: number;
  /** Mean of new less old. */
  readonly meanDifference: number;
  /** Probability of a statistic as large as this in any slice, if both models were equally good. */
  readonly adjustedP: number;
}

const permutations = 2000;
/** Fewer signals cannot speak: with four, even a unanimous vote comes by chance in one of sixteen cases. */
const minSliceSignals = 6;

/** Compares; slices in order of their adjusted p, the worst first. Slices of too few signals are left out. */
export function compareSlices(pairs: readonly PairedLoss[], seed: number): SliceComparison[] {
  const slices = listSlices(pairs)
    .map((slice) => ({
      ...slice,
      members: pairs.flatMap((pair, index) => (pair.slices[slice.by] === slice.value ? [index] : [])),
    }))
    .filter(({ members }) => members.length >= minSliceSignals);
  const statistic = (members: readonly number[], signs: Int8Array | null): number => {
    let sum = 0;
    let squares = 0;
    for (const index of members) {
      const { difference } = pairs[index]!;
      sum += difference * (signs?.[index] ?? 1);
      squares += difference * difference;
    }
    return squares === 0 ? 0 : sum / Math.sqrt(squares);
  };
  const observed = slices.map(({ members }) => statistic(members, null));
  const random = createRandom(seed);
  const reached = slices.map(() => 0);
  const signs = new Int8Array(pairs.length);
  for (let draw = 0; draw < permutations; draw++) {
    for (let index = 0; index < signs.length; index++) signs[index] = random.uniform() < 0.5 ? -1 : 1;
    const largest = Math.max(...slices.map(({ members }) => statistic(members, signs)));
    for (const [index, value] of observed.entries()) if (largest >= value) reached[index]!++;
  }
  return slices
    .map(({ by, value, members }, index) => ({
      by,
      value,
      signals: members.length,
      meanDifference: members.reduce((sum, at) => sum + pairs[at]!.difference, 0) / members.length,
      adjustedP: (reached[index]! + 1) / (permutations + 1),
    }))
    .sort((a, b) => a.adjustedP - b.adjustedP || b.meanDifference - a.meanDifference);
}
