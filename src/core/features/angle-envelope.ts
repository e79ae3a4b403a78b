/**
 * The envelope over shaft angle: |e| integrated into equal slices of a revolution, low-passed and decimated.
 * The only thing of a window that is held; its size depends on revolutions, never on the sampling rate.
 */
import { createDecimator, type Decimator } from "../maths/decimator.ts";
import { designLowPassFir } from "../maths/filter-design.ts";
import type { ResidualRun } from "./block-whitener.ts";

/** Slices are this much finer than the samples that are kept. */
const oversampling = 2;
/** 24th order, about 50 dB from 1.15 of the kept Nyquist order; flat within 1 dB up to 0.8 of it. */
const taps = 25;

/** Taps of the low-pass that every second slice is kept of. */
export function designAngleFilter(): Float64Array {
  return designLowPassFir(taps, 0.9 / oversampling, 5);
}

/** Slices that go to the decimator together. */
const batch = 64;
/** What comes of them, used within one call only and therefore shared by all. */
const decimated: Float64Array = new Float64Array(batch);

/** Streams; `add` allocates nothing. */
export interface AngleEnvelope {
  readonly samplesPerRevolution: number;
  /** Envelope samples at equal angles, valid up to `count` after `flush`. */
  readonly samples: Float32Array;
  readonly count: number;
  /** Samples that came after the buffer was full; they are not held. */
  readonly overflow: number;
  reset(): void;
  add(run: ResidualRun): void;
  /** Ends the window: takes in what waits for company. */
  flush(): void;
}

/** Creates the envelope of at most `capacity` samples. */
export function createAngleEnvelope(samplesPerRevolution: number, capacity: number): AngleEnvelope {
  const decimator: Decimator = createDecimator(designAngleFilter(), oversampling);
  const samples = new Float32Array(capacity);
  const slices = new Float64Array(batch);
  let filled = 0;
  let count = 0;
  let overflow = 0;
  /**
   * Share of the running slice that is filled, 0 … 1, and the integral of |e| over it so far. In an array, not in
   * variables of this closure: read from those, each would be a number of its own on the heap for every sample.
   */
  const running = new Float64Array(2);
  const decimate = (length: number): void => {
    const outputs = decimator.push(slices, 0, length, 1, decimated, 0);
    const room = Math.min(outputs, capacity - count);
    for (let index = 0; index < room; index++) samples[count + index] = decimated[index]!;
    count += room;
    overflow += outputs - room;
  };
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
      decimator.reset();
      filled = 0;
      count = 0;
      overflow = 0;
      running.fill(0);
    },
    add: ({ magnitudes, from, to, revolutionsPerSample }) => {
      const step = revolutionsPerSample * samplesPerRevolution * oversampling;
      let waiting = filled;
      let part = running[0]!;
      let sum = running[1]!;
      for (let index = from; index < to; index++) {
        const magnitude = magnitudes[index]!;
        let next = part + step;
        if (next < 1) {
          sum += magnitude * step;
        } else {
          // The sample spans the boundary of a slice (or several, at a low rate): it is shared by angle.
          slices[waiting++] = sum + magnitude * (1 - part);
          if (waiting === batch) {
            decimate(batch);
            waiting = 0;
          }
          next -= 1;
          while (next >= 1) {
            slices[waiting++] = magnitude;
            if (waiting === batch) {
              decimate(batch);
              waiting = 0;
            }
            next -= 1;
          }
          sum = magnitude * next;
        }
        part = next;
      }
      filled = waiting;
      running[0] = part;
      running[1] = sum;
    },
    flush: () => {
      decimate(filled);
      filled = 0;
    },
  };
}
