/** The gate: every question that a bundle must answer before it is let out, in one list. Refuses; never repairs. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { type Lineage, ungatedWords } from "../../core/contract/bundle/lineage.ts";
import type { Figure } from "../judge/figure.ts";
import { checkLatency, checkSize } from "./budget-checks.ts";
import {
  checkAdditivity,
  checkBackground,
  checkDeviceModel,
  checkDriftReference,
  checkForm,
  findSharedGroups,
} from "./bundle-checks.ts";
import { type GateCheck, skip } from "./gate-check.ts";
import {
  checkBaselines,
  checkCalibration,
  checkData,
  checkEvidence,
  checkLeakage,
  checkParity,
  checkStatedFigures,
} from "./judged-checks.ts";
import type { Judgement } from "./judgement.ts";
import { checkDecisions, checkSlices } from "./rival-checks.ts";

export interface GateResult {
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
  /** As the bundle was judged now. */
  readonly metrics: Readonly<Record<string, Figure>>;
  /** Fingerprints of the data that it was judged on. */
  readonly data: Readonly<Record<string, string>>;
}

/** A bundle with what its recipe said of it when it judged it anew. */
export interface JudgedBundle {
  readonly bundle: Bundle;
  readonly judgement: Judgement;
}

/**
 * Asks everything about `subject`. `against` is the active model, or null; `rebuild` the answer of whoever made the bundle
 * once more, or why nobody did.
 */
export async function runGate(
  { bundle, judgement }: JudgedBundle,
  against: JudgedBundle | null,
  rebuild: GateCheck,
): Promise<GateResult> {
  const activeBundle = against?.bundle ?? null;
  const activeJudgement = against?.judgement ?? null;
  const { lineage } = bundle.manifest;
  const { parent } = judgement;
  // A parent's own cases are others than those of the machines that the new model was tuned on.
  const isParent = parent !== undefined && (against === null || activeBundle?.digest === parent.digest);
  const rival = isParent ? parent : activeJudgement;
  const checks = [
    checkForm(bundle),
    checkLeakage(addLineage(judgement, lineage)),
    checkData(judgement, lineage),
    checkStatedFigures(bundle, judgement),
    ...checkEvidence(judgement),
    checkBaselines(judgement),
    checkSlices(judgement, rival, lineage.seed),
    checkDecisions(judgement, rival),
    checkCalibration(judgement, activeJudgement),
    checkParity(judgement),
    checkAdditivity(bundle),
    checkBackground(bundle),
    checkDeviceModel(bundle),
    checkSize(bundle, activeBundle),
    await checkLatency(bundle, activeBundle),
    checkDriftReference(bundle, activeBundle),
    rebuild,
    ...(lineage.ungated === true ? [skip("gate-at-training", ungatedWords)] : []),
    ...(judgement.unasked ?? []).map(({ name, words }) => skip(name, words)),
  ];
  return {
    passed: checks.every(({ outcome }) => outcome !== "failed"),
    checks,
    metrics: judgement.metrics,
    data: judgement.fingerprints,
  };
}

/** What the manifest itself says of both sides is looked at always. */
function addLineage(judgement: Judgement, lineage: Lineage): Judgement {
  const shared = findSharedGroups(lineage);
  return { ...judgement, leakage: [{ by: "group of the lineage", shared }, ...judgement.leakage] };
}
