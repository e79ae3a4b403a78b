/**
 * Chain `band-level`: how strong the signal is in one band of fixed frequencies, in dB. Needs no shaft orders and no
 * long window: a twentieth of a second says something. Absolute by nature: for comparison with a baseline of the same
 * sensor, never for a student's input. Holds two filters' state and three sums a band; all bands of a spec are filtered
 * together, two at a time.
 */
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import type { SampleRun } from "../contract/stream.ts";
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
import type { BoundChain, ChainWithFeatures, WaveformContext } from "./chain.ts";
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
/** Sampling rates whose filters are kept. */
const maxDesigns = 64;

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
}

/** A feature: which band, and what of its sums. */
interface BandFeature {
  readonly band: number;
  readonly operator: (sums: BandSums) => number;
}

/** The filters of all bands at one sampling rate. */
interface BandDesign {
  readonly sampleRateHz: number;
  /** One behind the other, without state or sums. */
  readonly pairs: Float64Array;
  readonly places: readonly (PlacedBand | null)[];
}

/** Where a band's filters run; null: the sampling rate does not hold it. */
interface PlacedBand extends Pick<BandPlace, "side"> {
  readonly pair: number;
  /** Samples until the filters have settled; what came before is not summed up. */
  readonly settling: number;
}

/** What all streams share. */
interface BandPlan {
  readonly features: readonly BandFeature[];
  readonly designFor: (sampleRateHz: number) => BandDesign;
}

/**
 * Binds all chains of this kind; features count from the first chain's to the last one's.
 * @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown operator or a wrong parameter.
 */
export function bindBandLevelChains(bound: readonly ChainWithFeatures[]): () => BoundChain {
  const bands = bound.map(({ chain }) => readBand(chain));
  const features = bound.flatMap((each, band) =>
    each.features.map((feature) => ({ band, operator: findOperator(feature) })),
  );
  const designs = new Map<number, BandDesign>();
  const designFor = (sampleRateHz: number): BandDesign => {
    let design = designs.get(sampleRateHz);
    if (design === undefined) {
      // Devices may say any rate: what is kept of them is bounded.
      if (designs.size >= maxDesigns) designs.clear();
      design = designBands(bands, sampleRateHz);
      designs.set(sampleRateHz, design);
    }
    return design;
  };
  return () => new BandLevels({ features, designFor });
}

class BandLevels implements BoundChain {
  readonly #plan: BandPlan;
  readonly #kernel = shareBandKernel();
  #design: BandDesign | null = null;
  #pairs: readonly Float64Array[] = [];
  #first = Number.NaN;
  /** Samples of this window so far. */
  #taken = 0;

  constructor(plan: BandPlan) {
    this.#plan = plan;
  }

  begin({ sampleRateHz }: WaveformContext): void {
    if (this.#design?.sampleRateHz !== sampleRateHz) {
      this.#design = this.#plan.designFor(sampleRateHz);
      this.#pairs = splitPairs(this.#design.pairs.slice());
    }
    for (const pair of this.#pairs) resetBandPair(pair);
    this.#taken = 0;
    this.#first = Number.NaN;
  }

  push({ counts, from, to, scale }: SampleRun): void {
    const pairs = this.#pairs;
    if (pairs.length === 0 || to <= from) return;
    // From the first sample's level on, so that a constant offset does not ring.
    if (Number.isNaN(this.#first)) this.#first = counts[from]! * scale;
    const level = this.#first;
    const kernel = this.#kernel;
    for (let next = from; next < to; ) {
      const taken = this.#taken;
      const samples = this.#settle(taken + Math.min(to - next, bandKernelSamples)) - taken;
      const isWhole = next === 0 && samples === counts.length;
      kernel.fill(isWhole ? counts : counts.subarray(next, next + samples), scale, level);
      for (let index = 0; index < pairs.length; index++) kernel.run(pairs[index]!, samples);
      next += samples;
      this.#taken = taken + samples;
    }
  }

  finish(): void {}

  /** A dead signal has no level: −∞ and 0/0 both say nothing. */
  evaluate(index: number): number {
    const { band, operator } = this.#plan.features[index]!;
    const place = this.#design?.places[band] ?? null;
    if (place === null || this.#taken - place.settling < minSamples) return Number.NaN;
    const pair = this.#pairs[place.pair]!;
    const { s2, s4, peak } = bandSums;
    const value = operator({
      count: this.#taken - place.settling,
      s2: pair[s2 + place.side]!,
      s4: pair[s4 + place.side]!,
      peak: pair[peak + place.side]!,
    });
    return Number.isFinite(value) ? value : Number.NaN;
  }

  /** Where the next filters have settled, at most `end`; what those of now summed up so far is forgotten. */
  #settle(end: number): number {
    const taken = this.#taken;
    let next = end;
    for (const place of this.#design!.places) {
      if (place === null || place.settling < taken) continue;
      if (place.settling > taken) {
        next = Math.min(next, place.settling);
        continue;
      }
      const pair = this.#pairs[place.pair]!;
      for (const sum of Object.values(bandSums)) pair[sum + place.side] = 0;
    }
    return next;
  }
}

/** Views of pairs that lie one behind the other. */
function splitPairs(pairs: Float64Array): Float64Array[] {
  return Array.from({ length: pairs.length / bandPairDoubles }, (_, index) =>
    pairs.subarray(index * bandPairDoubles, (index + 1) * bandPairDoubles),
  );
}

/** Designs the filters of those bands that the rate holds. */
function designBands(bands: readonly Band[], sampleRateHz: number): BandDesign {
  const heard = bands.filter((band) => band.toHz <= highestShare * sampleRateHz);
  const pairs = new Float64Array(bandPairDoubles * Math.ceil(heard.length / 2));
  const views = splitPairs(pairs);
  const places = bands.map((band): PlacedBand | null => {
    const at = heard.indexOf(band);
    if (at < 0) return null;
    const high = designButterworth("highpass", band.fromHz, sampleRateHz);
    const low = designButterworth("lowpass", band.toHz, sampleRateHz);
    const side = at & 1 ? 1 : 0;
    fillBandPair({ pair: views[at >> 1]!, side }, high, low);
    // One period of the lower edge: by then the high-pass has forgotten how the window began.
    return { pair: at >> 1, side, settling: Math.ceil(sampleRateHz / band.fromHz) };
  });
  return { sampleRateHz, pairs, places };
}

function readBand(chain: ChainSpec): Band {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const fromHz = params.number("fromHz", 1, 1e5);
  const toHz = params.number("toHz", 1, 1e5);
  params.done();
  if (fromHz >= toHz) throw refuse(subject, `the band from ${fromHz} to ${toHz} Hz is empty`);
  return { fromHz, toHz };
}

function findOperator(feature: FeatureDeclaration): (sums: BandSums) => number {
  createParamsReader(feature.params, `feature ${feature.name}`).done();
  const operator = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
  if (operator === undefined) {
    throw refuse(`feature ${feature.name}`, `chain kind band-level has no operator "${feature.operator}"`);
  }
  return operator;
}
