/**
 * Slices of judged signals (bearing, end, load, speed …): every metric by slice with counts and intervals, where a model is
 * worse than its mean, and whether a new model is significantly worse than the old one on any of them.
 */
import { compareTexts } from "../../core/maths/compare-texts.ts";
import { createRandom } from "../../core/maths/random.ts";
import { computeFigure, computeShare, drawResamples, type Figure } from "./figure.ts";
import { createMacroAuroc } from "./metrics.ts";
import { countRows, labelRows, type ScoredSet, type ScoredSignal, selectSet } from "./scored-set.ts";

/** What became of one signal. */
interface SignalOutcome {
  readonly id: string;
  /** Mean squared error of its probabilities over windows and outputs (Brier 1950). */
  readonly brier: number;
  /** Output that the decision rule raises first; null = none. */
  readonly raised: number | null;
}

export interface SliceFigures {
  /** Dimension, for example `load`. */
  readonly by: string;
  /** Value, for example `2 hp`. */
  readonly value: string;
  readonly signals: number;
  readonly windows: number;
  /** Over the outputs that have both classes in the slice; null where none has. Resampled by signal. */
  readonly macroAuroc: Figure | null;
  readonly brier: Figure;
  /** Share of faulty signals whose own fault is raised; null without any. */
  readonly detected: (Figure & { readonly right: number; readonly of: number }) | null;
  /** Share of healthy signals on which nothing is raised; null without any. */
  readonly quiet: (Figure & { readonly right: number; readonly of: number }) | null;
}

/** Replicates of a slice's interval: slices are many. */
const replicates = 400;

/** Figures of `model` on all slices of `set`; an outcome a signal. `seed` draws the resamples. */
export function computeSliceFigures(
  {
    set,
    model,
    outcomes,
  }: { readonly set: ScoredSet; readonly model: string; readonly outcomes: readonly SignalOutcome[] },
  seed: number,
): SliceFigures[] {
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  return listSlices(set.signals).map(({ by, value }) => {
    const own = selectSet(set, (signal) => signal.slices[by] === value);
    // Within a slice the signal is the unit: a slice often is one bearing.
    const signals = own.signals.map((signal) => ({ ...signal, unit: signal.id, stratum: `${signal.truth}` }));
    const resamples = drawResamples(signals, seed, replicates);
    const pairs = signals.map((signal) => ({ signal, outcome: outcomeOf.get(signal.id)! }));
    const hasBoth = Array.from({ length: own.outputs }, (_, output) => labelRows(own, output).labels).some(
      (labels) => labels.includes(0) && labels.includes(1),
    );
    const faulty = pairs.filter(({ signal }) => signal.truth !== null);
    const healthy = pairs.filter(({ signal }) => signal.truth === null);
    const share = (right: number, of: number): SliceFigures["detected"] =>
      of === 0 ? null : { ...computeShare(right, of), right, of };
    return {
      by,
      value,
      signals: signals.length,
      windows: countRows(own),
      macroAuroc: hasBoth ? computeFigure(createMacroAuroc([own], model), resamples) : null,
      brier: computeFigure((multiplicities) => {
        const total = multiplicities.reduce((sum, count) => sum + count, 0);
        return (
          pairs.reduce((sum, { outcome }, index) => sum + multiplicities[index]! * outcome.brier, 0) / total
        );
      }, resamples),
      detected: share(
        faulty.filter(({ signal, outcome }) => outcome.raised === signal.truth).length,
        faulty.length,
      ),
      quiet: share(healthy.filter(({ outcome }) => outcome.raised === null).length, healthy.length),
    };
  });
}

/** Every dimension and value that occurs: by dimension, then by the number that a value begins with, then as text. */
export function listSlices(
  signals: readonly Pick<ScoredSignal, "slices">[],
): readonly { readonly by: string; readonly value: string }[] {
  const found = new Map<string, { by: string; value: string }>();
  for (const { slices } of signals) {
    for (const [by, value] of Object.entries(slices)) found.set(`${by}\n${value}`, { by, value });
  }
  return [...found.values()].sort(
    (a, b) => compareTexts(a.by, b.by) || leadOf(a.value) - leadOf(b.value) || compareTexts(a.value, b.value),
  );
}

/** `below 25`, `25 to 49`, `100 and more` rise; a value without a number in front has none. */
function leadOf(value: string): number {
  const number = Number.parseFloat(value);
  return value.startsWith("below ") ? -1 : Number.isNaN(number) ? 0 : number;
}

/** One signal under both models. */
export interface PairedLoss {
  readonly id: string;
  readonly slices: Readonly<Record<string, string>>;
  /** Signals of one block are alike: they count as one. */
  readonly block: string;
  /** New less old: positive is worse. */
  readonly difference: number;
}

interface SliceComparison {
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

/**
 * Is the worst slice of a new model significantly worse than the old one's? Both are judged on the same signals; the
 * signs of the paired differences are flipped at random, those of a block together, and the largest statistic over all
 * slices is what counts (max-T, Westfall & Young 1993), so that many slices do not make a false alarm likely. Slices in order
 * of their adjusted p, the worst first; those of too few blocks are left out.
 */
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
