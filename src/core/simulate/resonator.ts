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

/** Adds the answers of resonances to the output, block by block. */
interface Resonator {
  /** Adds the answers to the first `length` forces, in g, to `out`. */
  addTo(out: Float64Array, forces: Forces, length: number): void;
}

/** A two-pole filter, and the last two of its answers. */
interface TwoPoles {
  readonly noiseGain: number;
  readonly impactGain: number;
  readonly a1: number;
  readonly a2: number;
  y1: number;
  y2: number;
}

/**
 * Creates resonances that are heard together, in their order. Throws a RangeError when one does not lie below half the sampling
 * rate.
 */
export function createResonators(resonances: readonly Resonance[], sampleRateHz: number): Resonator {
  const filters = resonances.map((resonance) => designFilter(resonance, sampleRateHz));
  return {
    addTo: (out, forces, length) => {
      for (let index = 0; index < filters.length; index += 2) {
        const [one, other] = [filters[index]!, filters[index + 1]];
        const addition = { out, forces, length };
        if (other === undefined) addOne(one, addition);
        else addTwo(one, other, addition);
      }
    },
  };
}

interface Addition {
  readonly out: Float64Array;
  readonly forces: Forces;
  readonly length: number;
}

function addOne(filter: TwoPoles, { out, forces, length }: Addition): void {
  const { noise, impacts } = forces;
  const { noiseGain, impactGain, a1, a2 } = filter;
  let { y1, y2 } = filter;
  for (let index = 0; index < length; index++) {
    const y = noiseGain * noise[index]! + impactGain * impacts[index]! + a1 * y1 + a2 * y2;
    y2 = y1;
    y1 = y;
    out[index]! += y;
  }
  filter.y1 = y1;
  filter.y2 = y2;
}

/** Each answer waits for the one before it: of two filters one is computed while the other waits. */
function addTwo(one: TwoPoles, other: TwoPoles, { out, forces, length }: Addition): void {
  const { noise, impacts } = forces;
  const { noiseGain, impactGain, a1, a2 } = one;
  const { noiseGain: otherNoiseGain, impactGain: otherImpactGain, a1: b1, a2: b2 } = other;
  let { y1, y2 } = one;
  let { y1: z1, y2: z2 } = other;
  for (let index = 0; index < length; index++) {
    const y = noiseGain * noise[index]! + impactGain * impacts[index]! + a1 * y1 + a2 * y2;
    const z = otherNoiseGain * noise[index]! + otherImpactGain * impacts[index]! + b1 * z1 + b2 * z2;
    y2 = y1;
    y1 = y;
    z2 = z1;
    z1 = z;
    out[index] = out[index]! + y + z;
  }
  one.y1 = y1;
  one.y2 = y2;
  other.y1 = z1;
  other.y2 = z2;
}

/** Impulse-invariant: h[n] = e^(−ζω n/fs) · sin(ω_d n/fs), scaled so that both gains of the resonance hold at any sampling rate. */
function designFilter(resonance: Resonance, sampleRateHz: number): TwoPoles {
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
  return { noiseGain, impactGain, a1, a2, y1: 0, y2: 0 };
}
