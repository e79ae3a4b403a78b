/**
 * The envelope over shaft angle: |e| or e² integrated into equal slices of a revolution, low-passed and decimated.
 * The only thing of a window that is held; its size depends on revolutions, never on the sampling rate. It lies in pages that all
 * windows of this process share: of many that are open at one time half is filled, and only that takes room.
 */
import type { Reused } from "../contract/stream.ts";
import { designLowPassFir } from "../maths/filter-design.ts";
import { makeSingles } from "../maths/shared-room.ts";
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

/** What of a whitened sample is integrated: |e|, or e², which noise hides less of a rare blow in (src/adr/0061). */
export const envelopeMeasures = ["magnitude", "energy"] as const;
export type EnvelopeMeasure = (typeof envelopeMeasures)[number];

/** Streams; allocates nothing once there are pages for all windows that are open at one time. */
export interface AngleEnvelope {
  readonly samplesPerRevolution: number;
  /** Envelope samples at equal angles that are held. */
  readonly count: number;
  /** Samples that came after it was full; they are not held. */
  readonly overflow: number;
  /** Begins anew, and gives its pages to others. */
  reset(): void;
  add(run: ResidualRun): void;
  /** All of its samples, in memory that all envelopes share: valid until any of them is gathered again. */
  gather(): Float32Array;
}

/** What an envelope is of. */
interface AngleEnvelopeOptions {
  readonly samplesPerRevolution: number;
  readonly measure: EnvelopeMeasure;
  /** Samples that are held at most. */
  readonly capacity: number;
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
  readonly #kernel = shareSliceKernel();
  readonly #state = createSliceState(taps);
  /** In their order; the last one is filled in part. */
  readonly #pages: Float32Array[] = [];
  #page: Float32Array = noPage;
  count = 0;
  overflow = 0;

  constructor({ samplesPerRevolution, measure, capacity }: AngleEnvelopeOptions) {
    this.samplesPerRevolution = samplesPerRevolution;
    this.#isEnergy = measure === "energy";
    this.#capacity = capacity;
  }

  reset(): void {
    for (let page = this.#pages.pop(); page !== undefined; page = this.#pages.pop()) freePages.push(page);
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

  gather(): Float32Array {
    const { count } = this;
    if (gathered.length < count) gathered = new Float32Array(count);
    for (let from = 0; from < count; from += pageSamples) {
      const page = this.#pages[from / pageSamples]!;
      gathered.set(count - from < pageSamples ? page.subarray(0, count - from) : page, from);
    }
    return gathered.subarray(0, count);
  }

  #keep(outputs: Float64Array, many: number): void {
    const { count } = this;
    const room = Math.min(many, this.#capacity - count);
    for (let kept = 0; kept < room; ) {
      const at = (count + kept) % pageSamples;
      if (at === 0) this.#page = this.#takePage();
      const page = this.#page;
      const end = Math.min(room, kept + pageSamples - at);
      for (let from = at - kept; kept < end; kept++) page[from + kept] = outputs[kept]!;
    }
    this.count = count + room;
    this.overflow += many - room;
  }

  #takePage(): Float32Array {
    const page = freePages.pop() ?? makeSingles(pageSamples);
    this.#pages.push(page);
    return page;
  }
}

/** Samples of a page, ten revolutions: of the last one of a window half is empty on average, and each page is an object of 100 bytes. */
const pageSamples = 480;
/** Pages of no window; the one that was given back last is taken first. One of a window that was let go without a reset is no more. */
const freePages: Float32Array[] = [];
/** What was gathered last. */
let gathered = new Float32Array(0);

const noPage = new Float32Array(0);

let shared: SliceKernel | null = null;

/** The kernel of this process: vectors where there are any. */
function shareSliceKernel(): SliceKernel {
  shared ??= preferVectors(
    () => createVectorSliceKernel(designAngleFilter()),
    () => createScriptSliceKernel(designAngleFilter()),
  );
  return shared;
}
