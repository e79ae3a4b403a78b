/**
 * Chain `band-level`: how strong the signal is in one band of fixed frequencies, in dB. Needs no shaft orders and no
 * long window: a twentieth of a second says something. Absolute by nature: for comparison with a baseline of the same
 * sensor, never for a student's input. Holds two filters' state and two sums a band; all bands of a spec are filtered
 * together, two at a time.
 */

import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import type { SampleRun } from "../contract/stream.ts";
import {
  type BandKernel,
  type BandPlace,
  type BandSum,
  bandKernelSamples,
  bandSums,
  createBandBank,
  fillBand,
  locateBandValue,
  resetBandBank,
} from "../maths/band-kernel.ts";
import { shareBandKernel } from "../maths/band-vectors.ts";
import { designButterworth } from "../maths/filter-design.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { makeDoubles } from "../maths/shared-room.ts";
import type { BoundChain, ChainWithFeatures, WaveformContext } from "./chain.ts";
import { createParamsReader, refuse, refuseOperator } from "./read-params.ts";

/** Sums of the filtered signal, of how many samples, and how much smaller the band's signal is than what was summed up. */
interface BandSums extends Readonly<Record<BandSum, number>> {
  readonly count: number;
  readonly gain: number;
}

/** What a feature is computed from, and how. */
interface BandOperator {
  readonly reads: readonly BandSum[];
  compute(sums: BandSums): number;
}

/** A band whose upper edge lies above this share of the sampling rate is not heard whole. */
const highestShare = 0.45;
/** Filtered samples that must be left after the filters have settled. */
const minSamples = 64;
/** Sampling rates whose filters are kept. */
const maxDesigns = 64;

const operators: Readonly<Record<string, BandOperator>> = {
  "rms-db": {
    reads: ["s2"],
    compute: ({ s2, count, gain }) => 10 * Math.log10((gain * gain * s2) / count),
  },
  "peak-db": { reads: ["peak"], compute: ({ peak, gain }) => 20 * Math.log10(gain * peak) },
};

/** One band of the spec. */
interface Band {
  readonly fromHz: number;
  readonly toHz: number;
  /** What its features are computed from. */
  readonly reads: readonly BandSum[];
}

/** A feature: which band, and what of its sums. */
interface BandFeature {
  readonly band: number;
  readonly operator: BandOperator;
}

/** The filters of all bands at one sampling rate. */
interface BandDesign {
  readonly sampleRateHz: number;
  /** Without state or sums. */
  readonly bank: Float64Array;
  readonly kernel: BandKernel;
  readonly places: readonly (PlacedBand | null)[];
}

/** What a window summed up, and of how many samples. */
interface SummedUp {
  readonly bank: Float64Array;
  readonly taken: number;
}

/** Where a band's filters run; null: the sampling rate does not hold it. */
interface PlacedBand extends Pick<BandPlace, "index"> {
  /** Samples until the filters have settled; what came before is not summed up. */
  readonly settling: number;
  /** Of both its sections. */
  readonly gain: number;
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
  const operatorsOf = bound.map((each) => each.features.map(findOperator));
  const features = operatorsOf.flatMap((own, band) => own.map((operator) => ({ band, operator })));
  const bands = bound.map(({ chain }, band) =>
    readBand(
      chain,
      operatorsOf[band]!.flatMap(({ reads }) => reads),
    ),
  );
  const designs = new Map<number, BandDesign>();
  const designFor = (sampleRateHz: number): BandDesign =>
    findOrMake(designs, sampleRateHz, () => {
      // Devices may say any rate: what is kept of them is bounded.
      if (designs.size >= maxDesigns) designs.clear();
      return designBands(bands, sampleRateHz);
    });
  return () => new BandLevels({ features, designFor });
}

class BandLevels implements BoundChain {
  readonly #plan: BandPlan;
  #design: BandDesign | null = null;
  #bank: Float64Array = new Float64Array(0);
  #first = Number.NaN;
  /** Samples of this window so far. */
  #taken = 0;
  readonly #pieces: SummedUp[] = [];

  constructor(plan: BandPlan) {
    this.#plan = plan;
  }

  begin({ sampleRateHz }: WaveformContext): void {
    if (this.#design?.sampleRateHz !== sampleRateHz) {
      this.#design = this.#plan.designFor(sampleRateHz);
      this.#bank = makeDoubles(this.#design.bank.length);
      this.#bank.set(this.#design.bank);
    }
    resetBandBank(this.#bank);
    this.#taken = 0;
    this.#first = Number.NaN;
  }

  push({ counts, from, to, scale }: SampleRun): void {
    const bank = this.#bank;
    if (bank.length === 0 || to <= from) return;
    // From the first sample's level on, so that a constant offset does not ring.
    if (Number.isNaN(this.#first)) this.#first = counts[from]! * scale;
    const level = this.#first;
    const { kernel } = this.#design!;
    for (let next = from; next < to; ) {
      const taken = this.#taken;
      const samples = this.#settle(taken + Math.min(to - next, bandKernelSamples)) - taken;
      const isWhole = next === 0 && samples === counts.length;
      kernel.fill(isWhole ? counts : counts.subarray(next, next + samples), scale, level);
      kernel.run(bank, samples);
      next += samples;
      this.#taken = taken + samples;
    }
  }

  finish(): void {}

  hold(): void {
    this.#pieces.push({ bank: this.#bank.slice(), taken: this.#taken });
  }

  drop(pieces: number): void {
    this.#pieces.splice(0, pieces);
  }

  /** A dead signal has no level: −∞ and 0/0 both say nothing. */
  evaluate(index: number): number {
    const { band, operator } = this.#plan.features[index]!;
    const place = this.#design?.places[band] ?? null;
    if (place === null) return Number.NaN;
    const { settling, gain } = place;
    const sums = { count: 0, gain, s2: 0, peak: 0 };
    for (const { bank, taken } of [...this.#pieces, { bank: this.#bank, taken: this.#taken }]) {
      if (taken <= settling) continue;
      sums.count += taken - settling;
      sums.s2 += bank[locateBandValue(place, bandSums.s2)]!;
      sums.peak = Math.max(sums.peak, bank[locateBandValue(place, bandSums.peak)]!);
    }
    const value = sums.count < minSamples ? Number.NaN : operator.compute(sums);
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
      for (const sum of Object.values(bandSums)) this.#bank[locateBandValue(place, sum)] = 0;
    }
    return next;
  }
}

/** Designs the filters of those bands that the rate holds, and finds what runs them. */
function designBands(bands: readonly Band[], sampleRateHz: number): BandDesign {
  const heard = bands.filter((band) => band.toHz <= highestShare * sampleRateHz);
  const bank = createBandBank(heard.length);
  const places = bands.map((band): PlacedBand | null => {
    const index = heard.indexOf(band);
    if (index < 0) return null;
    const high = designButterworth("highpass", band.fromHz, sampleRateHz);
    const low = designButterworth("lowpass", band.toHz, sampleRateHz);
    fillBand({ bank, index }, high, low);
    // One period of the lower edge: by then the high-pass has forgotten how the window began.
    return { index, settling: Math.ceil(sampleRateHz / band.fromHz), gain: high.gain * low.gain };
  });
  const make = Array.from({ length: Math.ceil(heard.length / 2) }, (_, pair) => {
    const [first, second] = heard.slice(2 * pair, 2 * pair + 2);
    const sums = [...new Set([...first!.reads, ...(second?.reads ?? [])])];
    const like = heard.findIndex(({ fromHz }, index) => index < 2 * pair && fromHz === first!.fromHz);
    return second === undefined && like >= 0 ? { sums, sharesHighPassOf: like } : { sums };
  });
  return { sampleRateHz, bank, kernel: shareBandKernel(make), places };
}

function readBand(chain: ChainSpec, reads: readonly BandSum[]): Band {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const fromHz = params.number("fromHz", 1, 1e5);
  const toHz = params.number("toHz", 1, 1e5);
  params.done();
  if (fromHz >= toHz) throw refuse(subject, `the band from ${fromHz} to ${toHz} Hz is empty`);
  return { fromHz, toHz, reads };
}

function findOperator(feature: FeatureDeclaration): BandOperator {
  const operator = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
  if (operator === undefined) throw refuseOperator(feature, "band-level", Object.keys(operators));
  createParamsReader(feature.params, `feature ${feature.name}`).done();
  return operator;
}
