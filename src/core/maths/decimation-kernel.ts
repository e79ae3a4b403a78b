/**
 * A low-pass of counts of which every so many-th output is kept. Taps are whole numbers as counts are, so that a sum is exact and the
 * same however it is added: in plain JavaScript here, as vectors in `decimation-vectors.ts`.
 */

import { makeCounts } from "./shared-room.ts";

/** What of a tap stands for 1: its fraction has 15 bits. */
const wholeTap = 32_768;
/** The largest sum of the taps' sizes: any counts times such taps stay within 32 bits. */
const mostGain = 2 ** 16 - 1;

/** The make of a low-pass: every `factor`-th output, 2 at least. */
export interface Decimation {
  /** Fractions of 15 bits; see {@link roundTaps}. */
  readonly taps: Int16Array;
  readonly factor: number;
}

/** `counts[from … to)` · scale, {@link decimationRunCounts} at most. Whoever runs fills one anew each time. */
export interface CountRun {
  counts: Int16Array;
  from: number;
  to: number;
  scale: number;
}

/** Where outputs go: those of a run into `out` from `at` on. */
export interface OutputPlace {
  out: Float64Array;
  at: number;
}

/** Counts of one run at most. */
export const decimationRunCounts = 1024;

/** One for the whole process: a state is put in, run and taken out again. */
export interface DecimationKernel {
  /**
   * Takes a count at least, returns the number of outputs. In the memory that kernels share it writes up to 120 bytes beyond
   * the last of them.
   */
  run(state: DecimationState, run: Readonly<CountRun>, place: Readonly<OutputPlace>): number;
}

/** Of one stream, between two runs. */
interface DecimationState {
  /** That the next output needs, from the oldest on. */
  readonly counts: Int16Array;
  /** How many they are. */
  held: number;
  /** Of the newest of them, and of all of them where there are no `scales`. */
  scale: number;
  /** Of each, where they differ: a device may state another one with every frame. */
  scales: Float64Array | null;
}

/** `taps` in whole numbers that add up to what 1 stands for, so that what does not change comes out as it went in. */
export function roundTaps(taps: Float64Array): Int16Array {
  const rounded = Int16Array.from(taps, (tap) => Math.round(tap * wholeTap));
  const middle = (taps.length - 1) >> 1;
  rounded[middle]! += wholeTap - rounded.reduce((sum, tap) => sum + tap, 0);
  return rounded;
}

/** What a tap stands for, exact in single precision. */
export function readTaps(taps: Int16Array): Float64Array {
  return Float64Array.from(taps, (tap) => tap / wholeTap);
}

/** What a sum of counts times taps stands for. */
export function scaleOfSums(scale: number): number {
  return scale / wholeTap;
}

/** Whether no counts take a sum out of 32 bits. */
export function isBounded({ taps }: Decimation): boolean {
  return taps.reduce((sum, tap) => sum + Math.abs(tap), 0) <= mostGain;
}

/** Outputs' steps that the taps of one reach over. */
export function countSteps({ taps, factor }: Decimation): number {
  return Math.ceil(taps.length / factor);
}

/** Creates the state of a stream that has not begun; whole vectors of counts have room in it. */
export function createDecimationState(decimation: Decimation): DecimationState {
  const room = 8 * Math.ceil((countSteps(decimation) * decimation.factor) / 8);
  return { counts: makeCounts(room), held: 0, scale: 0, scales: null };
}

/** Whether all that a run reads has its scale. */
export function isOfOneScale({ held, scale, scales }: DecimationState, run: Readonly<CountRun>): boolean {
  return held === 0 || (scales === null && Object.is(scale, run.scale));
}

/**
 * Creates the kernel in plain JavaScript: for machines without vectors, for counts of several scales, and to hold the other one
 * against. Counts of one scale that follow each other are summed in whole numbers, such sums are added from the oldest on.
 */
export function createScriptDecimationKernel(decimation: Decimation): DecimationKernel {
  const { taps, factor } = decimation;
  const length = taps.length;
  const reversed = Int16Array.from(taps).reverse();
  const counts = new Int16Array(length + decimationRunCounts);
  const scales = new Float64Array(counts.length);
  const addUp = (first: number): number => {
    // Added to anything it changes nothing, not even the sign of 0.
    let total = -0;
    for (let tap = 0; tap < length; ) {
      const scale = scales[first + tap]!;
      let sum = 0;
      for (; tap < length && Object.is(scales[first + tap], scale); tap++)
        sum += counts[first + tap]! * reversed[tap]!;
      total += sum * scaleOfSums(scale);
    }
    return total;
  };
  return {
    run: (state, run, { out, at }) => {
      const kept = state.held;
      counts.set(state.counts.subarray(0, kept));
      for (let index = 0; index < kept; index++) scales[index] = state.scales?.[index] ?? state.scale;
      const total = kept + run.to - run.from;
      counts.set(run.counts.subarray(run.from, run.to), kept);
      scales.fill(run.scale, kept, total);
      let many = 0;
      for (let first = 0; first + length <= total; first += factor, many++) out[at + many] = addUp(first);
      const oldest = factor * many;
      state.held = total - oldest;
      state.counts.set(counts.subarray(oldest, total));
      state.scale = run.scale;
      const isOne = Object.is(scales[oldest], run.scale);
      state.scales = isOne || state.held === 0 ? null : scales.slice(oldest, total);
      return many;
    },
  };
}
