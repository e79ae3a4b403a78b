/** One structural resonance: a damped oscillator that broadband forces and impacts set ringing. */

/** A resonance as seen by the accelerometer. */
export interface Resonance {
  readonly frequencyHz: number;
  /** Fraction of critical damping; 0.01 to 0.1 in machine housings. */
  readonly dampingRatio: number;
  /** Rms of its answer to unit white noise, in g. */
  readonly noiseRmsG: number;
  /** Height of its ringing after a unit impact, in g. */
  readonly impactPeakG: number;
}

/** What sets a resonance ringing, by sample. */
interface Forces {
  readonly noise: Float64Array;
  readonly impacts: Float64Array;
}

/** Adds a resonance's answer to the output, block by block. */
interface Resonator {
  /** Adds the answer to the first `length` forces, in g, to `out`. */
  addTo(out: Float64Array, forces: Forces, length: number): void;
}

/**
 * Impulse-invariant two-pole filter: h[n] = e^(−ζω n/fs) · sin(ω_d n/fs), scaled so that both gains of the resonance
 * hold at any sampling rate. Throws a RangeError when the resonance does not lie below half the sampling rate.
 */
export function createResonator(resonance: Resonance, sampleRateHz: number): Resonator {
  const { frequencyHz, dampingRatio } = resonance;
  if (!(frequencyHz > 0 && frequencyHz < sampleRateHz / 2)) {
    throw new RangeError(`a resonance at ${frequencyHz} Hz cannot be sampled at ${sampleRateHz} Hz`);
  }
  const omega = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const radius = Math.exp(-dampingRatio * omega);
  const angle = omega * Math.sqrt(1 - dampingRatio * dampingRatio);
  const a1 = 2 * radius * Math.cos(angle);
  const a2 = -radius * radius;
  const first = radius * Math.sin(angle);
  // Σ h² of r^n sin(nφ), in closed form.
  const r2 = radius * radius;
  const energy =
    (r2 * Math.sin(angle) ** 2 * (1 + r2)) / ((1 - r2) * (1 - 2 * r2 * Math.cos(2 * angle) + r2 * r2));
  const noiseGain = (resonance.noiseRmsG / Math.sqrt(energy)) * first;
  // The first crest of the ringing stands a quarter period after the impact.
  const crest = Math.exp((-dampingRatio * Math.PI) / 2);
  const impactGain = (resonance.impactPeakG / crest) * first;
  let y1 = 0;
  let y2 = 0;
  return {
    addTo: (out, { noise, impacts }, length) => {
      let previous = y1;
      let beforePrevious = y2;
      for (let index = 0; index < length; index++) {
        const force = noiseGain * noise[index]! + impactGain * impacts[index]!;
        const y = force + a1 * previous + a2 * beforePrevious;
        beforePrevious = previous;
        previous = y;
        out[index]! += y;
      }
      y1 = previous;
      y2 = beforePrevious;
    },
  };
}
