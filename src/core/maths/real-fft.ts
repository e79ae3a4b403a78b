/**
 * Fast Fourier transform of real signals whose length is a power of two, in preallocated buffers.
 * Does not scale, window or pad: the caller does.
 */

/** A transform of one length; `forward` allocates nothing. */
interface RealFft {
  /**
   * X[k] = Σ x[n]·exp(−2πi·k·n/N) for k = 0 … N/2, N the length.
   * @param input N values; not changed.
   * @param real receives N/2 + 1 real parts.
   * @param imag receives N/2 + 1 imaginary parts.
   */
  forward(input: Float64Array | Float32Array, real: Float64Array, imag: Float64Array): void;
}

/**
 * Creates the transform of `size` real values (a power of two, 4 … 2^20).
 * Packs even and odd samples into one complex transform of half the length (Numerical Recipes §12.3) and
 * computes that by decimation in time, radix 2.
 * @throws RangeError for any other size.
 */
export function createRealFft(size: number): RealFft {
  const half = size >>> 1;
  const { reversed, cosine, sine } = tabulateTransform(size);
  const re = new Float64Array(half);
  const im = new Float64Array(half);
  return {
    forward: (input, real, imag) => {
      for (let index = 0; index < half; index++) {
        const target = reversed[index]!;
        re[target] = input[2 * index]!;
        im[target] = input[2 * index + 1]!;
      }
      butterflies(re, im, half, cosine, sine);
      unpack(re, im, half, cosine, sine, real, imag);
    },
  };
}

/** What a transform looks up. */
interface TransformTables {
  /** Where in the complex transform of half the length each of its values begins: bits from behind. */
  readonly reversed: Uint32Array;
  /** cos and sin of −2π·k / size, k = 0 … size / 2 − 1. */
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
}

/** The tables of a transform of `size` real values. @throws RangeError unless it is a power of two, 4 … 2^20. */
export function tabulateTransform(size: number): TransformTables {
  if (!Number.isInteger(size) || size < 4 || size > 1 << 20 || (size & (size - 1)) !== 0) {
    throw new RangeError(`a real FFT needs a power of two from 4 to 2^20, got ${size}`);
  }
  const half = size >>> 1;
  const cosine = new Float64Array(half);
  const sine = new Float64Array(half);
  for (let index = 0; index < half; index++) {
    cosine[index] = Math.cos((-2 * Math.PI * index) / size);
    sine[index] = Math.sin((-2 * Math.PI * index) / size);
  }
  return { reversed: bitReversal(half), cosine, sine };
}

/** Complex transform in place of bit-reversed data; twiddles are of twice the length, hence the doubled stride. */
// biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
function butterflies(
  re: Float64Array,
  im: Float64Array,
  length: number,
  cosine: Float64Array,
  sine: Float64Array,
): void {
  // The first stage needs no multiplication.
  for (let even = 0; even < length; even += 2) {
    const ar = re[even]!;
    const ai = im[even]!;
    const br = re[even + 1]!;
    const bi = im[even + 1]!;
    re[even] = ar + br;
    im[even] = ai + bi;
    re[even + 1] = ar - br;
    im[even + 1] = ai - bi;
  }
  for (let span = 2; span < length; span <<= 1) {
    const stride = length / span;
    for (let start = 0; start < length; start += span << 1) {
      for (let offset = 0, twiddle = 0; offset < span; offset++, twiddle += stride) {
        const even = start + offset;
        const odd = even + span;
        const wr = cosine[twiddle]!;
        const wi = sine[twiddle]!;
        const xr = re[odd]!;
        const xi = im[odd]!;
        const br = xr * wr - xi * wi;
        const bi = xr * wi + xi * wr;
        const ar = re[even]!;
        const ai = im[even]!;
        re[even] = ar + br;
        im[even] = ai + bi;
        re[odd] = ar - br;
        im[odd] = ai - bi;
      }
    }
  }
}

/** Separates the spectra of even and odd samples and joins them to the spectrum of the real signal. */
// biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
function unpack(
  re: Float64Array,
  im: Float64Array,
  half: number,
  cosine: Float64Array,
  sine: Float64Array,
  real: Float64Array,
  imag: Float64Array,
): void {
  real[0] = re[0]! + im[0]!;
  imag[0] = 0;
  real[half] = re[0]! - im[0]!;
  imag[half] = 0;
  for (let k = 1; k < half; k++) {
    const zr = re[k]!;
    const zi = im[k]!;
    const yr = re[half - k]!;
    const yi = im[half - k]!;
    const evenRe = 0.5 * (zr + yr);
    const evenIm = 0.5 * (zi - yi);
    const oddRe = 0.5 * (zi + yi);
    const oddIm = 0.5 * (yr - zr);
    const wr = cosine[k]!;
    const wi = sine[k]!;
    real[k] = evenRe + oddRe * wr - oddIm * wi;
    imag[k] = evenIm + oddRe * wi + oddIm * wr;
  }
}

function bitReversal(length: number): Uint32Array {
  const table = new Uint32Array(length);
  const bits = Math.log2(length);
  for (let index = 0; index < length; index++) {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) if (index & (1 << bit)) reversed |= 1 << (bits - 1 - bit);
    table[index] = reversed;
  }
  return table;
}
