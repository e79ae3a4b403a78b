/**
 * A fine-tuned bundle judged anew from its own files and the recordings, for the gate and by request: every machine is left out
 * again, by students that are tuned again. The parent that it carries is what it must be ahead of.
 */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { readEvaluationOf, refuseEvaluation, studentOf } from "../../../bundle/bundled-files.ts";
import { findTwinEntries } from "../../../dataset/recordings/find-twin-entries.ts";
import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import type { Judgement } from "../../../gate/judgement.ts";
import { reasonOfLeast } from "../../../judge/learning-path.ts";
import { openTensorTrainer } from "../../../learn/open-trainer.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import { checkContract } from "../learn/check-contract.ts";
import { deriveTying } from "../learn/hypothesis-columns.ts";
import { describeInvented, inventRows } from "../learn/invented-rows.ts";
import { planMachineFolds } from "../learn/machine-folds.ts";
import { openRecordings } from "../learn/open-recordings.ts";
import { openParent } from "../learn/parent-bundle.ts";
import { readRecordedRows } from "../learn/recorded-rows.ts";
import { scoreInventedRigs, scoreMachineFold, tuneOnAll } from "../learn/tuned-students.ts";
import { type TunedConfig, weighRigs } from "../tuned-config.ts";
import { sayWorse } from "./beside-parent.ts";
import { decideRecordings } from "./machine-outcomes.ts";
import { type JudgedTuned, judgeEvidence, judgeTuned, type TunedEvaluation } from "./tuned-evaluation.ts";
import { createHeadline, judgeLead, judgeLeadOverSilence, sampleMachines } from "./tuned-figures.ts";

/** Points of the headline figure that the integers may lose. */
const maxLostPoints = 0.5;

/** What judging again gives. */
interface Replayed {
  readonly judged: JudgedTuned;
  readonly fingerprint: string;
  /** Recordings of one content on several machines, by their ids. */
  readonly copies: readonly string[];
}

async function replay(bundle: Bundle, config: TunedConfig, context: EvaluationContext): Promise<Replayed> {
  const { log, progress, dataDir } = context;
  const recordings = await openRecordings(config, bundle.files, dataDir);
  const { set } = recordings;
  const parent = openParent(config.from);
  const contract = await checkContract(set, config.channels);
  const rows = await readRecordedRows(set, {
    ...config,
    noiseLevels: [],
    refused: contract.refused,
    progress,
  });
  const invented = inventRows({ ...config, inventedRigs: weighRigs(config) }, progress);
  const all = [...rows.signals, ...rows.extra];
  const trainer = await openTensorTrainer(log);
  const tying = deriveTying(config.features, config.hypotheses);
  const lesson = { config, parent, tying, rows: all, remembered: invented.training, trainer };
  const student = tuneOnAll(lesson);
  const planned = planMachineFolds(all.map(({ entry }) => entry));
  const folds = planned.map((fold, index) => {
    progress(index, planned.length, "machines left out");
    return scoreMachineFold(lesson, fold);
  });
  // What ships is what is in the bundle, not what learning gives again.
  const quantised = studentOf(bundle);
  const judged = judgeTuned({
    config,
    parent,
    rows: all,
    folds,
    invented: scoreInventedRigs(lesson, { ...student, quantised }, invented.heldOut),
    evidence: judgeEvidence(
      config,
      all.map(({ entry }) => entry),
    ),
    about: recordings.manifest.about,
    refused: contract.refused,
    unclear: rows.unclear.map(({ id }) => id),
  });
  return { judged, fingerprint: await set.fingerprint(), copies: await findCopies(set) };
}

/** Judges a bundle for the gate. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function judgeTunedBundle(
  bundle: Bundle,
  config: TunedConfig,
  context: EvaluationContext,
): Promise<Judgement> {
  const { judged, fingerprint, copies } = await replay(bundle, config, context);
  const { evaluation, set } = judged;
  const { evidence, headline, recordings } = evaluation;
  const sample = sampleMachines(set, config.seed);
  const own = createHeadline(set, "int8", headline);
  // With machines that are too few nothing is sure: the rival must not be surely ahead.
  const surely = evidence.isLittle ? "level" : "ahead";
  const gainOver = (name: string, asked: "ahead" | "level"): Judgement["baselines"][number] => ({
    name,
    gain: judgeLead(own, createHeadline(set, name, headline), sample),
    asked,
  });
  const parent = `${config.from.name}@${config.from.version}`;
  const { manifest } = bundle;
  const rule = {
    failureModes: manifest.outputs.map(({ failureMode }) => failureMode),
    calibration: judged.calibration,
    thresholds: manifest.thresholds,
    healthy: judged.healthy,
  };
  const labels = new Map(recordings.map(({ id, label }) => [id, label]));
  const found = (model: "int8" | "float"): number =>
    decideRecordings({ set, labels }, model, rule).filter(({ outcome }) => outcome === "found").length;
  const error = evaluation.metrics.calibrationErrorOutOfFold!;
  const [int8, float] = evaluation.contenders;
  return {
    fingerprints: Object.fromEntries([
      [config.dataset.name, fingerprint],
      ...describeInvented({ ...config, inventedRigs: weighRigs(config) }).map(({ name, sha256 }) => [
        name,
        sha256,
      ]),
    ]),
    metrics: evaluation.metrics,
    leakage: [{ by: "recording's content on two machines", shared: copies }],
    evidence: {
      isEnough: !evidence.isLittle,
      isAccepted: evidence.isAccepted,
      words: evidence.isLittle
        ? `it takes ${evidence.lacking.join(", ")}: ${reasonOfLeast}`
        : `${evidence.machines} machines, ${evidence.faultyMachines} of them with a fault, each left out in turn`,
    },
    baselines: [
      { name: "silent", gain: judgeLeadOverSilence(own, sample), asked: surely },
      { ...gainOver("parent", surely), name: `its parent ${parent}`, otherwise: `keep ${parent}` },
      ...(set.scores.physics === undefined ? [] : [gainOver("physics", "level")]),
      { ...gainOver("logistic", "level"), name: "converged logistic regression" },
    ],
    calibration: { error, limit: config.maxCalibrationError },
    parity: {
      lost: 100 * (float!.headline.value - int8!.headline.value),
      lostOf: "points of AUC",
      limit: maxLostPoints,
      floatDetected: found("float"),
      int8Detected: found("int8"),
      lostEventsLimit: Math.floor(recordings.filter(({ label }) => label !== "healthy").length / 10),
    },
    cases: judged.cases.student,
    parent: {
      digest: config.from.digest,
      cases: judged.cases.parent,
      told: sayWorse(evaluation.besideParent),
    },
  };
}

/** Are the bundle's figures what it states? Fails as {@link judgeTunedBundle}. */
export async function runTunedHeldOut(
  bundle: Bundle,
  config: TunedConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { judged, fingerprint } = await replay(bundle, config, context);
  const { headline, metrics } = judged.evaluation;
  const claimed = readTunedClaim(bundle).metrics[headline]?.value;
  const sameData = fingerprint === bundle.manifest.lineage.data[0]!.sha256;
  if (!sameData)
    context.log("the recordings are not those that the bundle was made from: figures may differ");
  const value = metrics[headline]!.value;
  return {
    json: { sameData, metrics, claimed },
    lines: [
      `${headline} on machines left out in turn ${value.toFixed(4)} (the bundle states ${claimed?.toFixed(4) ?? "none"})`,
    ],
    passed: claimed !== undefined && value >= claimed - 1e-9,
  };
}

/** What the bundle states of itself. Fails with BUNDLE_FORMAT. */
function readTunedClaim(bundle: Bundle): Pick<TunedEvaluation, "metrics"> {
  const report = readEvaluationOf(bundle) as Partial<TunedEvaluation>;
  if (report.kind === "fine-tuned" && typeof report.metrics === "object") return { metrics: report.metrics };
  throw refuseEvaluation(`${bundle.manifest.name}: evaluation.json is not that of a fine-tuned bundle`);
}

/** One signal on two machines, whatever its files are called and written in; a bearing that they are said to share may be on both. */
async function findCopies(set: RecordingSet): Promise<string[]> {
  return (await findTwinEntries(set, set.entries)).flatMap(({ first: one, again: other }) => {
    const isShared = one.shared !== null && one.shared === other.shared;
    const machines = [one.machine, other.machine].sort();
    return one.machine === other.machine || isShared ? [] : [`${one.id} on ${machines.join(", ")}`];
  });
}
