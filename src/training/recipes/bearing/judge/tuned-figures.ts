/**
 * Figures of a fine-tuned student on machines that were left out, beside its parent, the physics score and a logistic regression
 * on the same rows; intervals draw whole machines anew, the same draws for all.
 */
import { computeExpandedFigure, computeExpandedShare } from "../../../judge/few-units.ts";
import { drawResamples, type Figure, type Resamples } from "../../../judge/figure.ts";
import { createAuroc, createMacroAuroc } from "../../../judge/metrics.ts";
import type { ScoredSet, Statistic } from "../../../judge/scored-set.ts";

/** Who is judged, by the names of the scores, and what they are. */
export const tunedContenders = {
  int8: "fine-tuned, int8",
  float: "fine-tuned, float",
  parent: "its parent",
  logistic: "logistic regression, converged",
  physics: "physics score",
} as const;

/** One contender. */
export interface ContenderFigures {
  readonly name: keyof typeof tunedContenders;
  readonly headline: Figure;
  /** Is there a fault at all: the highest mode's score, faults of any kind against healthy. */
  readonly faultAuroc: Figure;
  /** The fine-tuned student's headline less this one's, paired; null for itself. */
  readonly lead: Figure | null;
}

/** What the headline figure is: kinds against each other and healthy where each is on enough machines, else a fault at all. */
export type HeadlineName = "macroAuroc" | "faultAuroc";

/**
 * Folds one after the other as one set: all students began at one parent, so their scores are of one kind. Machines are drawn anew
 * among those with a fault or among those without: by kinds there would be one of each, drawn always, and no spread.
 */
export function joinScored(folds: readonly ScoredSet[]): ScoredSet {
  const names = Object.keys(folds[0]!.scores);
  const all = folds.flatMap(({ signals }) => signals);
  const faulty = new Set(all.flatMap(({ unit, truth }) => (truth === null ? [] : [unit])));
  return {
    signals: all.map((signal) => ({
      ...signal,
      stratum: faulty.has(signal.unit) ? "with a fault" : "healthy",
    })),
    outputs: folds[0]!.outputs,
    scores: Object.fromEntries(
      names.map((name) => [name, Float32Array.from(folds.flatMap(({ scores }) => [...scores[name]!]))]),
    ),
  };
}

/** Machines that a kind must be seen on for a figure by kinds to rest on it: one left out, and two to learn from. */
const leastOfKind = 3;

/** Chosen by the labels alone: where a kind was named by nobody, or is of a machine or two, no figure rests on kinds. */
export function chooseHeadline(machinesOfKind: Readonly<Record<string, number>>): HeadlineName {
  const counts = Object.entries(machinesOfKind);
  const known = counts.every(([kind, machines]) => kind !== "faulty" && machines >= leastOfKind);
  return known && counts.length > 0 ? "macroAuroc" : "faultAuroc";
}

/** The statistic behind a headline figure. */
export function createHeadline(set: ScoredSet, model: string, headline: HeadlineName): Statistic {
  return headline === "macroAuroc" ? createMacroAuroc([set], model) : createFaultAuroc(set, model);
}

/** Judges everybody. */
export function judgeContenders(
  set: ScoredSet,
  headline: HeadlineName,
  seed: number,
): readonly ContenderFigures[] {
  const sample = sampleMachines(set, seed);
  const own = createHeadline(set, "int8", headline);
  return (Object.keys(tunedContenders) as ContenderFigures["name"][])
    .filter((name) => set.scores[name] !== undefined)
    .map((name) => {
      const statistic = createHeadline(set, name, headline);
      return {
        name,
        headline: shareOf(statistic, sample),
        faultAuroc: shareOf(createFaultAuroc(set, name), sample),
        lead: name === "int8" ? null : judgeLead(own, statistic, sample),
      };
    });
}

/** Resamples of machines, and how many there are. */
interface MachineSample extends Resamples {
  readonly machines: number;
}

/** The same draws for every figure of a set. */
export function sampleMachines({ signals }: Pick<ScoredSet, "signals">, seed: number): MachineSample {
  return { ...drawResamples(signals, seed), machines: new Set(signals.map(({ unit }) => unit)).size };
}

/** A statistic with an interval over machines, of which there are few. */
export function figureOf(statistic: Statistic, sample: MachineSample): Figure {
  return computeExpandedFigure(statistic, sample, sample.machines);
}

/** As {@link figureOf} of a probability, which an AUROC is. */
function shareOf(statistic: Statistic, sample: MachineSample): Figure {
  return computeExpandedShare(statistic, sample, sample.machines);
}

/** By how much an AUROC is ahead of one half, which is that of whoever says the same of everything. */
export function judgeLeadOverSilence(own: Statistic, sample: MachineSample): Figure {
  const { value, low, high } = shareOf(own, sample);
  return {
    value: value - 0.5,
    low: low === null ? null : low - 0.5,
    high: high === null ? null : high - 0.5,
  };
}

/** One statistic less another. */
export function judgeLead(own: Statistic, other: Statistic, sample: MachineSample): Figure {
  return figureOf((counts) => own(counts) - other(counts), sample);
}

/** Scores of one output, "is there a fault", from those of all modes. */
function createFaultAuroc(set: ScoredSet, model: string): Statistic {
  const { outputs, signals } = set;
  const scores = set.scores[model]!;
  const highest = Float32Array.from({ length: scores.length / outputs }, (_, row) =>
    scores.subarray(row * outputs, (row + 1) * outputs).reduce((a, b) => Math.max(a, b)),
  );
  const asked = signals.map((signal) => ({ ...signal, truth: signal.truth === null ? null : 0 }));
  return createAuroc({ signals: asked, outputs: 1, scores: { [model]: highest } }, model, 0);
}
