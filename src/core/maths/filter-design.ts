/**
 * Coefficients of digital filters: second-order Butterworth sections (bilinear transform, after R. Bristow-Johnson's
 * cookbook) and low-pass FIRs (windowed sinc, Kaiser window). Filters nothing itself.
 */

/**
 * One section with a0 = 1, and both zeros at zero frequency (high-pass, the upper sign here) or at half of the sampling rate:
 * y = gain·(x ∓ 2x' + x'') − a1·y' − a2·y''.
 */
export interface ButterworthSection {
  readonly gain: number;
  readonly a1: number;
  readonly a2: number;
}

/**
 * Designs a section that lets through what lies above (`highpass`) or below (`lowpass`) `cornerHz`, −3 dB there and
 * 12 dB an octave beyond.
 * @throws RangeError when the corner is not between 0 and half of the sampling rate.
 */
export function designButterworth(
  kind: "highpass" | "lowpass",
  cornerHz: number,
  sampleRateHz: number,
): ButterworthSection {
  if (!(cornerHz > 0 && cornerHz < sampleRateHz / 2)) {
    throw new RangeError(`a corner at ${cornerHz} Hz does not suit ${sampleRateHz} Hz`);
  }
  const omega = (2 * Math.PI * cornerHz) / sampleRateHz;
  const cosine = Math.cos(omega);
  // Q = 1/√2: maximally flat.
  const alpha = Math.sin(omega) * Math.SQRT1_2;
  const a0 = 1 + alpha;
  const sign = kind === "lowpass" ? 1 : -1;
  const gain = (1 - sign * cosine) / 2 / a0;
  return { gain, a1: (-2 * cosine) / a0, a2: (1 - alpha) / a0 };
}

/**
 * Coefficients of a linear-phase low-pass FIR with unit gain at zero frequency
 * (as `scipy.signal.firwin(taps, cutoff, window=('kaiser', beta))`).
 * @param taps number of coefficients, ≥ 1.
 * @param cutoff −6 dB point as a share of the Nyquist frequency, 0 < cutoff < 1.
 * @param beta shape of the Kaiser window, ≥ 0: 5 gives about 54 dB.
 */
export function designLowPassFir(taps: number, cutoff: number, beta: number): Float64Array {
  if (!Number.isInteger(taps) || taps < 1) throw new RangeError(`taps ${taps}`);
  if (!(cutoff > 0 && cutoff < 1)) throw new RangeError(`cutoff ${cutoff} is not between 0 and 1`);
  const out = new Float64Array(taps);
  const middle = (taps - 1) / 2;
  let sum = 0;
  for (let index = 0; index < taps; index++) {
    const offset = index - middle;
    const ratio = middle === 0 ? 0 : offset / middle;
    const window = besselI0(beta * Math.sqrt(Math.max(0, 1 - ratio * ratio))) / besselI0(beta);
    const sinc = offset === 0 ? cutoff : Math.sin(Math.PI * cutoff * offset) / (Math.PI * offset);
    out[index] = sinc * window;
    sum += out[index]!;
  }
  for (let index = 0; index < taps; index++) out[index]! /= sum;
  return out;
}

/** Modified Bessel function of the first kind, order 0, by its power series (Abramowitz & Stegun 9.6.12). */
export function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 500; k++) {
    term *= quarter / (k * k);
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum;
}
