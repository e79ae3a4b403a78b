/**
 * Amplitudes of the spectrum of real values, medians of ranges of them and their ridge: in plain JavaScript here, as vectors in
 * `spectrum-vectors.ts`, to the same bits. Does not window or pad: the caller does.
 */

import { createRealFft } from "./real-fft.ts";
import { medianInPlace } from "./select.ts";

/** Spectra of one length, one at a time; nothing allocates. */
export interface SpectrumKernel {
  /** What is transformed: so many values; not changed. */
  readonly input: Float64Array;
  /** What comes of it: |X[k]|, k = 0 … half of the length. */
  readonly amplitudes: Float64Array;
  transform(): void;
  /** Median of the amplitudes `from … to` (exclusive), one at least, as `medianInPlace` says; moves none. */
  median(from: number, to: number): number;
  /**
   * Of each amplitude the largest of itself and its two neighbours, but for those that `passedOver` marks with a 1, a table that is
   * not changed later; 0 where none is left. Valid until the next transform or ridge.
   */
  ridge(passedOver: Uint8Array): Float64Array;
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptSpectrumKernel(size: number): SpectrumKernel {
  const fft = createRealFft(size);
  const bins = size / 2 + 1;
  const input = new Float64Array(size);
  const amplitudes = new Float64Array(bins);
  const real = new Float64Array(bins);
  const imag = new Float64Array(bins);
  const ridge = new Float64Array(bins);
  return {
    input,
    amplitudes,
    transform: () => {
      fft.forward(input, real, imag);
      for (let bin = 0; bin < bins; bin++) {
        const re = real[bin]!;
        const im = imag[bin]!;
        amplitudes[bin] = Math.sqrt(re * re + im * im);
      }
    },
    median: createSelection(amplitudes),
    ridge: (passedOver) => {
      for (let bin = 0; bin < bins; bin++) {
        let peak = 0;
        for (let near = bin - 1; near <= bin + 1; near++) {
          if (passedOver[near] === 0 && amplitudes[near]! > peak) peak = amplitudes[near]!;
        }
        ridge[bin] = peak;
      }
      return ridge;
    },
  };
}

/** Medians of what is copied first. */
export function createSelection(values: Float64Array): SpectrumKernel["median"] {
  const scratch = new Float64Array(values.length);
  return (from, to) => {
    for (let index = from; index < to; index++) scratch[index - from] = values[index]!;
    return medianInPlace(scratch, to - from);
  };
}
