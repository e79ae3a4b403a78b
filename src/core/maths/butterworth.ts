/** Second-order Butterworth sections (bilinear transform, after R. Bristow-Johnson's cookbook), for streams. */

/** Coefficients of one section with a0 = 1: y = b0·x + b1·x' + b2·x'' − a1·y' − a2·y''. */
export interface Section {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
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
): Section {
  if (!(cornerHz > 0 && cornerHz < sampleRateHz / 2)) {
    throw new RangeError(`a corner at ${cornerHz} Hz does not suit ${sampleRateHz} Hz`);
  }
  const omega = (2 * Math.PI * cornerHz) / sampleRateHz;
  const cosine = Math.cos(omega);
  // Q = 1/√2: maximally flat.
  const alpha = Math.sin(omega) * Math.SQRT1_2;
  const a0 = 1 + alpha;
  const sign = kind === "lowpass" ? 1 : -1;
  const b0 = (1 - sign * cosine) / 2 / a0;
  return { b0, b1: 2 * sign * b0, b2: b0, a1: (-2 * cosine) / a0, a2: (1 - alpha) / a0 };
}
