/** The gate: every question that a bundle must answer before it is let out, in one list. Refuses; never repairs. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { Figure } from "../judge/figure.ts";
import type { EvaluationContext, OpenRecipe } from "../recipe.ts";
import {
  checkAdditivity,
  checkDriftReference,
  checkForm,
  checkSize,
  findSharedGroups,
} from "./bundle-checks.ts";
import { checkDeviceModel } from "./device-model-check.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";
import {
  checkBaselines,
  checkCalibration,
  checkData,
  checkDecisions,
  checkLeakage,
  checkParity,
  checkSlices,
} from "./judged-checks.ts";
import type { Judgement } from "./judgement.ts";
import { checkLatency } from "./latency-check.ts";
import { checkStatedFigures, readStatedMetrics } from "./stated-figures.ts";

/** What the gate found. */
export interface GateResult {
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
  /** As the bundle was judged now; those that it states where its recipe cannot judge. */
  readonly metrics: Readonly<Record<string, Figure>>;
  /** Fingerprints of the data that it was judged on. */
  readonly data: Readonly<Record<string, string>>;
}

/** What the gate looks at. */
export interface GateSubject {
  readonly bundle: Bundle;
  readonly recipe: OpenRecipe;
  /** The active model, and the recipe that made it. */
  readonly against: { readonly bundle: Bundle; readonly recipe: OpenRecipe } | null;
  /** Makes the bundle once more; null = not now, and why. */
  readonly rebuild: (() => Promise<GateCheck>) | { readonly notNow: string };
}

/** Asks everything. Fails with DATA_MISSING or DATA_FORMAT when the held-out data are not there. */
export async function runGate(subject: GateSubject, context: EvaluationContext): Promise<GateResult> {
  const { bundle, recipe, against, rebuild } = subject;
  const form = checkForm(bundle);
  const judgement = await recipe.judge(bundle, context);
  const other = against === null ? null : await against.recipe.judge(against.bundle, context);
  const seed = bundle.manifest.lineage.seed;
  const judged: GateCheck[] =
    judgement === null
      ? [
          checkLineageAlone(bundle),
          ...["data", "stated-figures", "baselines", "slices", "decisions", "calibration", "tail-parity"].map(
            (name) => skip(name, "this recipe's protocols judge it (aurora evaluate --protocol)"),
          ),
        ]
      : [
          checkLeakage(addLineage(judgement, bundle)),
          checkData(judgement, bundle.manifest.lineage),
          checkStatedFigures(bundle, judgement),
          checkBaselines(judgement),
          checkSlices(judgement, other, seed),
          checkDecisions(judgement, other),
          checkCalibration(judgement, other),
          checkParity(judgement),
        ];
  const checks = [
    form,
    ...judged,
    checkAdditivity(bundle),
    checkDeviceModel(bundle),
    checkSize(bundle, against?.bundle ?? null),
    await checkLatency(bundle, against?.bundle ?? null),
    checkDriftReference(bundle, against?.bundle ?? null),
    typeof rebuild === "function" ? await rebuild() : skip("reproducible-rebuild", rebuild.notNow),
  ];
  return {
    passed: checks.every(({ outcome }) => outcome !== "failed"),
    checks,
    metrics: judgement?.metrics ?? readStatedMetrics(bundle),
    data: judgement?.fingerprints ?? {},
  };
}

/** What the manifest itself says of both sides is looked at always. */
function addLineage(judgement: Judgement, bundle: Bundle): Judgement {
  const shared = findSharedGroups(bundle.manifest.lineage);
  return { ...judgement, leakage: [{ by: "group of the lineage", shared }, ...judgement.leakage] };
}

function checkLineageAlone(bundle: Bundle): GateCheck {
  const shared = findSharedGroups(bundle.manifest.lineage);
  return answer(
    "leakage",
    shared.length === 0,
    { shared, checkedBy: ["group of the lineage"] },
    { shared: [] },
    shared.length === 0 ? "training and held-out groups are apart" : `both sides have ${shared.join(", ")}`,
  );
}
