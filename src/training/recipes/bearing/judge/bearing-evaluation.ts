/** `evaluation.json`: every figure that the model card speaks of, for machines. */
import type { ReliabilityBin } from "../../../judge/calibration-error.ts";
import type { Figure } from "../../../judge/figure.ts";
import type { SliceFigures } from "../../../judge/slice-figures.ts";
import type { EvaluationDocument } from "../../../recipe.ts";
import type { ContractReport } from "../check-contract.ts";
import type { HeldOutEvaluation } from "./evaluate-held-out.ts";
import type { DecisionFigures } from "./judge-decision.ts";
import type { Finding, StepFigures } from "./judge-steps.ts";

/** Probabilities against what happened. */
export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error. */
  readonly error: Figure;
}

/** The integers against their float parent, on held-out bearings. */
export interface Parity {
  readonly floatMacroAuroc: number;
  readonly int8MacroAuroc: number;
  /** Points of AUC (hundredths) that quantisation costs. */
  readonly lostPoints: number;
  /** Faulty recordings that the decision rule raises rightly with either. */
  readonly floatDetected: number;
  readonly int8Detected: number;
  readonly of: number;
  /** Recordings, healthy ones included, on which both raise different modes. */
  readonly recordingsDecidedOtherwise: number;
}

/** The document. */
export interface BearingEvaluation extends EvaluationDocument {
  readonly dataDescription: string;
  readonly trainingWindows: number;
  readonly heldOut: HeldOutEvaluation;
  /** What the data contract says of the recordings. */
  readonly contract: ContractReport;
  /** Every contender, and what the differences between them say. */
  readonly steps: readonly StepFigures[];
  readonly findings: readonly Finding[];
  readonly reliability: { readonly heldOut: Reliability; readonly outOfFold: Reliability };
  readonly decision: DecisionFigures;
  readonly parity: Parity;
  readonly slices: readonly SliceFigures[];
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
