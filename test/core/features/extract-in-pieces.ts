import type { BearingOrders } from "../../../src/core/contract/bundle/bearing.ts";
import type { FeatureSpec } from "../../../src/core/contract/bundle/feature-spec.ts";
import { createWaveformExtractor } from "../../../src/core/features/waveform-extractor.ts";

/** A window as an extractor gets it. */
export interface WindowInPieces {
  readonly spec: FeatureSpec;
  readonly bearing: BearingOrders;
  readonly counts: Int16Array;
  readonly sampleRateHz: number;
  readonly shaftRpm: number;
  readonly scale: number;
  /** Where the counts are cut; anywhere and in any order. */
  readonly splits?: readonly number[];
}

/** The features of a window that comes in pieces. */
export function extractInPieces(window: WindowInPieces): Float32Array {
  const { spec, bearing, counts, sampleRateHz, shaftRpm, scale, splits = [] } = window;
  const extractor = createWaveformExtractor(spec);
  extractor.begin({ sampleRateHz, bearing, shaftRpm });
  let from = 0;
  for (const split of [...splits].sort((a, b) => a - b)) {
    extractor.push({ counts, from, to: split, scale, shaftRpm });
    from = split;
  }
  extractor.push({ counts, from, to: counts.length, scale, shaftRpm });
  const out = new Float32Array(spec.list.length);
  extractor.finish(out, 0);
  return out;
}
