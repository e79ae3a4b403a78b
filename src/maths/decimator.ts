/** A decimating FIR filter that streams: one output every `factor` inputs, no output before its memory is full. */

/** Keeps its memory between calls; `push` allocates nothing. */
export interface Decimator {
  readonly factor: number;
  /** Forgets everything. */
  reset(): void;
  /**
   * Filters `input[from … to) · scale`, writes the outputs to `out` from `outOffset`.
   * @returns how many outputs were written: at most ⌈(to − from) / factor⌉.
   */
  push(
    input: Int16Array | Float64Array,
    from: number,
    to: number,
    scale: number,
    out: Float64Array,
    outOffset: number,
  ): number;
}

/**
 * Creates a decimator by `factor` ≥ 1 with the given coefficients (see {@link designLowPassFir}).
 * The first output comes with input number `taps.length`, further ones every `factor` inputs.
 */
export function createDecimator(taps: Float64Array, factor: number): Decimator {
  if (!Number.isInteger(factor) || factor < 1) throw new RangeError(`factor ${factor}`);
  const length = taps.length;
  // Every sample is written twice, `length` apart, so that the newest `length` always lie in one piece.
  const memory = new Float64Array(2 * length);
  const reversed = Float64Array.from(taps).reverse();
  let write = 0;
  let wait = length;
  return {
    factor,
    reset: () => {
      memory.fill(0);
      write = 0;
      wait = length;
    },
    push: (input, from, to, scale, out, outOffset) => {
      let outputs = outOffset;
      for (let index = from; index < to; index++) {
        const value = input[index]! * scale;
        memory[write] = value;
        memory[write + length] = value;
        write++;
        if (write === length) write = 0;
        if (--wait > 0) continue;
        wait = factor;
        let sum = 0;
        for (let tap = 0, at = write; tap < length; tap++, at++) sum += memory[at]! * reversed[tap]!;
        out[outputs++] = sum;
      }
      return outputs - outOffset;
    },
  };
}
