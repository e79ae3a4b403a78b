/** Design of low-pass filters: windowed-sinc FIR (Kaiser window). */

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
