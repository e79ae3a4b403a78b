/**
 * A second look at a fast sensor: the band above the one that a bundle's features hear. They decimate to 12 to 24 kHz, and
 * a machine whose housing rings above 5 kHz says nothing there. Mixed with a carrier, the band above comes to lie where the
 * features listen; being free of level and of resonance, they mean the same (src/adr/0028). Of a slower sensor it computes
 * nothing.
 */

import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { Reused, SampleRun } from "../contract/stream.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import {
  carrierBits,
  createMixingKernel,
  type MixingKernel,
  mixingRunCounts,
} from "../maths/mixing-kernel.ts";
import type { WaveformContext } from "./chain.ts";
import { analysisRateHz } from "./envelope-order-chain.ts";
import { createWaveformExtractor, type WaveformExtractor } from "./waveform-extractor.ts";

/**
 * The carrier over the analysis rate: twice the end of what the decimator lets through, so that the lower band leaves
 * no trace, and what lies up to as far above the carrier folds upon what lies below.
 */
const carrierShare = { numerator: 17, denominator: 20 } as const;

/** One window at a time, beside the lower band's extractor. Streams as that does: nothing allocates per sample. */
export interface UpperBandExtractor {
  /** Starts a window. The carrier starts with it, so that the features depend on the window's samples alone. */
  begin(context: WaveformContext): void;
  push(run: SampleRun): void;
  /**
   * The window's features, the caller's own; null where the sensor has no upper band, or it says nothing. `lines` as in
   * {@link WaveformExtractor.finish}.
   */
  finish(lines?: Float32Array): Float32Array | null;
  /** The same of a snapshot, pooled as those of the lower band are. */
  finishPooled(wholeRevolutions: number, lines?: Float32Array): Float32Array | null;
  /** As {@link WaveformExtractor.hold} and `drop`. */
  hold(): void;
  drop(pieces: number): void;
}

/** Creates an extractor; fails as {@link createWaveformExtractor} does, when the first window of a fast sensor begins. */
export function createUpperBandExtractor(spec: FeatureSpec): UpperBandExtractor {
  return new UpperBand(spec);
}

/** One for all pushes, so that none of them allocates and no stream holds one. */
const shifted: Reused<SampleRun> = { counts: new Int16Array(0), scale: 0, shaftRpm: 0, from: 0, to: 0 };

class UpperBand implements UpperBandExtractor {
  readonly #spec: FeatureSpec;
  #extractor: WaveformExtractor | null = null;
  /** Null: the open window has no upper band. */
  #carrier: MixingKernel | null = null;
  #phase = 0;

  constructor(spec: FeatureSpec) {
    this.#spec = spec;
  }

  begin(context: WaveformContext): void {
    if (!hasUpperBand(this.#spec, context.sampleRateHz)) {
      this.#carrier = null;
      // What it pooled was of another rate.
      this.#extractor = null;
      return;
    }
    const period = carrierShare.denominator * Math.floor(context.sampleRateHz / analysisRateHz);
    if (this.#carrier?.period !== period) this.#carrier = shareCarrier(period);
    this.#phase = 0;
    this.#extractor ??= createWaveformExtractor(this.#spec);
    this.#extractor.begin(context);
  }

  push(run: SampleRun): void {
    const carrier = this.#carrier;
    if (carrier === null || this.#extractor === null) return;
    shifted.counts = carrier.mixed;
    shifted.scale = run.scale;
    shifted.shaftRpm = run.shaftRpm;
    for (let next = run.from; next < run.to; next += shifted.to) {
      shifted.to = Math.min(run.to - next, mixingRunCounts);
      carrier.run(run.counts, next, next + shifted.to, this.#phase);
      this.#phase = (this.#phase + shifted.to) % carrier.period;
      this.#extractor.push(shifted);
    }
  }

  finish(lines?: Float32Array): Float32Array | null {
    return this.#read((extractor, features) => extractor.finish(features, 0, lines));
  }

  finishPooled(wholeRevolutions: number, lines?: Float32Array): Float32Array | null {
    return this.#read((extractor, features) => extractor.finishPooled(wholeRevolutions, features, lines));
  }

  hold(): void {
    if (this.#carrier !== null) this.#extractor?.hold();
  }

  drop(pieces: number): void {
    this.#extractor?.drop(pieces);
  }

  #read(finish: (extractor: WaveformExtractor, out: Float32Array) => unknown): Float32Array | null {
    if (this.#carrier === null || this.#extractor === null) return null;
    const features = new Float32Array(this.#spec.list.length);
    finish(this.#extractor, features);
    return features.every(Number.isFinite) ? features : null;
  }
}

/** Whether a sensor of this rate has a band above what the features hear. */
function hasUpperBand(spec: FeatureSpec, sampleRateHz: number): boolean {
  return sampleRateHz >= 2 * analysisRateHz && spec.chains.some(({ kind }) => kind === "envelope-order");
}

const carriers = new Map<number, MixingKernel>();

/** The carrier of this process for a period: there are a few, of the factors by which rates are decimated. */
function shareCarrier(period: number): MixingKernel {
  return findOrMake(carriers, period, () => createMixingKernel(sampleCarrier(period)));
}

/** A whole number of the carrier's turns takes `period` samples: no phase ever drifts. In whole numbers, as it is mixed. */
function sampleCarrier(period: number): Int16Array {
  return Int16Array.from({ length: period }, (_, index) =>
    Math.round(Math.cos((2 * Math.PI * carrierShare.numerator * index) / period) * (2 ** carrierBits - 1)),
  );
}
