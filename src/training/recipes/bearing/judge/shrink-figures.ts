/**
 * The great shrink, step by step: size, cost and figure of every contender, what the figures say in words, and what
 * quantisation changed.
 */

import { countMultiplyAdds, type QuantisedMlp } from "../../../../core/contract/bundle/quantised-mlp.ts";
import { computeProbability } from "../../../../core/decision/calibrate.ts";
import { encodeStudent } from "../../../../core/inference/onnx-codec.ts";
import {
  cortexM4CyclesPerMultiplyAdd,
  createMcuModel,
  type McuManifest,
} from "../../../bundle/create-mcu-model.ts";
import { describeNetwork } from "../../../bundle/model-documents.ts";
import { computeFigure, drawResamples, type Figure, formatFigure } from "../../../judge/figure.ts";
import { createMacroAuroc } from "../../../judge/metrics.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { measureNetworks, runDense } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { gradientTolerance } from "../../../learn/fit-tied-logistic.ts";
import type { StudentRecipe } from "../../../learn/student-recipe.ts";
import { type LabelledRows, runStudent, type TrainedStudent } from "../../../learn/train-student.ts";
import { type Contenders, listNetworks } from "../learn/contenders.ts";
import type { AlertRule } from "./held-out-figures.ts";

export interface StepFigures {
  readonly name: string;
  readonly title: string;
  /** How it was fitted, and whether to a minimum. */
  readonly fitted: string;
  /** Weights and biases, and multiplications of one window; null for scores that are no network. */
  readonly parameters: number | null;
  readonly multiplyAdds: number | null;
  /** Of the ONNX file for int8; four bytes a parameter for float networks. */
  readonly bytes: number | null;
  /** Macro AUROC on held-out bearings, and over the inner splits of the training bearings. */
  readonly heldOut: Figure;
  readonly outOfFold: Figure;
}

/** A paired difference and what it says. */
export interface PairedDifference {
  readonly name: string;
  /** First less second contender, on the inner splits (more bearings) and on held-out bearings. */
  readonly outOfFold: Figure;
  readonly heldOut: Figure;
  readonly sentence: string;
}

const titles: Readonly<Record<string, string>> = {
  teacher: "teacher (ensemble)",
  wide: "distilled student, not pruned",
  float: "distilled and pruned student",
  int8: "int8 student (deployed)",
  untaught: "same student without a teacher",
  direct: "same size from the start, not pruned",
  logistic: "tied logistic regression",
  physics: "physics score, nothing learnt",
  silent: "always healthy",
};

/** What they are called where there is no teacher to be taught by. */
const untaughtTitles: Readonly<Record<string, string>> = {
  ...titles,
  wide: "student, not pruned",
  float: "pruned student",
};

/** The student's size, and what quantisation changed on rows that it was not trained on. */
export interface StudentFigures {
  readonly architecture: string;
  readonly weights: number;
  readonly nonZeroWeights: number;
  readonly modelBytes: number;
  /** int8 against float logits on held-out windows, within ± 8. */
  readonly maxLogitDifference: number;
  readonly meanLogitDifference: number;
  /** Share of (window, mode) decisions at the raise threshold that differ. */
  readonly decisionsChanged: number;
}

/** What is compared with what: name, first, second, subject of the sentence. */
const comparisons: readonly (readonly [string, string, string, string])[] = [
  [
    "teacherLead",
    "teacher",
    "untaught",
    "The teacher, in place of the student that learns from labels alone,",
  ],
  ["distillation", "float", "untaught", "Distillation"],
  ["pruning", "float", "direct", "Pruning down to this size, against training it from the start,"],
  ["shrinking", "float", "wide", "Taking neurons out of the wide student"],
  ["teacher", "float", "teacher", "Going from the teacher to its student"],
  ["quantisation", "int8", "float", "Quantisation to int8"],
  ["gainOverLogistic", "int8", "logistic", "Learning more than a logistic regression"],
  ["gainOverPhysics", "int8", "physics", "Learning at all, against the physics score,"],
];

/** Judges; both lists of sets hold the scores of the same contenders. */
export function judgeSteps(
  contenders: Contenders,
  { heldOut, folds }: { readonly heldOut: ScoredSet; readonly folds: readonly ScoredSet[] },
  { seed, recipe }: { readonly seed: number; readonly recipe: StudentRecipe },
): { readonly steps: readonly StepFigures[]; readonly findings: readonly PairedDifference[] } {
  const names = Object.keys(titles).filter((name) => heldOut.scores[name] !== undefined);
  const own = names.includes("teacher") ? titles : untaughtTitles;
  const resamples = {
    heldOut: drawResamples(heldOut.signals, seed),
    folds: drawResamples(
      folds.flatMap((fold) => fold.signals),
      seed,
    ),
  };
  const statistics = Object.fromEntries(
    names.map((name) => [
      name,
      { heldOut: createMacroAuroc([heldOut], name), folds: createMacroAuroc(folds, name) },
    ]),
  );
  const steps = names.map((name): StepFigures => {
    return {
      name,
      title: own[name]!,
      fitted: sayFit(name, contenders, recipe),
      ...sizeOf(name, contenders),
      heldOut: computeFigure(statistics[name]!.heldOut, resamples.heldOut),
      outOfFold: computeFigure(statistics[name]!.folds, resamples.folds),
    };
  });
  const findings = comparisons
    .filter(([, first, second]) => names.includes(first) && names.includes(second))
    .map(([name, first, second, subject]): PairedDifference => {
      const [a, b] = [statistics[first]!, statistics[second]!];
      const differenceOn = (kind: "heldOut" | "folds"): Figure =>
        computeFigure((counts) => a[kind](counts) - b[kind](counts), resamples[kind]);
      const [onFolds, onHeldOut] = [differenceOn("folds"), differenceOn("heldOut")];
      const sentence = `${sayFinding(subject, onFolds)}, on bearings left out of training in turn; on the held-out bearings by ${formatFigure(onHeldOut, 4)}.`;
      return { name, outOfFold: onFolds, heldOut: onHeldOut, sentence };
    });
  return { steps, findings };
}

/** Smaller differences than this matter to nobody, even where they are certain. */
const worthTelling = 0.002;

/** What a difference says: helps, hurts, makes no difference worth speaking of, or cannot be told. */
export function sayFinding(subject: string, difference: Figure): string {
  const figure = `macro AUROC changes by ${formatFigure(difference, 4)}`;
  const { low, high } = difference;
  if (low === null || high === null) return `${subject} cannot be judged: ${figure}`;
  if (low > 0 && high > worthTelling) return `${subject} helps: ${figure}`;
  if (high < 0 && low < -worthTelling) return `${subject} hurts: ${figure}`;
  if (low >= -worthTelling && high <= worthTelling) {
    return `${subject} makes no difference worth speaking of: ${figure}`;
  }
  return `${subject} neither helps nor hurts as far as can be told: ${figure}, which includes zero`;
}

function sizeOf(
  name: string,
  contenders: Contenders,
): Pick<StepFigures, "parameters" | "multiplyAdds" | "bytes"> {
  const networks = listNetworks(name, contenders);
  if (networks === null) return { parameters: null, multiplyAdds: null, bytes: null };
  const size = measureNetworks(networks);
  const bytes = name === "int8" ? sizeOfModel(contenders.student.quantised) : 4 * size.parameters;
  return { ...size, bytes };
}

/** How a contender was fitted, in words. Only what has one minimum can be said to be converged. */
function sayFit(name: string, { student, rivals }: Contenders, recipe: StudentRecipe): string {
  const { prune, fit } = recipe.student;
  const taught = student.teacher.length === 0 ? "from the labels" : "taught";
  switch (name) {
    case "teacher":
      return `${student.teacher.length} networks of ${recipe.teacher.fit.steps} gradient steps each, from the labels`;
    case "wide":
      return `${fit.steps} gradient steps, ${taught}`;
    case "float": {
      const further = (prune?.rounds ?? 0) * (prune?.fit.steps ?? 0);
      return `${fit.steps} gradient steps and ${further} after, ${taught}`;
    }
    case "int8":
      return "rounded from the floats above";
    case "untaught":
      return `the student's ${rivals.steps} gradient steps in all, from the labels`;
    case "direct":
      return `the student's ${rivals.steps} gradient steps in all, ${taught}`;
    case "logistic": {
      const { iterations, rows, penalty } = rivals.logistic;
      return `converged: Newton's method on ${rows} windows as recorded, ${iterations} steps, no component of the gradient above ${gradientTolerance}; penalty ${penalty}, chosen on the tuning folds`;
    }
    default:
      return "nothing is fitted";
  }
}

function sizeOfModel(model: QuantisedMlp): number {
  return encodeStudent(model).length;
}

/** The same integers on a device: the accuracy is the int8 student's to the bit. */
export interface MicrocontrollerFigures {
  /** Of the model file, which holds the list of features too. */
  readonly modelBytes: number;
  /** Of one inference on a Cortex-M4, by the cycle model; without the features. */
  readonly cortexM4Cycles: number;
}

/** What the student takes on a microcontroller. Fails with BUNDLE_FORMAT when it does not fit one. */
export function describeMicrocontroller(
  { scaler, quantised }: TrainedStudent,
  config: Omit<McuManifest, "scaler" | "calibration" | "thresholds">,
  { calibration, thresholds }: Pick<AlertRule, "calibration" | "thresholds">,
): MicrocontrollerFigures {
  const model = createMcuModel({ ...config, scaler, calibration, thresholds }, quantised);
  return {
    modelBytes: model.length,
    cortexM4Cycles: Math.round(cortexM4CyclesPerMultiplyAdd * countMultiplyAdds(quantised)),
  };
}

/** Logits beyond this give the same probability to three digits: differences there are cut off. */
const logitBound = 8;

/** Describes `student` by its size and by the difference of its integers from its floats on `heldOut`. */
export function describeStudent(
  student: TrainedStudent,
  heldOut: LabelledRows,
  { calibration, thresholds }: Pick<AlertRule, "calibration" | "thresholds">,
): StudentFigures {
  const { layers } = student.quantised;
  const weights = layers.flatMap((layer) => [...layer.weights]);
  const standardised = standardiseRows(heldOut.features, heldOut.rows, student.scaler);
  const float = runDense(student.float, standardised, heldOut.rows);
  const int8 = runStudent(student, heldOut.features, heldOut.rows);
  const bounded = (logit: number): number => Math.max(-logitBound, Math.min(logitBound, logit));
  const raises = (logit: number, output: number): boolean =>
    computeProbability(logit, calibration[output]!) >= thresholds[output]!.raise;
  let max = 0;
  let sum = 0;
  let changed = 0;
  for (const [index, logit] of float.entries()) {
    const difference = Math.abs(bounded(logit) - bounded(int8[index]!));
    max = Math.max(max, difference);
    sum += difference;
    const output = index % calibration.length;
    if (raises(logit, output) !== raises(int8[index]!, output)) changed++;
  }
  return {
    architecture: `${describeNetwork(student.quantised)}, weights tied over the failure modes`,
    weights: weights.length,
    nonZeroWeights: weights.filter((weight) => weight !== 0).length,
    modelBytes: sizeOfModel(student.quantised),
    maxLogitDifference: max,
    meanLogitDifference: sum / float.length,
    decisionsChanged: changed / float.length,
  };
}
