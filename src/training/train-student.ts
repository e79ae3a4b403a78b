/**
 * The recipe from labelled feature rows to an int8 student: scaler → teacher (an ensemble of larger tied networks) →
 * student distilled from it → neurons pruned in rounds with training between → quantised on a calibration set.
 * Knows nothing of files, recordings or bundles.
 */
import type { Scaler } from "../contract/manifest.ts";
import type { QuantisedMlp } from "../contract/quantised-mlp.ts";
import { standardise } from "../features/standardise.ts";
import type { Random } from "../maths/random.ts";
import type { FitRows } from "./batch-sampler.ts";
import { fitScaler } from "./fit-scaler.ts";
import { planPruning, pruneNetwork } from "./prune-network.ts";
import { quantiseNetwork, runQuantised } from "./quantise-network.ts";
import type { TensorTrainer } from "./tensor-trainer.ts";
import {
  arrangeRows,
  createTiedNetwork,
  type DenseLayer,
  expandTiedNetwork,
  runDense,
  type Tying,
} from "./tied-network.ts";
import type { Recipe } from "./training-config.ts";

/** Rows to learn from, or to be judged on. */
export interface LabelledRows {
  readonly rows: number;
  /** [rows × features], not standardised. */
  readonly features: Float32Array;
  /** [rows × outputs], 0 or 1. */
  readonly labels: Float32Array;
}

/** Float and integer forms of what was learnt. */
export interface TrainedStudent {
  readonly scaler: Scaler;
  readonly teacher: readonly (readonly DenseLayer[])[];
  readonly float: readonly DenseLayer[];
  readonly quantised: QuantisedMlp;
}

/** Learns from `data`; the same arguments give the same integers. */
export function trainStudent(
  data: LabelledRows,
  tying: Tying,
  recipe: Recipe,
  trainer: TensorTrainer,
  random: Random,
): TrainedStudent {
  const features = data.features.length / data.rows;
  const scaler = fitScaler(data.features, data.rows, tying, recipe.clamp);
  const standardised = standardiseRows(data.features, data.rows, scaler);
  const fitRows: FitRows = {
    rows: data.rows,
    ...arrangeRows(standardised, data.rows, tying),
    targets: data.labels,
    weights: new Float32Array(data.rows).fill(1),
    teacherLogits: null,
  };
  const { teacher, student, distillation } = recipe;
  const members = Array.from({ length: teacher.members }, (_, member) => {
    const own = random.fork(`teacher ${member}`);
    const start = createTiedNetwork(tying, [...teacher.hidden, 1], own);
    const fitted = trainer.fit(start, fitRows, { ...teacher.fit, temperature: 1, softShare: 0 }, own);
    return expandTiedNetwork(fitted, tying, features);
  });

  const own = random.fork("student");
  const taught = {
    ...fitRows,
    teacherLogits: members.length === 0 ? null : runEnsemble(members, standardised, data.rows),
  };
  let network = createTiedNetwork(tying, [...student.hidden, 1], own);
  network = trainer.fit(network, taught, { ...student.fit, ...distillation }, own);
  if (student.prune !== null) {
    const { to, rounds, fit } = student.prune;
    for (const widths of planPruning(student.hidden, to, rounds)) {
      network = trainer.fit(pruneNetwork(network, widths), taught, { ...fit, ...distillation }, own);
    }
  }
  const float = expandTiedNetwork(network, tying, features);
  const quantised = quantiseNetwork(float, {
    features: standardised,
    rows: data.rows,
    clamp: recipe.clamp,
  });
  return { scaler, teacher: members, float, quantised };
}

/** Standardises rows as the runtime does. */
export function standardiseRows(features: Float32Array, rows: number, scaler: Scaler): Float32Array {
  const out = new Float32Array(features.length);
  standardise(features, rows, scaler, out);
  return out;
}

/** Mean logits of several plain networks. */
export function runEnsemble(
  members: readonly (readonly DenseLayer[])[],
  standardised: Float32Array,
  rows: number,
): Float32Array {
  const sum = new Float32Array(rows * members[0]!.at(-1)!.outputs);
  for (const member of members) {
    const logits = runDense(member, standardised, rows);
    for (let index = 0; index < sum.length; index++) sum[index]! += logits[index]! / members.length;
  }
  return sum;
}

/** Dequantised logits [rows × outputs] of the integer student on rows that are not yet standardised. */
export function runStudent(
  student: { readonly scaler: Scaler; readonly quantised: QuantisedMlp },
  features: Float32Array,
  rows: number,
): Float32Array {
  return runQuantised(student.quantised, standardiseRows(features, rows, student.scaler), rows);
}
