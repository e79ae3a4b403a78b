/**
 * Learns the bearing recipe's student from features of another make, judges it on the tuning folds, and lends it to a bundle.
 * Of the held-out bearings nothing is judged or printed beyond what the published tuning folds hold of them.
 */
import type { FeatureSpec } from "../../src/core/contract/bundle/feature-spec.ts";
import { joinLogits } from "../../src/core/decision/join-logits.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import type { LoadedBundle, StudentOutput } from "../../src/core/serving/loaded-bundle.ts";
import { divideBySplit, readSplits } from "../../src/training/dataset/recordings/recording-splits.ts";
import { formatFigure } from "../../src/training/judge/figure.ts";
import { computeAuroc, computeMacroAuroc } from "../../src/training/judge/metrics.ts";
import type { ScoredSet } from "../../src/training/judge/scored-set.ts";
import { runDense } from "../../src/training/learn/dense-network.ts";
import { standardiseRows } from "../../src/training/learn/fit-scaler.ts";
import { openTensorTrainer } from "../../src/training/learn/open-trainer.ts";
import {
  joinLabelled,
  prepareRows,
  runStudent,
  type StudentTask,
  type TrainedStudent,
  trainStudent,
} from "../../src/training/learn/train-student.ts";
import type { BearingConfig } from "../../src/training/recipes/bearing/bearing-config.ts";
import { decideLooped } from "../../src/training/recipes/bearing/judge/held-out-figures.ts";
import { summariseSplits } from "../../src/training/recipes/bearing/judge/split-figures.ts";
import { fitLogisticRival } from "../../src/training/recipes/bearing/learn/contenders.ts";
import { measureHealthyLogits } from "../../src/training/recipes/bearing/learn/healthy-logits.ts";
import { deriveTying } from "../../src/training/recipes/bearing/learn/hypothesis-columns.ts";
import {
  createWiden,
  type InventedRows,
  inventRows,
} from "../../src/training/recipes/bearing/learn/invented-rows.ts";
import {
  type OpenRecordings,
  openRecordings,
} from "../../src/training/recipes/bearing/learn/open-recordings.ts";
import {
  describeSet,
  joinRows,
  readRecordedRows,
  selectSignals,
  type WaveformRows,
  weighRecorded,
} from "../../src/training/recipes/bearing/learn/recorded-rows.ts";

/** What there is to learn from, by one make of features. */
export interface ChainRows {
  readonly config: BearingConfig;
  readonly recordings: OpenRecordings;
  readonly signals: readonly WaveformRows[];
  readonly invented: InventedRows;
  readonly modes: readonly string[];
}

/** The test side of a fold, and what its student says of it. */
export interface JudgedFold {
  readonly name: string;
  readonly signals: readonly WaveformRows[];
  readonly logits: Float32Array;
  readonly set: ScoredSet;
}

/** A student of all training bearings, and how it says that healthy machines lie. */
export interface ChainStudent {
  readonly trained: TrainedStudent;
  readonly healthy: ReturnType<typeof measureHealthyLogits>;
}

/** `config` with other parameters of its first chain. */
export function changeChain(
  config: BearingConfig,
  params: FeatureSpec["chains"][number]["params"],
): BearingConfig {
  const chains = config.features.chains.map((chain, index) =>
    index > 0 ? chain : { ...chain, params: { ...chain.params, ...params } },
  );
  return { ...config, features: { ...config.features, chains } };
}

/**
 * `config` with windows of so many revolutions, each with the next power of two of its samples, and with lines of shaft harmonics
 * that are as much narrower as a window is longer; a spectrum has room for a fifteenth more, where it can.
 */
export function changeWindow(config: BearingConfig, revolutions: number): BearingConfig {
  const samplesPerRevolution = Number(config.features.chains[0]!.params.samplesPerRevolution);
  const fftSize = 2 ** Math.ceil(Math.log2(samplesPerRevolution * revolutions));
  const held = Math.min(Math.round((revolutions * 16) / 15), Math.floor(fftSize / samplesPerRevolution));
  const params = { fftSize, revolutions: held, shaftGuardOrders: 1.2 / revolutions };
  const window = { ...config.window, length: revolutions, hop: revolutions };
  return changeChain({ ...config, window, trainingHop: revolutions / 2 }, params);
}

/** `config` without the features that look for a comb of lines. */
export function leaveOutCombs(config: BearingConfig): BearingConfig {
  const list = config.features.list.filter(({ operator }) => !operator.includes("comb-"));
  return { ...config, features: { ...config.features, list } };
}

/** Cuts all rows. Fails with DATA_MISSING, DATA_FORMAT, or BUNDLE_INCOMPATIBLE where the chain cannot be bound. */
export async function cutChainRows(
  config: BearingConfig,
  attachments: ReadonlyMap<string, Uint8Array>,
  dataDir: string,
): Promise<ChainRows> {
  const recordings = await openRecordings(config, attachments, dataDir);
  const quiet = { refused: [], progress: () => {} };
  const { signals } = await readRecordedRows(recordings.set, { ...config, ...quiet });
  const invented = inventRows(config, quiet.progress);
  const modes = config.hypotheses.map(({ failureMode }) => failureMode);
  return { config, recordings, signals, invented, modes };
}

/** Learns on each side of the tuning splits and once on all training bearings. Fails with TRAINING. */
export async function learnChain(
  rows: ChainRows,
): Promise<{ readonly folds: readonly JudgedFold[]; readonly student: ChainStudent }> {
  const { config, recordings, signals, invented, modes } = rows;
  const { features, hypotheses, recipe, seed, dataset } = config;
  const trainer = await openTensorTrainer(() => {});
  const task: StudentTask = { tying: deriveTying(features, hypotheses), recipe, trainer };
  const widen = createWiden(config, invented);
  const learn = (rowsOf: ReturnType<typeof widen>, stream: string): TrainedStudent =>
    trainStudent(rowsOf, task, createRandom(seed).fork(stream));
  const widenRows = (from: readonly WaveformRows[]) => widen(joinRows(from, "training", modes));
  const { manifest, set, root } = recordings;
  const splits = await readSplits(manifest.splits["cwru-tuning"]!, set.entries, root);
  const folds = splits.map((split): JudgedFold => {
    const part = divideBySplit(
      signals.map(({ entry }) => entry),
      split,
    );
    const test = selectSignals(signals, part.test);
    const { features: values, rows: count } = joinRows(test, "served", modes);
    const train = selectSignals(signals, part.train);
    const trainRows = widenRows(train);
    const learnt = learn(trainRows, split.name);
    const logits = runStudent(learnt, values, count);
    const recorded = weighRecorded(train);
    const { layers } = fitLogisticRival(prepareRows(trainRows, task), task.tying, { recorded });
    const logistic = runDense(layers, standardiseRows(values, count, learnt.scaler), count);
    return {
      name: split.name,
      signals: test,
      logits,
      set: describeSet(test, modes, { int8: logits, logistic }),
    };
  });
  const heldOut = new Set(dataset.heldOutGroups);
  const trained = learn(widenRows(signals.filter(({ entry }) => !heldOut.has(entry.machine))), "bundle");
  const sets = [...folds.map((fold) => fold.set), describeInvented(rows, trained)];
  return { folds, student: { trained, healthy: measureHealthyLogits(sets) } };
}

function describeInvented({ invented, modes }: ChainRows, trained: TrainedStudent): ScoredSet {
  const { features, rows } = joinLabelled(invented.heldOut, modes);
  const signals = invented.heldOut.map(({ rig, failureMode, label, rows: own }, index) => ({
    id: `rig ${rig}, recording ${index}`,
    unit: `rig ${rig}`,
    stratum: "invented",
    truth: failureMode === null ? null : modes.indexOf(failureMode),
    rows: own,
    slices: { recording: label },
  }));
  return { signals, outputs: modes.length, scores: { int8: runStudent(trained, features, rows) } };
}

/** `bundle` with another make of features, windows as long as that asks for, and another student; its calibration, levels and thresholds stay. */
export function lendStudent(
  bundle: LoadedBundle,
  { features, window }: BearingConfig,
  { trained, healthy }: ChainStudent,
): LoadedBundle {
  const { baseline } = bundle.manifest;
  const ask = (values: Float32Array): Float64Array => Float64Array.from(runStudent(trained, values, 1));
  const none = new Uint8Array(bundle.manifest.outputs.length);
  const score: LoadedBundle["score"] = async ({ features: low, upperFeatures }): Promise<StudentOutput> => {
    const lower = ask(low);
    if (upperFeatures === undefined) return { quantised: none, logits: lower };
    const upper = ask(upperFeatures);
    return {
      quantised: none,
      logits: lower.map((logit, mode) => joinLogits(logit, upper[mode]!)),
      bands: { lower: { quantised: none, logits: lower }, upper: { quantised: none, logits: upper } },
    };
  };
  const manifest = {
    ...bundle.manifest,
    features,
    window,
    ...(baseline === undefined ? {} : { baseline: { ...baseline, healthy } }),
  };
  return { ...bundle, manifest, score };
}

/** How far the students are ahead of the regression over all folds, as a line. */
export function describeLead({ config }: ChainRows, folds: readonly JudgedFold[]): string {
  const { figures, gains } = summariseSplits(
    folds.map(({ set }) => set),
    config.seed,
  );
  return `students ${formatFigure(figures.int8!, 4)}, ahead of the regression by ${formatFigure(gains.overLogistic!, 4)}`;
}

/** A fold as a line: AUROCs over windows, then recordings by their mean logits and as a gateway that knows none of them decides. */
export function describeFold({ modes }: ChainRows, { healthy }: ChainStudent, fold: JudgedFold): string {
  const { name, signals, logits } = fold;
  const { labels } = joinRows(signals, "served", modes);
  const outputs = modes.length;
  const neutral = modes.map(() => ({ slope: 1, intercept: 0 }));
  const rule = { failureModes: modes, calibration: neutral, thresholds: [], healthy };
  let at = 0;
  const heard = signals.map(({ failureMode, served: { rows } }) => {
    const own = logits.subarray(at * outputs, (at + rows) * outputs);
    at += rows;
    const means = modes.map((_, mode) =>
      own.reduce((sum, v, i) => sum + (i % outputs === mode ? v / rows : 0), 0),
    );
    return { failureMode, leading: Math.max(...means), raised: decideLooped(own, rule) };
  });
  const faulty = heard.filter(({ failureMode }) => failureMode !== null);
  const fine = heard.filter(({ failureMode }) => failureMode === null);
  const highest = Math.max(...fine.map(({ leading }) => leading));
  const any = computeAuroc(
    heard.map(({ leading }) => leading),
    heard.map(({ failureMode }) => failureMode !== null),
  );
  const count = (of: readonly unknown[], total: readonly unknown[]): string =>
    `${of.length}/${total.length}`.padStart(8);
  return [
    name.padEnd(24),
    `| ${computeMacroAuroc(logits, labels, outputs).toFixed(4)} | ${any.toFixed(3)}`,
    count(
      faulty.filter(({ leading }) => leading > highest),
      faulty,
    ),
    ` |${count(
      fine.filter(({ raised }) => raised !== null),
      fine,
    )}`,
    count(
      faulty.filter(({ raised, failureMode }) => raised === failureMode),
      faulty,
    ),
  ].join("");
}
