/**
 * The envelope over shaft angle: |e| or e² integrated into equal slices of a revolution, low-passed and decimated.
 * The only thing of a window that is held; its size depends on revolutions, never on the sampling rate.
 */
import type { Reused } from "../contract/stream.ts";
import { designLowPassFir } from "../maths/filter-design.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import {
  createScriptSliceKernel,
  createSliceState,
  resetSliceState,
  type SliceKernel,
  type SliceRun,
  sliceRunSamples,
  sliceRunSlices,
} from "../maths/slice-kernel.ts";
import { createVectorSliceKernel } from "../maths/slice-vectors.ts";
import { preferVectors } from "../maths/wasm-module.ts";
import type { ResidualRun } from "./block-whitener.ts";

/** Slices are this much finer than the samples that are kept. */
const oversampling = 2;
/** 24th order, about 50 dB from 1.15 of the kept Nyquist order; flat within 1 dB up to 0.8 of it. */
const taps = 25;

/** Taps of the low-pass that every second slice is kept of. */
export function designAngleFilter(): Float64Array {
  return designLowPassFir(taps, 0.9 / oversampling, 5);
}

const angleFilter = designAngleFilter();

/** What of a whitened sample is integrated: |e|, or e², which noise hides less of a rare blow in (src/adr/0061). */
export const envelopeMeasures = ["magnitude", "energy"] as const;
export type EnvelopeMeasure = (typeof envelopeMeasures)[number];

/** Streams; `add` allocates nothing beyond the usual number of samples. */
export interface AngleEnvelope {
  readonly samplesPerRevolution: number;
  /** Envelope samples at equal angles, valid up to `count` and until the next `add`. */
  readonly samples: Float32Array;
  readonly count: number;
  /** Samples that came after the buffer was full; they are not held. */
  readonly overflow: number;
  reset(): void;
  add(run: ResidualRun): void;
}

/** What an envelope is of. */
export interface AngleEnvelopeOptions {
  readonly samplesPerRevolution: number;
  readonly measure: EnvelopeMeasure;
  /** Samples that are held at most. */
  readonly capacity: number;
  /** Samples for which room is made at first, that of more when they come; default: `capacity`. */
  readonly usual?: number;
}

/** Creates an empty envelope. */
export function createAngleEnvelope(options: AngleEnvelopeOptions): AngleEnvelope {
  return new Envelope(options);
}

/** One for all runs, so that none of them allocates. */
const run: Reused<SliceRun> = { samples: new Float64Array(0), from: 0, to: 0, isSquared: false };

class Envelope implements AngleEnvelope {
  readonly samplesPerRevolution: number;
  readonly #isEnergy: boolean;
  readonly #capacity: number;
  readonly #kernel = shareSliceKernel(angleFilter);
  readonly #state = createSliceState(taps);
  samples: Float32Array;
  count = 0;
  overflow = 0;

  constructor({ samplesPerRevolution, measure, capacity, usual = capacity }: AngleEnvelopeOptions) {
    this.samplesPerRevolution = samplesPerRevolution;
    this.#isEnergy = measure === "energy";
    this.#capacity = capacity;
    this.samples = new Float32Array(Math.min(usual, capacity));
  }

  reset(): void {
    resetSliceState(this.#state);
    this.count = 0;
    this.overflow = 0;
  }

  add({ magnitudes, from, to, revolutionsPerSample }: ResidualRun): void {
    const { outputs } = this.#kernel;
    const step = revolutionsPerSample * this.samplesPerRevolution * oversampling;
    const most = Math.max(1, Math.min(sliceRunSamples, Math.floor(sliceRunSlices / (step + 1))));
    run.samples = magnitudes;
    run.isSquared = this.#isEnergy;
    for (let next = from; next < to; next = run.to) {
      run.from = next;
      run.to = Math.min(to, next + most);
      this.#keep(outputs, this.#kernel.run(this.#state, run, step));
    }
  }

  #keep(outputs: Float64Array, many: number): void {
    const room = Math.min(many, this.#capacity - this.count);
    if (this.count + room > this.samples.length) this.#grow();
    const { samples, count } = this;
    for (let index = 0; index < room; index++) samples[count + index] = outputs[index]!;
    this.count = count + room;
    this.overflow += many - room;
  }

  /** A window longer than usual: from here on there is room for the longest. */
  #grow(): void {
    const all = new Float32Array(this.#capacity);
    all.set(this.samples);
    this.samples = all;
  }
}

const shared = new Map<string, SliceKernel>();

/** The kernel of this process for a low-pass: vectors where there are any. */
function shareSliceKernel(taps: Float64Array): SliceKernel {
  return findOrMake(shared, taps.join(), () =>
    preferVectors(
      () => createVectorSliceKernel(taps),
      () => createScriptSliceKernel(taps),
    ),
  );
}
