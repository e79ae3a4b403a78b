/**
 * Fine-tuning: a student that a bundle holds goes on learning from a few recordings and keeps what it was taught. Rows that
 * it is to remember have its own answers as targets; recordings have their labels, with a share of its word. The scaler stays
 * its own: its weights mean nothing under another. Knows nothing of files, recordings or bundles.
 */
import type { Scaler } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { joinParts } from "../../core/maths/join-parts.ts";
import { logistic } from "../../core/maths/logistic.ts";
import type { Random } from "../../core/maths/random.ts";
import { standardiseRows } from "./fit-scaler.ts";
import { quantiseNetwork, runQuantised } from "./quantise-network.ts";
import { dequantiseNetwork, tieNetwork } from "./recover-network.ts";
import type { FitConfig } from "./student-recipe.ts";
import type { TensorTrainer } from "./tensor-trainer.ts";
import { arrangeRows, expandTiedNetwork, type Tying } from "./tied-network.ts";
import type { LabelledRows, TrainedStudent } from "./train-student.ts";

/** The student that learning goes on from. */
export interface ParentStudent {
  readonly scaler: Scaler;
  readonly quantised: QuantisedMlp;
}

/** How much of the parent stays. */
export interface TuningConfig {
  readonly fit: FitConfig;
  /** Share of the parent's word in what is said of a recording, 0 to 1; the rest is its label. */
  readonly parentWord: number;
  /** What all remembered rows weigh together, over what all those of recordings do. */
  readonly rememberedWeight: number;
}

/** What is learnt from. */
interface TuningRows {
  /** Of recordings, with labels. */
  readonly recorded: LabelledRows;
  /** Standardised rows [rows × features] whose answers by the parent are kept. */
  readonly remembered: { readonly rows: number; readonly standardised: Float32Array };
}

/** Learns; the same arguments give the same integers. Fails with TRAINING where the parent's weights are not tied. */
export function tuneStudent(
  parent: ParentStudent,
  { recorded, remembered }: TuningRows,
  {
    tying,
    trainer,
    tuning,
    random,
  }: {
    readonly tying: Tying;
    readonly trainer: TensorTrainer;
    readonly tuning: TuningConfig;
    readonly random: Random;
  },
): TrainedStudent {
  const { scaler, quantised } = parent;
  const start = tieNetwork(dequantiseNetwork(quantised), tying);
  const standardised = joinParts(
    [standardiseRows(recorded.features, recorded.rows, scaler), remembered.standardised],
    Float32Array,
  );
  const rows = recorded.rows + remembered.rows;
  const word = runQuantised(quantised, standardised, rows).map(logistic);
  const outputs = tying.own.length;
  // Cross-entropy is linear in its target: a blend of label and word teaches what the blend of both losses would.
  const targets = word.map((parentsWord, at) =>
    at < recorded.rows * outputs
      ? (1 - tuning.parentWord) * recorded.labels[at]! + tuning.parentWord * parentsWord
      : parentsWord,
  );
  const weights = weighRows(recorded, remembered.rows, tuning.rememberedWeight);
  const network = trainer.fit(
    start,
    { rows, ...arrangeRows(standardised, rows, tying), targets, weights, teacherLogits: null },
    { ...tuning.fit, temperature: 1, softShare: 0, random },
  );
  const float = expandTiedNetwork(network, tying, scaler.mean.length);
  const calibration = { features: standardised, rows, clamp: scaler.clamp };
  return { scaler, teacher: [], float, quantised: quantiseNetwork(float, calibration) };
}

/** Mean 1 over the recorded rows. */
function weighRows(recorded: LabelledRows, remembered: number, ratio: number): Float32Array {
  const weights = new Float32Array(recorded.rows + remembered).fill(1);
  if (recorded.weights !== undefined) {
    const total = recorded.weights.reduce((sum, weight) => sum + weight, 0);
    weights.set(recorded.weights.map((weight) => (weight * recorded.rows) / total));
  }
  return weights.fill((ratio * recorded.rows) / Math.max(1, remembered), recorded.rows);
}
