/**
 * Fine-tuned students: the one that ships, which learns from every machine, and those that judge, each of which has not heard
 * the machines that it is asked about. Beside them on the same rows: the parent, the physics score and a logistic regression.
 */
import { joinParts } from "../../../../core/maths/join-parts.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { runDense } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { fitTiedLogistic } from "../../../learn/fit-tied-logistic.ts";
import { runQuantised } from "../../../learn/quantise-network.ts";
import type { TensorTrainer } from "../../../learn/tensor-trainer.ts";
import { arrangeRows, expandTiedNetwork, type Tying } from "../../../learn/tied-network.ts";
import {
  joinLabelled,
  type LabelledRows,
  runStudent,
  type TrainedStudent,
} from "../../../learn/train-student.ts";
import { tuneStudent } from "../../../learn/tune-student.ts";
import type { TunedConfig } from "../tuned-config.ts";
import { scorePhysics } from "./hypothesis-columns.ts";
import { describeRigs, type InventedSignal } from "./invented-rows.ts";
import { divideByFold, type MachineFold } from "./machine-folds.ts";
import type { ParentBundle } from "./parent-bundle.ts";
import { describeSet, joinRows, type WaveformRows } from "./recorded-rows.ts";

/** What every student learns from and how. */
export interface TunedLesson {
  readonly config: Pick<TunedConfig, "tuning" | "features" | "hypotheses" | "seed">;
  readonly parent: ParentBundle;
  readonly tying: Tying;
  /** Of all recordings, those that are never learnt from among them. */
  readonly rows: readonly WaveformRows[];
  /** Invented signals whose answers by the parent are kept. */
  readonly remembered: readonly InventedSignal[];
  readonly trainer: TensorTrainer;
}

/**
 * Penalty of the logistic regression, in the unit of `fit-tied-logistic.ts`: from the labels of so few machines it needs one; the
 * best of two on invented sets (src/adr/0052-a-model-of-ones-own-goes-on-from-a-shipped-one.md).
 */
const logisticPenalty = 1e-2;

/** Learns from all machines. Fails with TRAINING. */
export function tuneOnAll(lesson: TunedLesson): TrainedStudent {
  return tuneOn(
    lesson,
    lesson.rows.filter(({ entry }) => entry.learn),
    "all",
  );
}

/** Everybody's scores on the machines of `fold`, by students and a regression that did not hear them. Fails with TRAINING. */
export function scoreMachineFold(lesson: TunedLesson, fold: MachineFold): ScoredSet {
  const { config, parent, rows, tying } = lesson;
  const places = divideByFold(
    rows.map(({ entry }) => entry),
    fold,
  );
  const judged = places.judged.map((index) => rows[index]!);
  const train = places.train.map((index) => rows[index]!);
  const student = tuneOn(lesson, train, fold.name);
  const modes = config.hypotheses.map(({ failureMode }) => failureMode);
  const { features, rows: count } = joinRows(judged, "served", modes);
  const standardised = standardiseRows(features, count, parent.scaler);
  const scores = {
    int8: runStudent(student, features, count),
    float: runDense(student.float, standardised, count),
    parent: runQuantised(parent.quantised, standardised, count),
    logistic: scoreLogistic(lesson, { train, standardised, count }),
    ...scorePhysics(config, { rows: count, features }),
    silent: new Float32Array(count * tying.own.length),
  };
  return describeSet(judged, modes, scores);
}

/** The student's and the parent's scores on invented rigs that neither was tuned on. */
export function scoreInventedRigs(
  { config, parent }: Pick<TunedLesson, "config" | "parent">,
  student: TrainedStudent,
  signals: readonly InventedSignal[],
): ScoredSet {
  const modes = config.hypotheses.map(({ failureMode }) => failureMode);
  const { features, rows } = joinLabelled(signals, modes);
  return describeRigs(signals, modes, {
    int8: runStudent(student, features, rows),
    parent: runStudent(parent, features, rows),
  });
}

function tuneOn(lesson: TunedLesson, entries: readonly WaveformRows[], stream: string): TrainedStudent {
  const { config, parent, tying, remembered, trainer } = lesson;
  const { tuning, seed, hypotheses } = config;
  const modes = hypotheses.map(({ failureMode }) => failureMode);
  const invented = joinLabelled(remembered, modes);
  const kept = joinParts(
    [standardiseRows(invented.features, invented.rows, parent.scaler), parent.background.values],
    Float32Array,
  );
  return tuneStudent(
    parent,
    {
      recorded: joinWeighed(entries, "training", modes),
      remembered: { rows: invented.rows + parent.background.rows, standardised: kept },
    },
    { tying, trainer, tuning, random: createRandom(seed).fork(stream) },
  );
}

function scoreLogistic(
  lesson: TunedLesson,
  {
    train,
    standardised,
    count,
  }: { readonly train: readonly WaveformRows[]; readonly standardised: Float32Array; readonly count: number },
): Float32Array {
  const { config, parent, tying } = lesson;
  const outputs = tying.own.length;
  const modes = config.hypotheses.map(({ failureMode }) => failureMode);
  const learnt = joinWeighed(train, "served", modes);
  // One class alone says nothing.
  if (!learnt.labels.includes(1)) return new Float32Array(count * outputs);
  const rows = standardiseRows(learnt.features, learnt.rows, parent.scaler);
  const fitRows = {
    rows: learnt.rows,
    ...arrangeRows(rows, learnt.rows, tying),
    targets: learnt.labels,
    weights: learnt.weights!,
    teacherLogits: null,
  };
  const { network } = fitTiedLogistic(fitRows, outputs, logisticPenalty);
  return runDense(expandTiedNetwork(network, tying, parent.scaler.mean.length), standardised, count);
}

/**
 * Joins with weights: every machine weighs the same in each of its states, however much was recorded of it. Fault and none weigh
 * the same, or a student that did not hear a faulty machine would think faults rarer than the others do, and rank its faults lower
 * than they rank theirs.
 */
function joinWeighed(
  signals: readonly WaveformRows[],
  kind: "served" | "training",
  failureModes: readonly string[],
): LabelledRows {
  const stateOf = ({ entry, failureMode }: WaveformRows): string => `${entry.machine}\n${failureMode}`;
  const rowsOf = new Map<string, number>();
  for (const signal of signals) {
    rowsOf.set(stateOf(signal), (rowsOf.get(stateOf(signal)) ?? 0) + signal[kind].rows);
  }
  const states = (isFaulty: boolean): number =>
    new Set(
      signals
        .filter((signal) => (signal.failureMode !== null) === isFaulty && signal[kind].rows > 0)
        .map(stateOf),
    ).size;
  const [faulty, healthy] = [states(true), states(false)];
  const joined = joinRows(signals, kind, failureModes);
  const weights = new Float32Array(joined.rows);
  let at = 0;
  for (const signal of signals) {
    const all = signal.failureMode === null ? healthy : faulty;
    weights.fill(1 / (all * rowsOf.get(stateOf(signal))!), at, at + signal[kind].rows);
    at += signal[kind].rows;
  }
  return { ...joined, weights };
}
