/** `evaluation.json` of a remaining life: every figure that card and report speak of. */
import type { LifeIntervalKnot } from "../../../core/contract/bundle/remaining-life.ts";
import type { Figure } from "../../judge/figure.ts";
import type { RegressionForm } from "../../learn/regression-student.ts";
import type { EvaluationDocument } from "../../recipe.ts";
import type { LifeFigures } from "./life-metrics.ts";
import type { LifeSlice } from "./life-slices.ts";

/** Forms in the order of the great shrink, then what they are compared with. */
export type JudgedForm = RegressionForm | "linear" | "mean";

/** One form on engines that it was not learnt from. */
export interface LifeStep {
  readonly form: JudgedForm;
  readonly title: string;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Float32 weights, or the ONNX file of the int8 student. */
  readonly bytes: number;
  /** RMSE in cycles, out of fold on training engines and once on test engines. */
  readonly outOfFold: Figure;
  readonly test: Figure;
}

/** A paired difference of RMSE out of fold, in cycles; below zero the first one is better. */
export interface LifeComparison {
  readonly what: string;
  readonly difference: Figure;
  /** Generated from the figures. */
  readonly verdict: string;
}

/** The whole document. */
export interface LifeEvaluation extends EvaluationDocument {
  readonly dataDescription: string;
  readonly capCycles: number;
  readonly trainingEngines: number;
  readonly trainingRows: number;
  readonly droppedChannels: readonly { readonly channel: string; readonly distinctValues: number }[];
  readonly outOfRangeReadings: number;
  /** The int8 student with its interval on test engines, each at its last row. */
  readonly test: LifeFigures;
  /** The same against lives that are not capped, and over all rows that a cut may fall on. */
  readonly testUncapped: LifeFigures;
  readonly testAllRows: LifeFigures;
  readonly slices: readonly LifeSlice[];
  /** The same out of fold; the interval of each fold is fitted on the others. */
  readonly outOfFold: LifeFigures;
  readonly interval: readonly LifeIntervalKnot[];
  readonly steps: readonly LifeStep[];
  readonly comparisons: readonly LifeComparison[];
  readonly architecture: string;
  readonly limitations: readonly string[];
}
