/**
 * A low-pass of counts of which every so many-th output is kept. In plain JavaScript here, as vectors in `decimation-vectors.ts`: the
 * same bits, each output adds in the order of its taps.
 */

/** The make of a low-pass: every `factor`-th output, 2 at least. */
export interface Decimation {
  readonly taps: Float64Array;
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
   * Takes a count at least, returns the number of outputs. In the memory that kernels share it writes up to 56 bytes beyond
   * the last of them.
   */
  run(state: DecimationState, run: Readonly<CountRun>, place: Readonly<OutputPlace>): number;
}

/** Of one stream, between two runs. */
export interface DecimationState {
  /** Samples that the next output needs, from the oldest on: every `factor`-th in a piece of its own. */
  readonly doubles: Float64Array;
  /** How many they are. */
  held: number;
}

/** Doubles of each piece of a state: an even number, so that vectors can take them. */
export function countPiece({ taps, factor }: Decimation): number {
  return 2 * Math.ceil(Math.ceil(taps.length / factor) / 2);
}

/** Creates the state of a stream that has not begun. */
export function createDecimationState(decimation: Decimation): DecimationState {
  return { doubles: new Float64Array(decimation.factor * countPiece(decimation)), held: 0 };
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptDecimationKernel(decimation: Decimation): DecimationKernel {
  const { taps, factor } = decimation;
  const length = taps.length;
  const reversed = Float64Array.from(taps).reverse();
  const samples = new Float64Array(length + decimationRunCounts);
  const piece = countPiece(decimation);
  const placeOf = (sample: number): number => (sample % factor) * piece + Math.floor(sample / factor);
  return {
    run: (state, { counts, from, to, scale }, { out, at }) => {
      const { doubles } = state;
      let { held } = state;
      for (let index = 0; index < held; index++) samples[index] = doubles[placeOf(index)]!;
      for (let index = from; index < to; index++) samples[held++] = counts[index]! * scale;
      let many = 0;
      for (let first = 0; first + length <= held; first += factor, many++) {
        let sum = 0;
        for (let tap = 0; tap < length; tap++) sum += samples[first + tap]! * reversed[tap]!;
        out[at + many] = sum;
      }
      state.held = held - factor * many;
      for (let index = 0; index < state.held; index++)
        doubles[placeOf(index)] = samples[factor * many + index]!;
      return many;
    },
  };
}
