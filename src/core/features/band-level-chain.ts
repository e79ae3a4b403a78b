/**
 * Chain `band-level`: how strong the signal is in one band of fixed frequencies, in dB. Needs no shaft orders and no
 * long window: a twentieth of a second says something. Absolute by nature: for comparison with a baseline of the same
 * sensor, never for a student's input. Holds two filters' state and three sums a band; all bands of a spec are filtered
 * together, two at a time.
 */
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import {
  type BandPlace,
  bandKernelSamples,
  bandPairDoubles,
  bandSums,
  fillBandPair,
  resetBandPair,
  shareBandKernel,
} from "../maths/band-kernel.ts";
import { designButterworth } from "../maths/filter-design.ts";
import type { BoundChain, ChainWithFeatures } from "./chain.ts";
import { createParamsReader, refuse } from "./read-params.ts";

/** Sums of the filtered signal. */
interface BandSums {
  readonly count: number;
  readonly s2: number;
  readonly s4: number;
  readonly peak: number;
}

/** A band whose upper edge lies above this share of the sampling rate is not heard whole. */
const highestShare = 0.45;
/** Filtered samples that must be left after the filters have settled. */
const minSamples = 64;

const operators: Readonly<Record<string, (sums: BandSums) => number>> = {
  "rms-db": ({ s2, count }) => 10 * Math.log10(s2 / count),
  "peak-db": ({ peak }) => 20 * Math.log10(peak),
  // 0 dB: Gaussian noise. Rises with impacts, whatever the level.
  "kurtosis-db": ({ s2, s4, count }) => 10 * Math.log10((s4 * count) / (3 * s2 * s2)),
};

/** One band of the spec. */
interface Band {
  readonly fromHz: number;
  readonly toHz: number;
  /** Samples until the filters have settled; what came before is not summed up. */
  settling: number;
  /** Where its filters run, null: the sampling rate does not hold it. */
  place: BandPlace | null;
}

/**
 * Binds all chains of this kind; features count from the first chain's to the last one's.
 * @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown operator or a wrong parameter.
 */
export function bindBandLevelChains(bound: readonly ChainWithFeatures[]): BoundChain {
  const bands = bound.map(({ chain }) => readBand(chain));
  const evaluators = bound.flatMap(({ features }, at) =>
    features.map((feature) => ({ band: bands[at]!, operator: findOperator(feature) })),
  );
  const kernel = shareBandKernel();
  let pairs: Float64Array[] = [];
  let designedHz = 0;
  let first = Number.NaN;
  /** Samples of this window so far. */
  let taken = 0;

  /** Where the next filters have settled, at most `end`; what those of `taken` summed up until now is forgotten. */
  const settle = (end: number): number => {
    let next = end;
    for (const { settling, place } of bands) {
      if (place === null || settling < taken) continue;
      if (settling > taken) {
        next = Math.min(next, settling);
        continue;
      }
      for (const sum of Object.values(bandSums)) place.pair[sum + place.side] = 0;
    }
    return next;
  };

  return {
    begin: ({ sampleRateHz }) => {
      if (designedHz !== sampleRateHz) pairs = designBands(bands, sampleRateHz);
      designedHz = sampleRateHz;
      for (const pair of pairs) resetBandPair(pair);
      taken = 0;
      first = Number.NaN;
    },
    push: ({ counts, from, to, scale }) => {
      if (pairs.length === 0 || to <= from) return;
      // From the first sample's level on, so that a constant offset does not ring.
      if (Number.isNaN(first)) first = counts[from]! * scale;
      const level = first;
      for (let next = from; next < to; ) {
        const samples = settle(taken + Math.min(to - next, bandKernelSamples)) - taken;
        const isWhole = next === 0 && samples === counts.length;
        kernel.fill(isWhole ? counts : counts.subarray(next, next + samples), scale, level);
        for (let index = 0; index < pairs.length; index++) kernel.run(pairs[index]!, samples);
        next += samples;
        taken += samples;
      }
    },
    finish: () => {},
    // A dead signal has no level: −∞ and 0/0 both say nothing.
    evaluate: (index) => {
      const { band, operator } = evaluators[index]!;
      const { place, settling } = band;
      if (place === null || taken - settling < minSamples) return Number.NaN;
      const sumOf = (sum: number): number => place.pair[sum + place.side]!;
      const value = operator({
        count: taken - settling,
        s2: sumOf(bandSums.s2),
        s4: sumOf(bandSums.s4),
        peak: sumOf(bandSums.peak),
      });
      return Number.isFinite(value) ? value : Number.NaN;
    },
  };
}

/** Designs the filters of those bands that the rate holds: their pairs, of which each band learns its place. */
function designBands(bands: readonly Band[], sampleRateHz: number): Float64Array[] {
  const heard = bands.filter((band) => band.toHz <= highestShare * sampleRateHz);
  const pairs = Array.from({ length: Math.ceil(heard.length / 2) }, () => new Float64Array(bandPairDoubles));
  for (const band of bands) {
    const at = heard.indexOf(band);
    band.place = at < 0 ? null : { pair: pairs[at >> 1]!, side: at & 1 ? 1 : 0 };
    // One period of the lower edge: by then the high-pass has forgotten how the window began.
    band.settling = Math.ceil(sampleRateHz / band.fromHz);
    if (band.place === null) continue;
    const high = designButterworth("highpass", band.fromHz, sampleRateHz);
    const low = designButterworth("lowpass", band.toHz, sampleRateHz);
    fillBandPair(band.place, high, low);
  }
  return pairs;
}

function readBand(chain: ChainSpec): Band {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const fromHz = params.number("fromHz", 1, 1e5);
  const toHz = params.number("toHz", 1, 1e5);
  params.done();
  if (fromHz >= toHz) throw refuse(subject, `the band from ${fromHz} to ${toHz} Hz is empty`);
  return { fromHz, toHz, settling: 0, place: null };
}

function findOperator(feature: FeatureDeclaration): (sums: BandSums) => number {
  createParamsReader(feature.params, `feature ${feature.name}`).done();
  const operator = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
  if (operator === undefined) {
    throw refuse(`feature ${feature.name}`, `chain kind band-level has no operator "${feature.operator}"`);
  }
  return operator;
}
