/** A bearing bundle judged anew, from its own files and the recordings that it holds out: for the gate, and by request. */

import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { readEvaluationOf, refuseEvaluation, studentOf } from "../../../bundle/bundled-files.ts";
import { findTwinEntries } from "../../../dataset/recordings/find-twin-entries.ts";
import type { RecordedEntry, RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import type { Judgement } from "../../../gate/judgement.ts";
import { computeFigure, drawResamples } from "../../../judge/figure.ts";
import { createMacroAuroc } from "../../../judge/metrics.ts";
import { type LabelledRows, runStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { checkContract } from "../learn/check-contract.ts";
import { scorePhysics } from "../learn/hypothesis-columns.ts";
import { describeInvented } from "../learn/invented-rows.ts";
import { openRecordings } from "../learn/open-recordings.ts";
import { describeSet, joinRows, readRecordedRows, type WaveformRows } from "../learn/recorded-rows.ts";
import type { BearingEvaluation } from "./bearing-evaluation.ts";
import { judgeCalibration, toProbabilities } from "./cross-calibrate.ts";
import { evaluateHeldOut, type HeldOutFigures } from "./held-out-figures.ts";
import { judgeOutcomes, listHeldOut } from "./machine-outcomes.ts";

const maxLostPoints = 0.5;
/** How far a figure may fall below the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-9;

/** A bundle's student on the recordings, cut as the bundle cuts them. */
interface ReplayedBundle {
  readonly all: readonly WaveformRows[];
  /** Signals of the bearings that its lineage holds out, their rows, logits and figures. */
  readonly signals: readonly WaveformRows[];
  readonly rows: LabelledRows;
  readonly int8: Float32Array;
  readonly heldOut: HeldOutFigures;
  readonly fingerprint: string;
  readonly set: RecordingSet;
}

async function replayBundle(
  bundle: Bundle,
  config: BearingConfig,
  { dataDir, progress }: EvaluationContext,
): Promise<ReplayedBundle> {
  const { manifest } = bundle;
  const { window, features, scaler, calibration, thresholds, baseline } = manifest;
  const { set } = await openRecordings(config, bundle.files, dataDir);
  const { refused } = await checkContract(set, manifest.channels);
  const data = await readRecordedRows(set, {
    window,
    trainingHop: window.hop,
    features,
    noiseLevels: [],
    seed: config.seed,
    hypotheses: config.hypotheses,
    refused,
    progress,
  });
  const all = [...data.signals, ...data.extra];
  const held = new Set(manifest.lineage.data[0]!.heldOutGroups);
  const signals = all.filter((signal) => held.has(signal.entry.machine));
  const failureModes = manifest.outputs.map((output) => output.failureMode);
  const rows = joinRows(signals, "served", failureModes);
  const quantised = studentOf(bundle);
  const int8 = runStudent({ scaler, quantised }, rows.features, rows.rows);
  const rule = { failureModes, calibration, thresholds, healthy: baseline?.healthy };
  const heldOut = evaluateHeldOut(signals, int8, rule);
  return { all, signals, rows, int8, heldOut, set, fingerprint: await set.fingerprint() };
}

/** Judges a bundle for the gate. Fails with DATA_MISSING, DATA_FORMAT or BUNDLE_FORMAT. */
export async function judgeBearingBundle(
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<Judgement> {
  const { manifest } = bundle;
  const lineage = manifest.lineage.data[0]!;
  const {
    all,
    signals,
    rows,
    int8,
    heldOut,
    set: recorded,
    fingerprint,
  } = await replayBundle(bundle, config, context);
  const modes = manifest.outputs.map((output) => output.failureMode);
  const set = describeSet(signals, modes, {
    int8,
    probability: toProbabilities(int8, manifest.calibration),
    silent: new Float32Array(int8.length),
    ...scorePhysics({ features: manifest.features, hypotheses: config.hypotheses }, rows),
  });
  const resamples = drawResamples(set.signals, config.seed);
  const own = createMacroAuroc([set], "int8");
  const gainOver = (name: string): Judgement["baselines"][number] => {
    const other = createMacroAuroc([set], name);
    return { name, gain: computeFigure((counts) => own(counts) - other(counts), resamples) };
  };
  const claim = readBearingClaim(bundle);
  const logistic = claim.findings.find(({ name }) => name === "gainOverLogistic");
  const float = claim.steps.find(({ name }) => name === "float")!;
  const error = judgeCalibration([set], config.seed);
  return {
    fingerprints: Object.fromEntries([
      [lineage.name, fingerprint],
      ...describeInvented(config).map(({ name, sha256 }) => [name, sha256]),
    ]),
    metrics: {
      macroAuroc: computeFigure(own, resamples),
      calibrationError: error,
      ...judgeOutcomes(listHeldOut(heldOut, recorded.entries)),
    },
    leakage: [
      ...(await findLeaks(recorded, all, lineage)),
      {
        by: "machine that the configuration holds out",
        shared: config.dataset.heldOutGroups.filter((group) => lineage.trainGroups.includes(group)),
      },
    ],
    baselines: [
      gainOver("silent"),
      ...(set.scores.physics === undefined ? [] : [gainOver("physics")]),
      // Fitted with the student, to its minimum; a rebuild shows that the figure is true.
      ...(logistic === undefined
        ? []
        : [
            {
              name: "converged logistic regression (as stated)",
              gain: logistic.heldOut,
              elsewhere: { where: "out of fold", gain: logistic.outOfFold },
            },
          ]),
    ],
    calibration: { error, limit: config.maxCalibrationError },
    parity: {
      lost: 100 * (float.heldOut.value - heldOut.macroAuroc),
      lostOf: "points of AUC",
      limit: maxLostPoints,
      floatDetected: claim.parity.floatDetected,
      int8Detected: heldOut.detected.right,
      lostEventsLimit: 0,
    },
    cases: heldOut.recordings.map(({ waveform, brier, truth, raised }, index) => ({
      id: waveform,
      slices: set.signals[index]!.slices,
      loss: brier,
      decision: raised === truth ? "right" : truth === null ? "false-alarm" : "missed",
    })),
  };
}

/** Recordings of one content on both sides, under whatever name. */
async function findLeaks(
  set: RecordingSet,
  signals: readonly WaveformRows[],
  { trainGroups, heldOutGroups }: Bundle["manifest"]["lineage"]["data"][number],
): Promise<Judgement["leakage"]> {
  const entries = signals.map(({ entry }) => entry);
  const of = (groups: readonly string[]): RecordedEntry[] =>
    entries.filter(({ machine }) => groups.includes(machine));
  const [train, held] = [of(trainGroups), of(heldOutGroups)];
  const heldFiles = new Set(held.map(({ file }) => file));
  const isHeld = new Set(held);
  const twins = (await findTwinEntries(set, [...train, ...held])).filter(
    ({ first, again }) => isHeld.has(first) !== isHeld.has(again),
  );
  return [
    {
      by: "recording",
      shared: [...new Set(train.map(({ file }) => file))].filter((file) => heldFiles.has(file)),
    },
    { by: "recording's content", shared: twins.map(({ first }) => first.id) },
  ];
}

/** Are the bundle's figures what it states? Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export async function runBearingHeldOut(
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { heldOut, fingerprint } = await replayBundle(bundle, config, context);
  const { metrics, heldOut: claimed } = readBearingClaim(bundle);
  const claimedAuroc = metrics.macroAuroc!.value;
  const sameData = fingerprint === bundle.manifest.lineage.data[0]!.sha256;
  if (!sameData)
    context.log("the data files are not those that the bundle was made from: figures may differ");
  const passed =
    heldOut.macroAuroc >= claimedAuroc - tolerance &&
    heldOut.detected.right >= claimed.detected.right &&
    heldOut.quiet.right >= claimed.quiet.right;
  return {
    json: { sameData, metrics: { heldOut }, claimed: claimedAuroc },
    lines: [
      `macro AUROC on held-out bearings ${heldOut.macroAuroc.toFixed(4)} (the bundle states ${claimedAuroc.toFixed(4)})`,
      `right mode raised on ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings, nothing on ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones`,
    ],
    passed,
  };
}

/** What the bundle states of itself. Fails with BUNDLE_FORMAT. */
function readBearingClaim(bundle: Bundle): BearingEvaluation {
  const report = readEvaluationOf(bundle) as Partial<BearingEvaluation>;
  const { metrics, heldOut, parity, steps, findings } = report;
  if (
    typeof metrics?.macroAuroc?.value === "number" &&
    typeof heldOut?.detected?.right === "number" &&
    typeof heldOut.quiet?.right === "number" &&
    typeof parity?.floatDetected === "number" &&
    Array.isArray(steps) &&
    typeof steps.find(({ name }) => name === "float")?.heldOut.value === "number" &&
    Array.isArray(findings)
  ) {
    return report as BearingEvaluation;
  }
  throw refuseEvaluation(`${bundle.manifest.name}: evaluation.json states no figure of held-out bearings`);
}
