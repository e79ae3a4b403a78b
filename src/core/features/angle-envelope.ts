/**
 * The envelope over shaft angle: |e| integrated into equal slices of a revolution, low-passed and decimated.
 * The only thing of a window that is held; its size depends on revolutions, never on the sampling rate.
 */
import { designLowPassFir } from "../maths/filter-design.ts";
import {
  createSliceState,
  resetSliceState,
  shareSliceKernel,
  sliceRunSamples,
  sliceRunSlices,
} from "../maths/slice-kernel.ts";
import type { ResidualRun } from "./block-whitener.ts";

/** Slices are this much finer than the samples that are kept. */
const oversampling = 2;
/** 24th order, about 50 dB from 1.15 of the kept Nyquist order; flat within 1 dB up to 0.8 of it. */
const taps = 25;

/** Taps of the low-pass that every second slice is kept of. */
export function designAngleFilter(): Float64Array {
  return designLowPassFir(taps, 0.9 / oversampling, 5);
}

/** Streams; `add` allocates nothing. */
export interface AngleEnvelope {
  readonly samplesPerRevolution: number;
  /** Envelope samples at equal angles, valid up to `count`. */
  readonly samples: Float32Array;
  readonly count: number;
  /** Samples that came after the buffer was full; they are not held. */
  readonly overflow: number;
  reset(): void;
  add(run: ResidualRun): void;
}

/** Creates the envelope of at most `capacity` samples. */
export function createAngleEnvelope(samplesPerRevolution: number, capacity: number): AngleEnvelope {
  const kernel = shareSliceKernel(designAngleFilter());
  const { samples: input, outputs } = kernel;
  const state = createSliceState(taps);
  const samples = new Float32Array(capacity);
  let count = 0;
  let overflow = 0;
  return {
    samplesPerRevolution,
    samples,
    get count(): number {
      return count;
    },
    get overflow(): number {
      return overflow;
    },
    reset: () => {
      resetSliceState(state);
      count = 0;
      overflow = 0;
    },
    add: ({ magnitudes, from, to, revolutionsPerSample }) => {
      const step = revolutionsPerSample * samplesPerRevolution * oversampling;
      const most = Math.max(1, Math.min(sliceRunSamples, Math.floor(sliceRunSlices / (step + 1))));
      for (let next = from; next < to; ) {
        const length = Math.min(most, to - next);
        input.set(magnitudes.subarray(next, next + length));
        const many = kernel.run(state, length, step);
        const room = Math.min(many, capacity - count);
        for (let index = 0; index < room; index++) samples[count + index] = outputs[index]!;
        count += room;
        overflow += many - room;
        next += length;
      }
    },
  };
}
