/** From `train.yaml` to a signed bundle, end to end. The same configuration, data, code and seed give the same bytes. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { canonicalJsonBytes } from "../bundle/canonical-json.ts";
import type { Signer } from "../bundle/dsse.ts";
import { encodeGolden } from "../bundle/golden.ts";
import { writeBundle } from "../bundle/write-bundle.ts";
import { AuroraError } from "../contract/aurora-error.ts";
import { bundleFileNames, type Lineage, type Manifest, mcuModelFileName } from "../contract/manifest.ts";
import { fitReference } from "../drift/fit-reference.ts";
import { encodeReference } from "../drift/reference-codec.ts";
import { encodeBackground } from "../explain/background-codec.ts";
import { encodeStudent } from "../inference/onnx-codec.ts";
import { createRandom, type Random } from "../maths/random.ts";
import { calibrateStudent, collectOutOfFold } from "./calibrate-student.ts";
import { clusterBackground } from "./cluster-background.ts";
import { createMcuModel } from "./create-mcu-model.ts";
import { type CwruRows, joinRows, readCwruRows, type WaveformRows } from "./cwru-rows.ts";
import { deriveTying } from "./derive-tying.ts";
import { describeStudent } from "./describe-student.ts";
import { bundledConfigName } from "./evaluate-bundle.ts";
import { evaluateHeldOut } from "./evaluate-held-out.ts";
import type { EvaluationReport } from "./evaluation-report.ts";
import { createGoldenCases } from "./golden-cases.ts";
import { judgeLogistic, judgeStudent } from "./judge-student.ts";
import { createMlBom } from "./ml-bom.ts";
import { renderModelCard } from "./model-card.ts";
import { openTensorTrainer } from "./tensorflow.ts";
import { runStudent, standardiseRows, type TrainedStudent, trainStudent } from "./train-student.ts";
import { digestTrainingCode } from "./training-code-digest.ts";
import { loadTrainingConfig, type TrainingConfig } from "./training-config.ts";

/** Where the inputs are and where the bundle goes. */
export interface TrainingOptions {
  /** Folder that holds `cwru/`. */
  readonly dataDir: string;
  /** The bundle's folder; default: the version's folder beside the configuration. */
  readonly outDir: string;
  readonly signer: Signer;
  readonly log: (message: string) => void;
  readonly progress: (done: number, total: number, what: string) => void;
}

/** What came out. */
export interface TrainingResult {
  readonly dir: string;
  /** Digest of the manifest. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly report: EvaluationReport;
}

/** Words about the data set. */
const cwruDescription =
  "Case Western Reserve University Bearing Data Center, bearing recordings of a 2 hp motor rig (12 and 48 kHz), publicly downloadable, no licence text; cite the center";

/** Trains and writes the bundle. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function train(configPath: string, options: TrainingOptions): Promise<TrainingResult> {
  const { config, bytes: configBytes } = await loadTrainingConfig(configPath);
  const random = createRandom(config.seed);
  const trainer = await openTensorTrainer(options.log);
  const tying = deriveTying(config.features, config.hypotheses);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const data = await readCwruRows(options.dataDir, {
    window: config.window,
    trainingHop: config.trainingHop,
    features: config.features,
    noiseLevels: config.noiseLevels,
    seed: config.seed,
    progress: (done, total) => options.progress(done, total, "recordings read"),
  });
  const { trainSignals, heldOutSignals, trainGroups } = divideByGroups(config, data);
  const trainRows = joinRows(trainSignals, "training", modes);
  options.log(`${trainRows.rows} training windows of ${trainSignals.length} signals`);
  const student = trainStudent(trainRows, tying, config.recipe, trainer, random.fork("bundle"));
  const outOfFold = collectOutOfFold(config, trainSignals, tying, trainer, (done, total) =>
    options.progress(done, total, "inner splits trained"),
  );
  const calibrated = calibrateStudent(outOfFold, modes.length, config.thresholds);

  const held = new Set([...config.dataset.heldOutGroups, "normal"]);
  const judged = [...heldOutSignals, ...data.extra.filter((signal) => held.has(signal.waveform.group))];
  const heldOutRows = joinRows(judged, "served", modes);
  const { calibration } = calibrated;
  const thresholds = modes.map(() => config.thresholds);
  const heldOut = evaluateHeldOut(
    judged,
    modes,
    (features, rows) => runStudent(student, features, rows),
    calibration,
    thresholds,
  );
  const judgement = judgeStudent(student, heldOutRows, config.features, config.hypotheses);
  const logistic = judgeLogistic(
    trainRows,
    heldOutRows,
    tying,
    config.recipe,
    trainer,
    random.fork("logistic"),
  );
  const model = encodeStudent(student.quantised);
  const report: EvaluationReport = {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    dataDescription: cwruDescription,
    trainingWindows: trainRows.rows,
    heldOut,
    baselines: {
      float: judgement.float,
      teacher: judgement.teacher,
      logistic,
      physics: judgement.physics,
      alwaysHealthy: 0.5,
    },
    outOfFold: {
      folds: outOfFold.folds,
      macroAuroc: outOfFold.macroAuroc,
      falseWindowShare: calibrated.falseWindowShare,
      detectedWindowShare: calibrated.detectedWindowShare,
    },
    student: describeStudent(student, model.length, heldOutRows, calibration, thresholds),
    limitations: config.limitations,
  };
  const { teacher } = config.recipe;
  const lineage: Lineage = {
    trainingCodeSha256: await digestTrainingCode(),
    configSha256: sha256(configBytes),
    seed: config.seed,
    data: [
      {
        name: "cwru",
        sha256: data.fingerprint,
        trainGroups,
        heldOutGroups: [...config.dataset.heldOutGroups, "normal"],
      },
    ],
    libraries: Object.fromEntries(trainer.packages.map((name) => [name, trainer.version])),
    parent: config.parent,
    teacher:
      teacher.members === 0
        ? "none"
        : `mean of ${teacher.members} tied networks of ${teacher.hidden.join("-")} hidden neurons a failure mode; macro AUROC ${judgement.teacher!.toFixed(3)} on the held-out bearings`,
  };
  const groups = [...new Set(config.features.list.map((feature) => feature.group))];
  const manifest: Omit<Manifest, "files"> = {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    title: config.title,
    changelog: config.changelog,
    runtime: config.runtime,
    task: "diagnosis",
    horizonHours: null,
    channels: config.channels,
    window: config.window,
    features: config.features,
    scaler: student.scaler,
    outputs: config.hypotheses.map(({ failureMode, title }) => ({ failureMode, title })),
    calibration,
    thresholds,
    groups,
    budgets: config.budgets,
    lineage,
  };
  const standardised = standardiseRows(trainRows.features, trainRows.rows, student.scaler);
  const background = encodeBackground(
    clusterBackground(standardised, trainRows.rows, config.backgroundRows, random.fork("background")),
  );
  const golden = createGoldenCases(
    {
      spec: config.features,
      window: config.window,
      groups,
      scaler: student.scaler,
      student: student.quantised,
      background,
    },
    config.goldenCases,
    random.fork("golden"),
  );
  const text = new TextEncoder();
  const files = new Map<string, Uint8Array>([
    [bundleFileNames.model, model],
    [mcuModelFileName, createMcuModel(manifest, student.quantised)],
    [bundleFileNames.reference, encodeReference(fitHealthyReference(config, trainSignals, student, random))],
    [bundleFileNames.background, background],
    [
      bundleFileNames.golden,
      encodeGolden({
        features: config.features.list.length,
        outputs: modes.length,
        groups: groups.length,
        cases: golden,
      }),
    ],
    [bundleFileNames.card, text.encode(renderModelCard(manifest, config, report))],
    [bundleFileNames.evaluation, canonicalJsonBytes(report)],
    [
      bundleFileNames.bom,
      canonicalJsonBytes(
        createMlBom({
          name: config.name,
          version: config.version,
          title: config.title,
          modelSha256: sha256(model),
          architecture: report.student.architecture,
          lineage,
          dataDescriptions: { cwru: cwruDescription },
          metrics: { "held-out macro AUROC": heldOut.macroAuroc, "held-out Brier score": heldOut.brier },
          useCases: [config.title],
          limitations: config.limitations,
        }),
      ),
    ],
    [bundledConfigName, configBytes],
  ]);
  const bundle = await writeBundle(options.outDir, { manifest, files }, options.signer);
  options.log(`${config.name}@${config.version} ${bundle.digest} in ${options.outDir}`);
  return { dir: options.outDir, digest: bundle.digest, manifest: bundle.manifest, report };
}

/** The folder of the shipped bundle: `<folder of the configuration>/<version>`. */
export function defaultBundleDir(configPath: string, config: TrainingConfig): string {
  return join(dirname(configPath), config.version);
}

function divideByGroups(
  config: TrainingConfig,
  data: CwruRows,
): { trainSignals: WaveformRows[]; heldOutSignals: WaveformRows[]; trainGroups: string[] } {
  const held = new Set(config.dataset.heldOutGroups);
  const { signals } = data;
  const groups = new Set(signals.map((signal) => signal.waveform.group));
  const known = new Set([...groups, ...data.extra.map((signal) => signal.waveform.group)]);
  for (const group of held) {
    if (known.has(group)) continue;
    throw new AuroraError("CONFIG_INVALID", `there is no bearing "${group}" to hold out`, {
      op: "divide recordings",
      subject: group,
      hint: `bearings are ${[...known].sort().join(", ")}`,
    });
  }
  return {
    trainSignals: signals.filter((signal) => !held.has(signal.waveform.group)),
    heldOutSignals: signals.filter((signal) => held.has(signal.waveform.group)),
    trainGroups: [...groups].filter((group) => !held.has(group)).sort(),
  };
}

/** The drift reference: healthy training windows in time order, with the scores that the student gives them. */
function fitHealthyReference(
  config: TrainingConfig,
  signals: readonly WaveformRows[],
  student: TrainedStudent,
  random: Random,
): ReturnType<typeof fitReference> {
  const healthy = signals.filter((signal) => signal.waveform.failureMode === null);
  const rows: Float32Array[] = [];
  const scores: Float32Array[] = [];
  const columns = config.features.list.length;
  const outputs = config.hypotheses.length;
  for (const { served } of healthy) {
    const logits = runStudent(student, served.features, served.rows);
    for (let row = 0; row < served.rows; row++) {
      rows.push(served.features.subarray(row * columns, (row + 1) * columns));
      scores.push(logits.subarray(row * outputs, (row + 1) * outputs));
    }
  }
  return fitReference(
    rows,
    config.features.list.map((feature) => feature.name),
    scores,
    {
      seed: random.fork("drift").integer(2 ** 31),
      replicates: config.driftReplicates,
      segments: healthy.map((signal) => signal.served.rows),
      scoreNames: config.hypotheses.map((hypothesis) => hypothesis.failureMode),
    },
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
