/** A decimating FIR filter that streams: one output every `factor` inputs, no output before its memory is full. */

/** Keeps its memory between calls; `push` allocates nothing. */
export interface Decimator {
  readonly factor: number;
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

/** Inputs that are gathered before the memory is moved to its start. */
const room = 64;

/**
 * Creates a decimator by `factor` ≥ 1 with the given coefficients (see {@link designLowPassFir}).
 * The first output comes with input number `taps.length`, further ones every `factor` inputs.
 */
export function createDecimator(taps: Float64Array, factor: number): Decimator {
  if (!Number.isInteger(factor) || factor < 1) throw new RangeError(`factor ${factor}`);
  const length = taps.length;
  const reversed = Float64Array.from(taps).reverse();
  /** The newest samples in one piece: what the next output needs of the past, and room for more. */
  const memory = new Float64Array(length + Math.max(room, factor));
  let written = 0;
  /** Where in the memory the next output's oldest sample lies; at or before `written` unless factor > length. */
  let start = 0;

  /** Writes every output whose samples are there. */
  const filter = (out: Float64Array, outOffset: number): number => {
    const two = 2 * factor;
    const three = 3 * factor;
    let at = outOffset;
    let first = start;
    // Four outputs at a time: each adds in the order of its taps, and none waits for its own last sum.
    for (; first + three + length <= written; first += 4 * factor, at += 4) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let tap = 0, from = first; tap < length; tap++, from++) {
        const coefficient = reversed[tap]!;
        sum0 += memory[from]! * coefficient;
        sum1 += memory[from + factor]! * coefficient;
        sum2 += memory[from + two]! * coefficient;
        sum3 += memory[from + three]! * coefficient;
      }
      out[at] = sum0;
      out[at + 1] = sum1;
      out[at + 2] = sum2;
      out[at + 3] = sum3;
    }
    for (; first + length <= written; first += factor) {
      let sum = 0;
      for (let tap = 0, from = first; tap < length; tap++, from++) sum += memory[from]! * reversed[tap]!;
      out[at++] = sum;
    }
    start = first;
    return at;
  };

  return {
    factor,
    reset: () => {
      written = 0;
      start = 0;
    },
    // biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
    push: (input, from, to, scale, out, outOffset) => {
      let outputs = outOffset;
      let next = from;
      while (next < to) {
        if (written === memory.length) {
          const kept = Math.min(start, written);
          memory.copyWithin(0, kept, written);
          written -= kept;
          start -= kept;
        }
        const end = Math.min(to, next + memory.length - written);
        let at = written;
        for (; next < end; next++, at++) memory[at] = input[next]! * scale;
        written = at;
        outputs = filter(out, outputs);
      }
      return outputs - outOffset;
    },
  };
}
