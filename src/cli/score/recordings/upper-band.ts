/**
 * A second look at a fast recording: the band above the one that the bundle's features hear. They decimate to 12 to
 * 24 kHz, and a machine whose housing rings above 5 kHz says nothing there. Mixed with a carrier, the band above comes
 * to lie where the features listen; being free of level and of resonance, they mean the same. Only for files: rows'
 * integers stay those of the gateway, which has the lower band alone (src/adr/0028).
 */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { SampleBlock } from "../../../core/contract/stream.ts";
import { analysisRateHz } from "../../../core/features/envelope-order-chain.ts";

/**
 * The carrier over the analysis rate: twice the end of what the decimator lets through, so that the lower band leaves
 * no trace, and what lies up to as far above the carrier folds upon what lies below.
 */
const carrier = { numerator: 17, denominator: 20 } as const;

/** Turns a block into one of the band above; the counts are valid until the next call. */
export type BandShifter = (block: SampleBlock) => SampleBlock;

/** Creates a shifter for recordings of `rateHz`; null where the bundle's features hear them whole. */
export function createUpperBandShifter({ features }: Manifest, rateHz: number): BandShifter | null {
  const factor = Math.floor(rateHz / analysisRateHz);
  if (factor < 2 || !features.chains.some(({ kind }) => kind === "envelope-order")) return null;
  // A whole number of the carrier's turns takes so many samples: no phase ever drifts.
  const period = carrier.denominator * factor;
  const cosines = Float64Array.from({ length: period }, (_, index) =>
    Math.cos((2 * Math.PI * carrier.numerator * index) / period),
  );
  let shifted = new Int16Array(0);
  return (block) => {
    const { counts, firstSample } = block;
    if (shifted.length < counts.length) shifted = new Int16Array(counts.length);
    for (let index = 0, at = firstSample % period; index < counts.length; index++) {
      shifted[index] = Math.round(counts[index]! * cosines[at]!);
      if (++at === period) at = 0;
    }
    return { ...block, counts: shifted.subarray(0, counts.length) };
  };
}

/**
 * Two looks at the same thing as one logit: 2 · ln of the mean of e^(logit / 2), above their mean and below the higher. A
 * fault may be heard in one band alone, and then counts nearly as that band says; what a healthy machine's noise
 * happens to do in either counts for less than the higher of two would.
 */
export function joinLogits(lower: number, upper: number): number {
  const high = Math.max(lower, upper);
  return high + 2 * Math.log((Math.exp((lower - high) / 2) + Math.exp((upper - high) / 2)) / 2);
}
