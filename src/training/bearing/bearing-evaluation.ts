/** `evaluation.json`: every figure that the model card speaks of, for machines. */
import type { EvaluationDocument } from "../recipe.ts";
import type { HeldOutEvaluation } from "./evaluate-held-out.ts";

/** The document. */
export interface BearingEvaluation extends EvaluationDocument {
  readonly dataDescription: string;
  readonly trainingWindows: number;
  readonly heldOut: HeldOutEvaluation;
  /** Macro AUROC on the same held-out windows. */
  readonly baselines: {
    readonly float: number;
    readonly teacher: number | null;
    readonly logistic: number;
    readonly physics: number | null;
    readonly alwaysHealthy: 0.5;
  };
  /** Of the bearings that were trained on, each scored by a student that had not seen it. */
  readonly outOfFold: {
    readonly folds: number;
    readonly macroAuroc: number;
    readonly falseWindowShare: number;
    readonly detectedWindowShare: number;
  };
  readonly student: {
    readonly architecture: string;
    readonly weights: number;
    readonly nonZeroWeights: number;
    readonly modelBytes: number;
    /** int8 against float logits on held-out windows, within ± 8. */
    readonly maxLogitDifference: number;
    readonly meanLogitDifference: number;
    /** Share of (window, mode) decisions at the raise threshold that differ. */
    readonly decisionsChanged: number;
  };
  readonly limitations: readonly string[];
}
