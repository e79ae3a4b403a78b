/**
 * Runs the golden cases of a bundle with the code and the engine that would serve. Features of a raw window must agree
 * within a tolerance; from the expected features on, standardised values, outputs and shares must agree to the bit.
 */
import type { Golden, GoldenCase, GoldenWindowCase } from "../../core/bundle/golden.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import { createWaveformExtractor, type WaveformExtractor } from "../../core/features/waveform-extractor.ts";
import { explainStandardised, type LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { ProofReport } from "./proof-message.ts";

/**
 * How far a feature may lie from what the bundle's maker computed. ECMAScript leaves the last digits of Math.sin,
 * Math.log and their like to the engine, and another processor may fuse multiplications, so features cannot be
 * demanded to the bit. Relative errors of 2e-8 in these functions move a log-SNR by about 2e-7; 1e-4 leaves room, and
 * is less than a hundredth of an input step of the shipped student. A window without its last 100 samples moves one
 * by 0.01 and more. Measured in ADR 13.
 */
export const featureTolerance = 1e-4;
/** Features that are no logarithms may be large: there, float32 itself is coarser than {@link featureTolerance}. */
const relativeTolerance = 1e-6;

/** Runs all cases; the report's detail names the first difference. */
export async function proveGolden(bundle: LoadedBundle, golden: Golden): Promise<ProofReport> {
  let failed = 0;
  let detail = "";
  const featureProof = createFeatureProof(bundle.manifest.features);
  for (const [index, one] of golden.cases.entries()) {
    const difference = await findDifference({ bundle, golden, featureProof }, one);
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

interface GoldenProof {
  readonly bundle: LoadedBundle;
  readonly golden: Golden;
  readonly featureProof: FeatureProof;
}

async function findDifference(
  { bundle, golden, featureProof }: GoldenProof,
  one: GoldenCase,
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

interface FeatureProof {
  /** What differs first, or null. */
  findDifference(one: GoldenWindowCase): string | null;
  /** Largest distance of any feature so far. */
  readonly largestDeviation: number;
}

/** Creates the proof of `spec`'s features on this machine. */
function createFeatureProof(spec: FeatureSpec): FeatureProof {
  let extractor: WaveformExtractor | null = null;
  let largestDeviation = 0;
  return {
    get largestDeviation() {
      return largestDeviation;
    },
    findDifference: (one) => {
      const features = new Float32Array(spec.list.length);
      const { counts, scale, shaftRpm, sampleRateHz, bearing } = one.window;
      try {
        // Not before there is a window: a model of scalar readings has none, and its chains are not for waveforms.
        extractor ??= createWaveformExtractor(spec);
        extractor.begin({ sampleRateHz, bearing, shaftRpm });
        extractor.push({ counts, from: 0, to: counts.length, scale, shaftRpm });
        extractor.finish(features, 0);
      } catch (error) {
        return `its features cannot be computed: ${error instanceof Error ? error.message : String(error)}`;
      }
      for (const [index, expected] of one.features.entries()) {
        const actual = features[index]!;
        const deviation = Math.abs(actual - expected);
        if (deviation > largestDeviation) largestDeviation = deviation;
        // Written so that NaN is a difference.
        if (!(deviation <= Math.max(featureTolerance, relativeTolerance * Math.abs(expected)))) {
          return `feature ${spec.list[index]?.name ?? index} is ${actual}, expected ${expected}`;
        }
      }
      return null;
    },
  };
}
