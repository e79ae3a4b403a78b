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
import { computeFigure, drawResamples, type Figure } from "../../../judge/figure.ts";
import { createMacroAuroc } from "../../../judge/metrics.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { runDense, runEnsemble } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { openTensorTrainer } from "../../../learn/open-trainer.ts";
import { prepareRows, runStudent, type StudentTask, trainStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import type { BearingConfig, PublishedFigures } from "../bearing-config.ts";
import { fitLogisticRival } from "../learn/contenders.ts";
import {
  describeSet,
  fingerprintCwru,
  joinRows,
  readCwruRows,
  selectSignals,
  type WaveformRows,
  weighRecorded,
} from "../learn/cwru-rows.ts";
import { computePhysicsScores, deriveTying, findPhysicsColumns } from "../learn/hypothesis-columns.ts";
import { createWiden, inventRows } from "../learn/invented-rows.ts";
import { type RecordedRows, sayLogisticTrial, tryLogistic } from "./logistic-trials.ts";
import { comparePublished, type JudgedName, judgedNames, sayPublished } from "./published-figures.ts";
import { sayTrial, tryTerms } from "./term-trials.ts";

/** Macro AUROC that int8 students must reach on the 100 published splits, and by how much they must beat the physics score, both as values. */
const requiredMacroAuroc = 0.938;
const requiredGainOverPhysics = 0.01;

/** Macro AUROCs on the test rows of one split. Always-healthy scores 0.5 by definition. */
interface SplitFigures extends Readonly<Partial<Record<JudgedName, number>>> {
  readonly name: string;
}

/**
 * Macro AUROC (inner race, outer race, ball; one window one case), mean over the splits. The splits are made of the same few
 * bearings, so the intervals draw those anew, one draw for all splits: what each split's students learnt from stays as it was.
 */
interface ProtocolFigures extends PublishedFigures {
  readonly perSplit: readonly SplitFigures[];
  readonly dataSha256: string;
  readonly trainer: string;
}

interface SplitRig {
  readonly config: BearingConfig;
  readonly task: StudentTask;
  readonly waveforms: readonly CwruWaveform[];
  readonly rowsOf: (split: CwruSplit) => SplitRows;
}

interface SplitRows extends RecordedRows {
  readonly testSignals: readonly WaveformRows[];
}

/** Runs `cwru-100`, for reporting. Fails with DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function runEvaluationSplits(
  _bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const rig = await openRig(config, context);
  const splits = await readCwruEvaluationSplits(join(context.dataDir, "cwru"));
  const judged = await judgeSplits(rig, splits, context);
  const wrong = comparePublished(config.published, judged);
  const passed =
    wrong.length === 0 &&
    judged.figures.int8!.value >= requiredMacroAuroc &&
    (judged.gains.overPhysics === undefined || judged.gains.overPhysics.value >= requiredGainOverPhysics);
  const { json, lines } = renderFigures(judged);
  return { json, lines: [...lines, ...wrong], passed };
}

/**
 * Runs `cwru-tuning`, for choosing: says beside the figures what the recipe's optional terms and other fits of the logistic
 * regression would change. Fails likewise.
 */
export async function runTuningSplits(
  _bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const rig = await openRig(config, context);
  const splits = await readCwruTuningSplits(join(context.dataDir, "cwru"), rig.waveforms);
  const judged = await judgeSplits(rig, splits, context);
  const rows = splits.map(rig.rowsOf);
  const logisticTrials = tryLogistic(rows, rig.task);
  const trials = tryTerms(rows, { ...rig.task, seed: config.seed }, context);
  const { json, lines } = renderFigures(judged);
  return {
    json: { ...json, logisticTrials, trials },
    lines: [...lines, ...logisticTrials.map(sayLogisticTrial), ...trials.map(sayTrial)],
    passed: true,
  };
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
  const invented = inventRows(config, (done, total) => context.progress(done, total, "rigs invented"));
  const widen = createWiden(config, invented);
  const rowsOf = (split: CwruSplit): SplitRows => {
    const part = divideCwruWaveforms(waveforms, split);
    const trainSignals = selectSignals(signals, part.train);
    const testSignals = selectSignals(signals, part.test);
    return {
      name: split.name,
      train: widen(joinRows(trainSignals, "training", modes)),
      test: joinRows(testSignals, "served", modes),
      recorded: weighRecorded(trainSignals),
      testSignals,
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
  const sets = splits.map((split, index) => {
    const set = scoreSplit(rig, split);
    progress(index + 1, splits.length, "splits trained and judged");
    return set;
  });
  return {
    ...summariseSplits(sets, rig.config.seed),
    perSplit: splits.map((split, index) => judgeAlone(split.name, sets[index]!)),
    dataSha256: await fingerprintCwru(dataDir),
    trainer: `${name} ${version}`,
  };
}

/** The mean over the splits and its intervals; `sets` are the test sides of the splits, with the scores of each one's models. */
export function summariseSplits(sets: readonly ScoredSet[], seed: number): PublishedFigures {
  const signals = sets.flatMap((set) => set.signals);
  const resamples = drawResamples(signals, seed);
  const names = judgedNames.filter((name) => sets.every(({ scores }) => scores[name] !== undefined));
  const statistics = new Map(names.map((name) => [name, createMacroAuroc(sets, name)] as const));
  const own = statistics.get("int8")!;
  const gainOver = (name: JudgedName): Figure | undefined => {
    const other = statistics.get(name);
    return other && computeFigure((counts) => own(counts) - other(counts), resamples);
  };
  const [overLogistic, overPhysics] = [gainOver("logistic"), gainOver("physics")];
  return {
    splits: sets.length,
    bearings: new Set(signals.map(({ unit }) => unit)).size,
    figures: Object.fromEntries(names.map((name) => [name, computeFigure(statistics.get(name)!, resamples)])),
    gains: {
      ...(overLogistic === undefined ? {} : { overLogistic }),
      ...(overPhysics === undefined ? {} : { overPhysics }),
    },
  };
}

function judgeAlone(name: string, set: ScoredSet): SplitFigures {
  const whole = new Float64Array(set.signals.length).fill(1);
  const figures = Object.keys(set.scores).map((each) => [each, createMacroAuroc([set], each)(whole)]);
  return { name, ...Object.fromEntries(figures) };
}

/** Trains a student and its baselines on one side of a split and scores the other. */
function scoreSplit({ config, task, rowsOf }: SplitRig, split: CwruSplit): ScoredSet {
  const { train, test, recorded, testSignals } = rowsOf(split);
  const student = trainStudent(train, task, createRandom(config.seed).fork(split.name));
  const logistic = fitLogisticRival(prepareRows(train, task), task.tying, { recorded });
  const { rows, features } = test;
  const columns = findPhysicsColumns(config.features, config.hypotheses);
  // The student's scaler is the regression's: both were fitted on the same rows.
  const standardised = standardiseRows(features, rows, student.scaler);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  return describeSet(testSignals, modes, {
    int8: runStudent(student, features, rows),
    float: runDense(student.float, standardised, rows),
    ...(student.teacher.length === 0 ? {} : { teacher: runEnsemble(student.teacher, standardised, rows) }),
    ...(columns === null ? {} : { physics: computePhysicsScores(features, rows, columns) }),
    logistic: runDense(logistic.layers, standardised, rows),
  });
}

function renderFigures(judged: ProtocolFigures): Omit<ProtocolOutcome, "passed"> {
  const { figures, gains, ...rest } = judged;
  const { int8, ...others } = figures;
  return {
    json: {
      metrics: {
        macroAuroc: int8,
        ...others,
        gainOverLogistic: gains.overLogistic,
        gainOverPhysics: gains.overPhysics,
      },
      ...rest,
    },
    lines: sayPublished(judged),
  };
}
