/** Judges a bearing bundle anew, from its own files and the recordings that it holds out, for the gate. */

import { join } from "node:path";
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { bundleFileNames } from "../../../../core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { sha256Hex } from "../../../../core/platform/files/sha256.ts";
import { readDataFile } from "../../../dataset/read-data-file.ts";
import type { Judgement } from "../../../gate/judgement.ts";
import { computeFigure, drawResamples } from "../../../judge/bootstrap.ts";
import { createCalibrationError } from "../../../judge/calibration-error.ts";
import { computeShare } from "../../../judge/figure.ts";
import { createMacroAuroc } from "../../../judge/weighted-auroc.ts";
import { runStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext } from "../../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { readBundleSignals } from "../learn/bundle-signals.ts";
import { fingerprintCwru, joinRows, type WaveformRows } from "../learn/cwru-rows.ts";
import { alwaysHeldOut } from "../learn/divide-by-groups.ts";
import { computePhysicsScores, findPhysicsColumns } from "../learn/physics-score.ts";
import { describeSet } from "../report/describe-signal.ts";
import { readBearingClaim } from "./bearing-protocols.ts";
import { evaluateHeldOut } from "./evaluate-held-out.ts";
import { toProbabilities } from "./judge-bearing.ts";

/** Points of AUC that quantisation may cost. */
const maxLostPoints = 0.5;

/** Judges. Fails with DATA_MISSING, DATA_FORMAT or BUNDLE_FORMAT. */
export async function judgeBearingBundle(
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<Judgement> {
  const { manifest } = bundle;
  const lineage = manifest.lineage.data[0]!;
  const { all, heldOut: signals } = await readBundleSignals(bundle, config, context);
  const modes = manifest.outputs.map((output) => output.failureMode);
  const { rows, features } = joinRows(signals, "served", modes);
  const quantised = decodeStudent(bundle.files.get(bundleFileNames.model)!);
  const int8 = runStudent({ scaler: manifest.scaler, quantised }, features, rows);
  const columns = findPhysicsColumns(manifest.features, config.hypotheses);
  const set = describeSet(signals, modes, {
    int8,
    probability: toProbabilities(int8, manifest.calibration),
    silent: new Float32Array(int8.length),
    ...(columns === null ? {} : { physics: computePhysicsScores(features, rows, columns) }),
  });
  const outcome = evaluateHeldOut(signals, modes, () => int8, manifest.calibration, manifest.thresholds);
  const resamples = drawResamples(set.signals, config.seed);
  const own = createMacroAuroc([set], "int8");
  const gainOver = (name: string): Judgement["baselines"][number] => {
    const other = createMacroAuroc([set], name);
    return { name, gain: computeFigure((counts) => own(counts) - other(counts), resamples) };
  };
  const claim = readBearingClaim(bundle, config);
  const logistic = claim.findings.find(({ name }) => name === "gainOverLogistic");
  const error = computeFigure(
    createCalibrationError([set], "probability"),
    drawResamples(set.signals, config.seed, 200),
  );
  return {
    fingerprints: { [lineage.name]: await fingerprintCwru(context.dataDir) },
    metrics: {
      macroAuroc: computeFigure(own, resamples),
      calibrationError: error,
      detected: computeShare(outcome.detected.right, outcome.detected.of),
      quiet: computeShare(outcome.quiet.right, outcome.quiet.of),
    },
    leakage: [
      ...(await findLeaks(context.dataDir, all, lineage.trainGroups, lineage.heldOutGroups)),
      {
        by: "bearing that the configuration holds out",
        shared: [...config.dataset.heldOutGroups, alwaysHeldOut].filter((group) =>
          lineage.trainGroups.includes(group),
        ),
      },
    ],
    baselines: [
      gainOver("silent"),
      ...(columns === null ? [] : [gainOver("physics")]),
      // Trained with the student; a rebuild shows that the figure is true.
      ...(logistic === undefined ? [] : [{ name: "logistic (as stated)", gain: logistic.heldOut }]),
    ],
    calibration: { error, limit: config.maxCalibrationError },
    parity: {
      lost: 100 * (claim.parity.floatMacroAuroc - outcome.macroAuroc),
      lostOf: "points of AUC",
      limit: maxLostPoints,
      floatDetected: claim.parity.floatDetected,
      int8Detected: outcome.detected.right,
      lostEventsLimit: 0,
    },
    cases: outcome.recordings.map(({ waveform, brier, truth, raised }, index) => ({
      id: waveform,
      slices: set.signals[index]!.slices,
      loss: brier,
      decision: raised === truth ? "right" : truth === null ? "false-alarm" : "missed",
    })),
  };
}

/** Recordings of one content on both sides, under whatever name. */
async function findLeaks(
  dataDir: string,
  signals: readonly WaveformRows[],
  trainGroups: readonly string[],
  heldOutGroups: readonly string[],
): Promise<Judgement["leakage"]> {
  const digestOf = new Map<string, string>();
  for (const file of new Set(signals.map((signal) => signal.waveform.file))) {
    const bytes = await readDataFile(join(dataDir, "cwru", file));
    digestOf.set(file, sha256Hex(bytes));
  }
  const filesOf = (groups: readonly string[]): string[] => [
    ...new Set(
      signals.filter(({ waveform }) => groups.includes(waveform.group)).map(({ waveform }) => waveform.file),
    ),
  ];
  const [train, held] = [filesOf(trainGroups), filesOf(heldOutGroups)];
  const heldDigests = new Set(held.map((file) => digestOf.get(file)));
  return [
    { by: "recording", shared: train.filter((file) => held.includes(file)) },
    { by: "recording's content", shared: train.filter((file) => heldDigests.has(digestOf.get(file))) },
  ];
}
