/** Computes the features of golden windows as serving does, the windower left out, and compares them. */
import type { GoldenWindowCase } from "../../core/bundle/golden.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import { createWaveformExtractor, type WaveformExtractor } from "../../core/features/waveform-extractor.ts";

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

/** Compares window after window. */
export interface FeatureProof {
  /** What differs first, or null. */
  findDifference(one: GoldenWindowCase): string | null;
  /** Largest distance of any feature so far. */
  readonly largestDeviation: number;
}

/** Creates the proof of `spec`'s features on this machine. */
export function createFeatureProof(spec: FeatureSpec): FeatureProof {
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
        extractor.push(counts, 0, counts.length, scale, shaftRpm);
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
