/**
 * Retrains a recipe from nothing on each of the published bearing-wise splits and judges the int8 student on bearings
 * that it has not seen. The tuning splits (folds 1 to 3) are for choosing; the 100 evaluation splits for reporting, once.
 */

import { join } from "node:path";
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import {
  type CwruSplit,
  type CwruWaveform,
  divideCwruWaveforms,
  readCwruEvaluationSplits,
  readCwruTuningSplits,
} from "../../../dataset/cwru-splits.ts";
import { computeMacroAuroc, type Spread, summariseSpread } from "../../../judge/metrics.ts";
import { runDense, runEnsemble } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { openTensorTrainer } from "../../../learn/open-trainer.ts";
import { runStudent, type StudentTask, trainStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { describeLogistic } from "../learn/contenders.ts";
import { fingerprintCwru, joinRows, readCwruRows, selectSignals } from "../learn/cwru-rows.ts";
import { computePhysicsScores, deriveTying, findPhysicsColumns } from "../learn/hypothesis-columns.ts";
import { readBearingClaim } from "./bundle-figures.ts";
import { sayTrial, type TrialRows, tryTerms } from "./term-trials.ts";

/** Macro AUROC that int8 students must reach on the 100 published splits, and by how much they must beat the physics score. */
const requiredMacroAuroc = 0.938;
const requiredGainOverPhysics = 0.01;

/** Macro AUROCs on the test rows of one split; null where a score does not exist. Always-healthy scores 0.5 by definition. */
interface SplitFigures {
  readonly name: string;
  readonly int8: number;
  readonly float: number;
  readonly teacher: number | null;
  /** Without a learnt parameter. */
  readonly physics: number | null;
  /** Tied logistic regression of each mode against the rest, on the same features. */
  readonly logistic: number;
}

/** Macro AUROC (inner race, outer race, ball; one window one case) over the splits. */
interface ProtocolFigures {
  readonly splits: number;
  readonly int8: Spread;
  readonly float: Spread;
  readonly teacher: Spread | null;
  readonly logistic: Spread;
  readonly physics: Spread | null;
  /** Mean of int8 − physics over the splits, and the share of splits in which int8 is ahead. */
  readonly gainOverPhysics: { readonly mean: number; readonly shareAhead: number } | null;
  readonly perSplit: readonly SplitFigures[];
  readonly dataSha256: string;
  readonly trainer: string;
}

interface SplitRig {
  readonly config: BearingConfig;
  readonly task: StudentTask;
  readonly waveforms: readonly CwruWaveform[];
  readonly rowsOf: (split: CwruSplit) => TrialRows;
}

/** Runs `cwru-100`, for reporting. Fails with BUNDLE_FORMAT, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function runEvaluationSplits(
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const rig = await openRig(config, context);
  const splits = await readCwruEvaluationSplits(join(context.dataDir, "cwru"));
  const figures = await judgeSplits(rig, splits, context);
  const { int8, gainOverPhysics } = figures;
  const passed =
    int8.value >= requiredMacroAuroc &&
    (gainOverPhysics === null || gainOverPhysics.mean >= requiredGainOverPhysics);
  return { ...renderFigures(bundle, figures), passed };
}

/** Runs `cwru-tuning`, for choosing: says beside the figures what the recipe's optional terms would change. Fails likewise. */
export async function runTuningSplits(
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const rig = await openRig(config, context);
  const splits = await readCwruTuningSplits(join(context.dataDir, "cwru"), rig.waveforms);
  const figures = await judgeSplits(rig, splits, context);
  const trials = tryTerms(splits.map(rig.rowsOf), { ...rig.task, seed: config.seed }, context);
  const { json, lines } = renderFigures(bundle, figures);
  return { json: { ...json, trials }, lines: [...lines, ...trials.map(sayTrial)], passed: true };
}

async function openRig(config: BearingConfig, context: EvaluationContext): Promise<SplitRig> {
  const { features, hypotheses, recipe } = config;
  const trainer = await openTensorTrainer(context.log);
  const tying = deriveTying(features, hypotheses);
  const modes = hypotheses.map((hypothesis) => hypothesis.failureMode);
  const { signals } = await readCwruRows(context.dataDir, {
    ...config,
    refused: [],
    progress: (done, total) => context.progress(done, total, "recordings read"),
  });
  const waveforms = signals.map((signal) => signal.waveform);
  const rowsOf = (split: CwruSplit): TrialRows => {
    const part = divideCwruWaveforms(waveforms, split);
    return {
      name: split.name,
      train: joinRows(selectSignals(signals, part.train), "training", modes),
      test: joinRows(selectSignals(signals, part.test), "served", modes),
    };
  };
  return { config, task: { tying, recipe, trainer }, waveforms, rowsOf };
}

async function judgeSplits(
  rig: SplitRig,
  splits: readonly CwruSplit[],
  { dataDir, progress }: EvaluationContext,
): Promise<ProtocolFigures> {
  const { name, version } = rig.task.trainer;
  const perSplit = splits.map((split, index) => {
    const figures = judgeSplit(rig, split);
    progress(index + 1, splits.length, "splits trained and judged");
    return figures;
  });
  const spread = (pick: (each: SplitFigures) => number | null): Spread | null => {
    const values = perSplit.map(pick);
    return values.includes(null) ? null : summariseSpread(values as number[]);
  };
  const gains = perSplit.map((each) => each.int8 - (each.physics ?? Number.NaN));
  return {
    splits: perSplit.length,
    int8: spread((each) => each.int8)!,
    float: spread((each) => each.float)!,
    teacher: spread((each) => each.teacher),
    logistic: spread((each) => each.logistic)!,
    physics: spread((each) => each.physics),
    gainOverPhysics: gains.some(Number.isNaN)
      ? null
      : {
          mean: summariseSpread(gains).value,
          shareAhead: gains.filter((gain) => gain > 0).length / gains.length,
        },
    perSplit,
    dataSha256: await fingerprintCwru(dataDir),
    trainer: `${name} ${version}`,
  };
}

/** Trains a student and its baselines on one side of a split and judges them on the other. */
function judgeSplit({ config, task, rowsOf }: SplitRig, split: CwruSplit): SplitFigures {
  const { train, test } = rowsOf(split);
  const { tying, recipe } = task;
  const random = createRandom(config.seed).fork(split.name);
  const student = trainStudent(train, task, random);
  const plain = { ...task, recipe: describeLogistic(recipe) };
  const logistic = trainStudent(train, plain, random.fork("logistic"));
  const { rows, features, labels } = test;
  const columns = findPhysicsColumns(config.features, config.hypotheses);
  const score = (logits: Float32Array): number => computeMacroAuroc(logits, labels, tying.own.length);
  const standardised = standardiseRows(features, rows, student.scaler);
  return {
    name: split.name,
    int8: score(runStudent(student, features, rows)),
    float: score(runDense(student.float, standardised, rows)),
    teacher: student.teacher.length === 0 ? null : score(runEnsemble(student.teacher, standardised, rows)),
    physics: columns === null ? null : score(computePhysicsScores(features, rows, columns)),
    logistic: score(runDense(logistic.float, standardiseRows(features, rows, logistic.scaler), rows)),
  };
}

function renderFigures(bundle: Bundle, figures: ProtocolFigures): Omit<ProtocolOutcome, "passed"> {
  const { int8, float, teacher, logistic, physics, gainOverPhysics, ...rest } = figures;
  const line = (name: string, spread: Spread | null): string =>
    spread === null ? `${name}: none` : `${name}: ${spread.value.toFixed(4)} ± ${spread.sd.toFixed(4)}`;
  // What the bundle itself states of its own held-out bearings; recomputed by the protocol held-out.
  const { heldOut } = readBearingClaim(bundle);
  return {
    json: {
      metrics: { macroAuroc: int8, float, teacher, logistic, physics, gainOverPhysics, heldOut },
      ...rest,
    },
    lines: [
      `macro AUROC over ${rest.splits} bearing-wise splits, mean ± standard deviation`,
      line("int8 student", int8),
      line("float student", float),
      line("teacher", teacher),
      line("tied logistic", logistic),
      line("physics score", physics),
    ],
  };
}
