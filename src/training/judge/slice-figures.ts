/** Every metric by slice (bearing, end, load, speed …), with counts and intervals: where a model is worse than its mean. */
import { computeFigure, drawResamples } from "./bootstrap.ts";
import { computeShare, type Figure } from "./figure.ts";
import { countRows, labelRows, type ScoredSet, type ScoredSignal, selectSet } from "./scored-set.ts";
import { createMacroAuroc } from "./weighted-auroc.ts";

/** What became of one signal. */
export interface SignalOutcome {
  /** Id of the signal. */
  readonly id: string;
  /** Mean squared error of its probabilities over windows and outputs (Brier 1950). */
  readonly brier: number;
  /** Output that the decision rule raises first; null = none. */
  readonly raised: number | null;
}

/** The figures of one slice. */
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

/** Figures of all slices of `set`; `outcomes` in the sequence of its signals. */
export function computeSliceFigures(
  set: ScoredSet,
  model: string,
  outcomes: readonly SignalOutcome[],
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

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
