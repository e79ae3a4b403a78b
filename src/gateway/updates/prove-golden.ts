/**
 * Runs the golden cases of a bundle with the code and the engine that would serve. Features of a raw window must agree
 * within a tolerance; from the expected features on, standardised values, outputs and shares must agree to the bit.
 */
import type { Golden, GoldenCase } from "../../core/bundle/golden.ts";
import { explainStandardised, type LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { ProofReport } from "./proof-message.ts";
import { createFeatureProof, type FeatureProof } from "./prove-features.ts";

/** Runs all cases; the report's detail names the first difference. */
export async function proveGolden(bundle: LoadedBundle, golden: Golden): Promise<ProofReport> {
  let failed = 0;
  let detail = "";
  const featureProof = createFeatureProof(bundle.manifest.features);
  for (const [index, one] of golden.cases.entries()) {
    const difference = await findDifference(bundle, golden, one, featureProof);
    if (difference === null) continue;
    failed++;
    if (detail === "") detail = `case ${index} (${one.kind}): ${difference}`;
  }
  const cases = golden.cases.length;
  const windows = golden.cases.filter(({ kind }) => kind === "window").length;
  const success = `${cases} cases agree to the bit, the features of ${windows} windows to ${featureProof.largestDeviation.toExponential(1)}`;
  return {
    formatVersion: 1,
    ok: failed === 0 && cases > 0,
    digest: bundle.ref.digest,
    engine: bundle.engine.kind,
    cases,
    failed,
    detail: detail === "" ? success : detail,
  };
}

async function findDifference(
  bundle: LoadedBundle,
  golden: Golden,
  one: GoldenCase,
  featureProof: FeatureProof,
): Promise<string | null> {
  const { engine, manifest } = bundle;
  if (golden.features !== engine.inputs || golden.outputs !== engine.outputs) {
    return `${golden.features} features and ${golden.outputs} outputs, the student has ${engine.inputs} and ${engine.outputs}`;
  }
  if (one.kind === "window") {
    const difference = featureProof.findDifference(one);
    if (difference !== null) return difference;
    const at = firstDifference(bundle.standardised(one.features), one.standardised);
    if (at >= 0) return `standardised feature ${manifest.features.list[at]?.name ?? at} differs`;
  }
  const at = firstDifference(await engine.run(one.standardised, 1), one.logits);
  if (at >= 0) return `output ${manifest.outputs[at]?.failureMode ?? at} differs`;
  if (golden.groups === 0) return null;
  const explanations = await explainStandardised(bundle, one.standardised);
  const shares = Float32Array.from(explanations.flatMap((each) => each.groups.map((group) => group.share)));
  const share = firstDifference(shares, one.shares);
  return share < 0
    ? null
    : `share ${share % golden.groups} of output ${Math.floor(share / golden.groups)} differs`;
}

/** Index of the first value that is not the same to the bit, −1 when all are. */
function firstDifference(actual: Float32Array | Uint8Array, expected: Float32Array | Uint8Array): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let index = 0; index < expected.length; index++) {
    if (!Object.is(actual[index], expected[index])) return index;
  }
  return -1;
}
