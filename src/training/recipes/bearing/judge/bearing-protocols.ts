/** How a bearing bundle is judged again: this very model on its held-out bearings, or its recipe on published splits. */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../../../core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { readEvaluationOf } from "../../../gate/bundled-files.ts";
import { runStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { readBundleSignals } from "../learn/bundle-signals.ts";
import { fingerprintCwru } from "../learn/cwru-rows.ts";
import { sayTrial } from "../learn/try-terms.ts";
import type { BearingEvaluation } from "./bearing-evaluation.ts";
import { runCwruProtocol } from "./cwru-protocol.ts";
import { evaluateHeldOut } from "./evaluate-held-out.ts";

/** Names of the protocols. */
export const bearingProtocols = ["held-out", "cwru-100", "cwru-tuning"] as const;

/** Macro AUROC that int8 students must reach on the 100 published splits, and by how much they must beat the physics score. */
const requiredMacroAuroc = 0.938;
/** See {@link requiredMacroAuroc}. */
const requiredGainOverPhysics = 0.01;
/** How far a figure may fall below the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-9;

/** Runs one of {@link bearingProtocols}. Fails with BUNDLE_FORMAT, DATA_MISSING, DATA_FORMAT or TRAINING. */
export function runBearingProtocol(
  protocol: string,
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  return protocol === "held-out"
    ? evaluateOwnFigures(bundle, config, context)
    : evaluateRecipe(bundle, config, protocol === "cwru-100" ? "cwru-100" : "cwru-tuning", context);
}

async function evaluateOwnFigures(
  bundle: Bundle,
  config: BearingConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { manifest } = bundle;
  const lineage = manifest.lineage.data[0]!;
  const signals = await readBundleSignals(bundle, config, context);
  const student = {
    scaler: manifest.scaler,
    quantised: decodeStudent(bundle.files.get(bundleFileNames.model)!),
  };
  const heldOut = evaluateHeldOut(
    signals.heldOut,
    manifest.outputs.map((output) => output.failureMode),
    (features, rows) => runStudent(student, features, rows),
    manifest.calibration,
    manifest.thresholds,
  );
  const claimed = readBearingClaim(bundle, config).heldOut;
  const sameData = (await fingerprintCwru(context.dataDir)) === lineage.sha256;
  if (!sameData)
    context.log("the data files are not those that the bundle was made from: figures may differ");
  const passed =
    heldOut.macroAuroc >= claimed.macroAuroc - tolerance && heldOut.detected.right >= claimed.detected.right;
  return {
    json: { sameData, metrics: { heldOut }, claimed: claimed.macroAuroc },
    lines: [
      `macro AUROC on held-out bearings ${heldOut.macroAuroc.toFixed(4)} (the bundle states ${claimed.macroAuroc.toFixed(4)})`,
      `right mode raised on ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings, nothing on ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones`,
    ],
    passed,
  };
}

async function evaluateRecipe(
  bundle: Bundle,
  config: BearingConfig,
  protocol: "cwru-100" | "cwru-tuning",
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const result = await runCwruProtocol(config, protocol, context);
  const { int8, float, teacher, logistic, physics, gainOverPhysics, ...rest } = result;
  const passed =
    protocol !== "cwru-100" ||
    (int8.value >= requiredMacroAuroc &&
      (gainOverPhysics === null || gainOverPhysics.mean >= requiredGainOverPhysics));
  const line = (name: string, spread: { readonly value: number; readonly sd: number } | null): string =>
    spread === null ? `${name}: none` : `${name}: ${spread.value.toFixed(4)} ± ${spread.sd.toFixed(4)}`;
  return {
    json: {
      metrics: {
        macroAuroc: int8,
        float,
        teacher,
        logistic,
        physics,
        gainOverPhysics,
        // What the bundle itself states of its own held-out bearings; recomputed by the protocol held-out.
        heldOut: readBearingClaim(bundle, config).heldOut,
      },
      ...rest,
    },
    lines: [
      `macro AUROC over ${rest.splits} bearing-wise splits, mean ± standard deviation`,
      line("int8 student", int8),
      line("float student", float),
      line("teacher", teacher),
      line("tied logistic", logistic),
      line("physics score", physics),
      ...(rest.trials ?? []).map(sayTrial),
    ],
    passed,
  };
}

/** What the bundle states of itself. Fails with BUNDLE_FORMAT. */
export function readBearingClaim(bundle: Bundle, config: BearingConfig): BearingEvaluation {
  const report = readEvaluationOf(bundle) as Partial<BearingEvaluation>;
  const { heldOut, parity, findings } = report;
  if (
    typeof heldOut?.macroAuroc === "number" &&
    typeof heldOut.detected?.right === "number" &&
    typeof parity?.floatMacroAuroc === "number" &&
    typeof parity.floatDetected === "number" &&
    Array.isArray(findings)
  ) {
    return report as BearingEvaluation;
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
