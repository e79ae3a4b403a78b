/**
 * Integrates a stream into equal slices of another axis, low-passes the slices and keeps every second one. The integral up to each
 * sample of a run comes first, by fours; a slice is the difference of two places in it, so that nothing is asked of each sample. In
 * plain JavaScript here, as vectors in `slice-vectors.ts`: the same bits.
 */
import { makeDoubles } from "./shared-room.ts";

/** Samples of one run at most. */
export const sliceRunSamples = 512;
/** Slices of one run at most: `samples` · (`step` + 1) must stay below. */
export const sliceRunSlices = 16_384;

/** `samples[from … to)`, or the square of each. */
export type SliceRun = Readonly<
  Record<"from" | "to", number> & Record<"samples", Float64Array> & Record<"isSquared", boolean>
>;

/** One for the whole process: a state is put in, run and taken out again. */
export interface SliceKernel {
  /** Room for the samples of a run that lie nowhere yet; each run may write to it. */
  readonly samples: Float64Array;
  /** What comes of a run. */
  readonly outputs: Float64Array;
  /** Takes samples, each of which covers `step` > 0 slices; returns the number of outputs. */
  run(state: SliceState, run: SliceRun, step: number): number;
}

/** Of one stream, between two runs. */
interface SliceState {
  /**
   * Share of the running slice that is filled, 0 … 1, and the integral over it so far; then, each in half of the rest, slices that
   * the next output needs: every second one, and those between.
   */
  readonly doubles: Float64Array;
  /** How many slices that are. */
  held: number;
}

export const runningDoubles = 2;

/** Added to a double and taken away again it leaves the nearest whole number, which the lower half of its bits is in between. */
export const roundingBias: number = 1.5 * 2 ** 52;

/** Doubles for every second slice that an output needs: an even number, so that vectors can take them. */
export function countHalf(taps: number): number {
  return 2 * Math.ceil(((taps + 1) >> 1) / 2);
}

/** Creates the state of a stream that has not begun, for a low-pass of so many taps. */
export function createSliceState(taps: number): SliceState {
  return { doubles: makeDoubles(runningDoubles + 2 * countHalf(taps)), held: 0 };
}

export function resetSliceState(state: SliceState): void {
  state.doubles.fill(0, 0, runningDoubles);
  state.held = 0;
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptSliceKernel(taps: Float64Array): SliceKernel {
  const length = taps.length;
  const reversed = Float64Array.from(taps).reverse();
  const slices = new Float64Array(length + sliceRunSlices);
  const outputs = new Float64Array(sliceRunSlices / 2);
  // Samples are taken by fours; what lies behind the last is added to nothing that is read.
  const whole = new Float64Array(sliceRunSamples + 4);
  const integral = new Float64Array(1 + whole.length);
  const half = countHalf(length);
  const placeOf = (slice: number): number => runningDoubles + (slice & 1) * half + (slice >> 1);
  return {
    samples: new Float64Array(sliceRunSamples),
    outputs,
    run: (state, { samples, from, to, isSquared }, step) => {
      const { doubles } = state;
      let { held } = state;
      for (let index = 0; index < held; index++) slices[index] = doubles[placeOf(index)]!;
      const count = to - from;
      whole.set(samples.subarray(from, to));
      if (isSquared) for (let index = 0; index < count; index++) whole[index]! *= whole[index]!;
      integrate(whole, count, integral);
      let carried = doubles[1]!;
      let last = 0;
      // Where slices end, in samples of this run.
      let edge = (1 - doubles[0]!) * (1 / step);
      for (; edge < count; edge += 1 / step) {
        const before = edge - 0.5 + roundingBias - roundingBias;
        const here = integral[before]! + whole[before]! * (edge - before);
        slices[held++] = (here - last) * step + carried;
        last = here;
        carried = 0;
      }
      doubles[0] = 1 - (edge - count) * step;
      doubles[1] = (integral[count]! - last) * step + carried;
      let many = 0;
      for (let from = 0; from + length <= held; from += 2, many++) {
        let output = 0;
        for (let tap = 0; tap < length; tap++) output += slices[from + tap]! * reversed[tap]!;
        outputs[many] = output;
      }
      state.held = held - 2 * many;
      for (let index = 0; index < state.held; index++) doubles[placeOf(index)] = slices[2 * many + index]!;
      return many;
    },
  };
}

/** The integral of so many samples up to each of them, from 0 on: of every four the first pair, then the second behind it. */
function integrate(samples: Float64Array, count: number, integral: Float64Array): void {
  let base = 0;
  for (let index = 0; index < count; index += 4) {
    const pair = samples[index]! + samples[index + 1]!;
    const all = samples[index + 2]! + samples[index + 3]! + pair;
    integral[index + 1] = samples[index]! + base;
    integral[index + 2] = pair + base;
    integral[index + 3] = samples[index + 2]! + pair + base;
    integral[index + 4] = all + base;
    base += all;
  }
}
