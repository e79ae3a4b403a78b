/**
 * Retrains a recipe from nothing on each of the splits that a manifest states and judges the int8 student on machines that it
 * has not seen. Splits for choosing are one protocol, splits for reporting, once, another.
 */

import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import {
  divideBySplit,
  type RecordingSplit,
  readSplits,
} from "../../../dataset/recordings/recording-splits.ts";
import { computeFigure, drawResamples, type Figure } from "../../../judge/figure.ts";
import { createMacroAuroc } from "../../../judge/metrics.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { runDense, runEnsemble } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { openTensorTrainer } from "../../../learn/open-trainer.ts";
import { prepareRows, runStudent, type StudentTask, trainStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext, ProtocolOutcome, RecipeProtocol } from "../../recipe.ts";
import type { BearingConfig, PublishedFigures } from "../bearing-config.ts";
import { checkContract } from "../learn/check-contract.ts";
import { fitLogisticRival } from "../learn/contenders.ts";
import { deriveTying, scorePhysics } from "../learn/hypothesis-columns.ts";
import { createWiden, inventRows } from "../learn/invented-rows.ts";
import { type OpenRecordings, openRecordings } from "../learn/open-recordings.ts";
import {
  describeSet,
  joinRows,
  readRecordedRows,
  selectSignals,
  type WaveformRows,
  weighRecorded,
} from "../learn/recorded-rows.ts";
import { type LogisticRows, sayLogisticTrial, tryLogistic } from "./logistic-trials.ts";
import { comparePublished, type JudgedName, judgedNames, sayPublished } from "./published-figures.ts";

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
  readonly recordings: OpenRecordings;
  readonly splits: readonly RecordingSplit[];
  readonly rowsOf: (split: RecordingSplit) => SplitRows;
}

interface SplitRows extends LogisticRows {
  readonly testSignals: readonly WaveformRows[];
}

/** The protocol `name` of the configuration. Running it fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT or TRAINING. */
export function createSplitProtocol(name: string): RecipeProtocol<BearingConfig> {
  return async (bundle, config, context) => {
    const recordings = await openRecordings(config, bundle.files, context.dataDir);
    const splits = await openSplits(name, recordings);
    const rig = await openRig({ config, recordings, splits }, context);
    const judged = await judgeSplits(rig, context);
    return config.protocols[name]!.purpose === "report"
      ? reportSplits(name, config, judged)
      : chooseBySplits(rig, judged);
  };
}

/** For reporting: the figures against what the protocol asks for and what the configuration states. */
function reportSplits(name: string, config: BearingConfig, judged: ProtocolFigures): ProtocolOutcome {
  const wrong = comparePublished(config.published, judged);
  const { required } = config.protocols[name]!;
  const { overPhysics } = judged.gains;
  const passed =
    wrong.length === 0 &&
    judged.figures.int8!.value >= (required?.macroAuroc ?? 0) &&
    (overPhysics === undefined ||
      overPhysics.value >= (required?.gainOverPhysics ?? Number.NEGATIVE_INFINITY));
  const { json, lines } = renderFigures(judged);
  return { json, lines: [...lines, ...wrong], passed };
}

/** For choosing: beside the figures what other fits of the logistic regression would change. */
function chooseBySplits(rig: SplitRig, judged: ProtocolFigures): ProtocolOutcome {
  const logisticTrials = tryLogistic(rig.splits.map(rig.rowsOf), rig.task);
  const { json, lines } = renderFigures(judged);
  return {
    json: { ...json, logisticTrials },
    lines: [...lines, ...logisticTrials.map(sayLogisticTrial)],
    passed: true,
  };
}

/** The splits that the manifest states under the protocol's `name`. */
async function openSplits(
  name: string,
  { set, manifest, root }: OpenRecordings,
): Promise<readonly RecordingSplit[]> {
  const stated = manifest.splits[name];
  if (stated === undefined) {
    throw new AuroraError("CONFIG_INVALID", `${manifest.path} states no splits "${name}"`, {
      op: "run protocol",
      subject: manifest.path,
      hint: `its splits are ${Object.keys(manifest.splits).join(", ") || "none"}; a protocol of the configuration needs splits of its name there`,
    });
  }
  return readSplits(stated, set.entries, root);
}

async function openRig(
  { config, recordings, splits }: Pick<SplitRig, "config" | "recordings" | "splits">,
  context: EvaluationContext,
): Promise<SplitRig> {
  const { features, hypotheses, recipe } = config;
  const { set } = recordings;
  const trainer = await openTensorTrainer(context.log);
  const tying = deriveTying(features, hypotheses);
  const modes = hypotheses.map((hypothesis) => hypothesis.failureMode);
  const { refused } = await checkContract(set, config.channels);
  const { signals } = await readRecordedRows(set, { ...config, refused, progress: context.progress });
  const entries = signals.map(({ entry }) => entry);
  const invented = inventRows(config, context.progress);
  const widen = createWiden(config, invented);
  const rowsOf = (split: RecordingSplit): SplitRows => {
    const part = divideBySplit(entries, split);
    const trainSignals = selectSignals(signals, part.train);
    const testSignals = selectSignals(signals, part.test);
    return {
      train: widen(joinRows(trainSignals, "training", modes)),
      test: joinRows(testSignals, "served", modes),
      recorded: weighRecorded(trainSignals),
      testSignals,
    };
  };
  return { config, task: { tying, recipe, trainer }, recordings, splits, rowsOf };
}

async function judgeSplits(rig: SplitRig, { progress }: EvaluationContext): Promise<ProtocolFigures> {
  const { name, version } = rig.task.trainer;
  const { splits } = rig;
  const sets = splits.map((split, index) => {
    const set = scoreSplit(rig, split);
    progress(index + 1, splits.length, "splits trained and judged");
    return set;
  });
  return {
    ...summariseSplits(sets, rig.config.seed),
    perSplit: splits.map((split, index) => judgeAlone(split.name, sets[index]!)),
    dataSha256: await rig.recordings.set.fingerprint(),
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
function scoreSplit({ config, task, rowsOf }: SplitRig, split: RecordingSplit): ScoredSet {
  const { train, test, recorded, testSignals } = rowsOf(split);
  const student = trainStudent(train, task, createRandom(config.seed).fork(split.name));
  const logistic = fitLogisticRival(prepareRows(train, task), task.tying, { recorded });
  const { rows, features } = test;
  // The student's scaler is the regression's: both were fitted on the same rows.
  const standardised = standardiseRows(features, rows, student.scaler);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  return describeSet(testSignals, modes, {
    int8: runStudent(student, features, rows),
    float: runDense(student.float, standardised, rows),
    ...(student.teacher.length === 0 ? {} : { teacher: runEnsemble(student.teacher, standardised, rows) }),
    ...scorePhysics(config, test),
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
