/**
 * Judges a bundle again from its folder: this very model on its held-out bearings, or its recipe retrained on the
 * published splits. Checks digests; who signed it is `aurora bundle verify`'s to say.
 */
import { join } from "node:path";
import type { Bundle } from "../bundle/bundle.ts";
import { readBundle } from "../bundle/verify-bundle.ts";
import { AuroraError } from "../contract/aurora-error.ts";
import { bundleFileNames } from "../contract/manifest.ts";
import { decodeStudent } from "../inference/onnx-codec.ts";
import { type CwruProtocol, type ProtocolOptions, runCwruProtocol } from "./cwru-protocol.ts";
import { readCwruRows } from "./cwru-rows.ts";
import { evaluateHeldOut, type HeldOutEvaluation } from "./evaluate-held-out.ts";
import type { EvaluationReport } from "./evaluation-report.ts";
import { runStudent } from "./train-student.ts";
import { parseTrainingConfig, type TrainingConfig } from "./training-config.ts";

/** Name of the configuration inside the bundle, so that the recipe can be retrained from the bundle alone. */
export const bundledConfigName = "train.yaml";

/** The outcome, for machines and for people. */
export interface BundleEvaluation {
  /** `{bundle, protocol, metrics}`. */
  readonly json: unknown;
  readonly lines: readonly string[];
  /** Are the figures at least what the bundle claims (held-out) or the protocol asks for (cwru-100)? */
  readonly passed: boolean;
}

/** Macro AUROC that int8 students must reach on the 100 published splits. */
export const requiredMacroAuroc = 0.92;
/** How far a figure may fall below the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-9;

/** Evaluates the bundle in `dir`. Fails with BUNDLE_*, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function evaluateBundle(
  dir: string,
  protocol: "held-out" | CwruProtocol,
  options: ProtocolOptions,
): Promise<BundleEvaluation> {
  const bundle = await readBundle(dir);
  const configBytes = bundle.files.get(bundledConfigName);
  if (configBytes === undefined) {
    throw new AuroraError("BUNDLE_FORMAT", `${dir} holds no ${bundledConfigName}`, {
      op: "evaluate bundle",
      subject: dir,
      hint: "only a bundle that aurora train made can be evaluated: it carries its recipe",
    });
  }
  const config = parseTrainingConfig(configBytes, join(dir, bundledConfigName));
  const identity = { name: bundle.manifest.name, version: bundle.manifest.version, digest: bundle.digest };
  return protocol === "held-out"
    ? evaluateOwnFigures(bundle, config, identity, options)
    : evaluateRecipe(bundle, config, protocol, identity, options);
}

async function evaluateOwnFigures(
  bundle: Bundle,
  config: TrainingConfig,
  identity: object,
  options: ProtocolOptions,
): Promise<BundleEvaluation> {
  const { manifest } = bundle;
  const lineage = manifest.lineage.data[0]!;
  const data = await readCwruRows(options.dataDir, {
    window: manifest.window,
    trainingHop: manifest.window.hop,
    features: manifest.features,
    noiseLevels: [],
    seed: config.seed,
    progress: (done, total) => options.progress(done, total, "recordings read"),
  });
  const held = new Set(lineage.heldOutGroups);
  const signals = [...data.signals, ...data.extra].filter((signal) => held.has(signal.waveform.group));
  const student = {
    scaler: manifest.scaler,
    quantised: decodeStudent(bundle.files.get(bundleFileNames.model)!),
  };
  const heldOut = evaluateHeldOut(
    signals,
    manifest.outputs.map((output) => output.failureMode),
    (features, rows) => runStudent(student, features, rows),
    manifest.calibration,
    manifest.thresholds,
  );
  const claimed = readClaim(bundle, config);
  const sameData = data.fingerprint === lineage.sha256;
  if (!sameData)
    options.log("the data files are not those that the bundle was made from: figures may differ");
  const passed =
    heldOut.macroAuroc >= claimed.macroAuroc - tolerance && heldOut.detected.right >= claimed.detected.right;
  return {
    json: {
      bundle: identity,
      protocol: "held-out",
      sameData,
      metrics: { heldOut },
      claimed: claimed.macroAuroc,
      passed,
    },
    lines: [
      `macro AUROC on held-out bearings ${heldOut.macroAuroc.toFixed(4)} (the bundle states ${claimed.macroAuroc.toFixed(4)})`,
      `right mode raised on ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings, nothing on ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones`,
    ],
    passed,
  };
}

async function evaluateRecipe(
  bundle: Bundle,
  config: TrainingConfig,
  protocol: CwruProtocol,
  identity: object,
  options: ProtocolOptions,
): Promise<BundleEvaluation> {
  const result = await runCwruProtocol(config, protocol, options);
  const { int8, float, teacher, logistic, physics, gainOverPhysics, ...rest } = result;
  const passed = protocol !== "cwru-100" || int8.value >= requiredMacroAuroc;
  const line = (name: string, spread: { readonly value: number; readonly sd: number } | null): string =>
    spread === null ? `${name}: none` : `${name}: ${spread.value.toFixed(4)} ± ${spread.sd.toFixed(4)}`;
  return {
    json: {
      bundle: identity,
      protocol,
      metrics: {
        macroAuroc: int8,
        float,
        teacher,
        logistic,
        physics,
        gainOverPhysics,
        // What the bundle itself states of its own held-out bearings; recomputed by the protocol held-out.
        heldOut: readClaim(bundle, config),
      },
      ...rest,
      passed,
    },
    lines: [
      `macro AUROC over ${rest.splits} bearing-wise splits, mean ± standard deviation`,
      line("int8 student", int8),
      line("float student", float),
      line("teacher", teacher),
      line("tied logistic", logistic),
      line("physics score", physics),
    ],
    passed,
  };
}

function readClaim(bundle: Bundle, config: TrainingConfig): HeldOutEvaluation {
  const bytes = bundle.files.get(bundleFileNames.evaluation)!;
  const report = JSON.parse(new TextDecoder().decode(bytes)) as Partial<EvaluationReport>;
  if (typeof report.heldOut?.macroAuroc === "number" && typeof report.heldOut.detected?.right === "number") {
    return report.heldOut;
  }
  throw new AuroraError(
    "BUNDLE_FORMAT",
    `${config.name}: evaluation.json states no figure of held-out bearings`,
    {
      op: "evaluate bundle",
      subject: bundleFileNames.evaluation,
      hint: "train the bundle again",
    },
  );
}
