/**
 * Chain `band-level`: how strong the signal is in one band of fixed frequencies, in dB. Needs no shaft orders and no
 * long window: a twentieth of a second says something. Absolute by nature: for comparison with a baseline of the same
 * sensor, never for a student's input. Holds two filters' state and four sums.
 */
import type { ChainSpec, FeatureDeclaration } from "../contract/feature-spec.ts";
import { designButterworth, type Section } from "../maths/butterworth.ts";
import type { BoundChain } from "./chain.ts";
import { createParamsReader, refuse } from "./read-params.ts";

/** Running sums of the filtered signal. */
interface BandSums {
  count: number;
  s2: number;
  s4: number;
  peak: number;
}

/** A band whose upper edge lies above this share of the sampling rate is not heard whole. */
const highestShare = 0.45;
/** Filtered samples that must be left after the filters have settled. */
const minSamples = 64;

const operators: Readonly<Record<string, (sums: BandSums) => number>> = {
  "rms-db": ({ s2, count }) => 10 * Math.log10(s2 / count),
  "peak-db": ({ peak }) => 20 * Math.log10(peak),
  // 0 dB: Gaussian noise. Rises with impacts, whatever the level.
  "kurtosis-db": ({ s2, s4, count }) => 10 * Math.log10((s4 * count) / (3 * s2 * s2)),
};

const noSection: Section = { b0: 1, b1: 0, b2: 0, a1: 0, a2: 0 };

/** Binds the chain. @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown operator or a wrong parameter. */
export function bindBandLevelChain(chain: ChainSpec, features: readonly FeatureDeclaration[]): BoundChain {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const fromHz = params.number("fromHz", 1, 1e5);
  const toHz = params.number("toHz", 1, 1e5);
  params.done();
  if (fromHz >= toHz) throw refuse(subject, `the band from ${fromHz} to ${toHz} Hz is empty`);
  const evaluators = features.map((feature) => {
    createParamsReader(feature.params, `feature ${feature.name}`).done();
    const operator = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
    if (operator === undefined) {
      throw refuse(`feature ${feature.name}`, `chain kind band-level has no operator "${feature.operator}"`);
    }
    return operator;
  });

  const sums: BandSums = { count: 0, s2: 0, s4: 0, peak: 0 };
  /** Of both sections, transposed direct form II. */
  const state = new Float64Array(4);
  let high = noSection;
  let low = noSection;
  let designedHz = 0;
  let isHeard = false;
  let settling = 0;
  let first = Number.NaN;

  return {
    begin: ({ sampleRateHz }) => {
      isHeard = toHz <= highestShare * sampleRateHz;
      if (isHeard && designedHz !== sampleRateHz) {
        high = designButterworth("highpass", fromHz, sampleRateHz);
        low = designButterworth("lowpass", toHz, sampleRateHz);
        designedHz = sampleRateHz;
      }
      // One period of the lower edge: by then the high-pass has forgotten how the window began.
      settling = Math.ceil(sampleRateHz / fromHz);
      state.fill(0);
      sums.count = 0;
      sums.s2 = 0;
      sums.s4 = 0;
      sums.peak = 0;
      first = Number.NaN;
    },
    push: (counts, from, to, scale) => {
      if (!isHeard || to <= from) return;
      // From the first sample's level on, so that a constant offset does not ring.
      if (Number.isNaN(first)) first = counts[from]! * scale;
      const { b0: h0, b1: h1, b2: h2, a1: g1, a2: g2 } = high;
      const { b0: l0, b1: l1, b2: l2, a1: k1, a2: k2 } = low;
      let u = state[0]!;
      let v = state[1]!;
      let w = state[2]!;
      let z = state[3]!;
      let { count, s2, s4, peak } = sums;
      for (let index = from; index < to; index++) {
        const input = counts[index]! * scale - first;
        const middle = h0 * input + u;
        u = h1 * input - g1 * middle + v;
        v = h2 * input - g2 * middle;
        const output = l0 * middle + w;
        w = l1 * middle - k1 * output + z;
        z = l2 * middle - k2 * output;
        if (settling > 0) {
          settling--;
          continue;
        }
        const square = output * output;
        s2 += square;
        s4 += square * square;
        const magnitude = Math.abs(output);
        if (magnitude > peak) peak = magnitude;
        count++;
      }
      state[0] = u;
      state[1] = v;
      state[2] = w;
      state[3] = z;
      sums.count = count;
      sums.s2 = s2;
      sums.s4 = s4;
      sums.peak = peak;
    },
    finish: () => {},
    // A dead signal has no level: −∞ and 0/0 both say nothing.
    evaluate: (index) => {
      if (sums.count < minSamples) return Number.NaN;
      const value = evaluators[index]!(sums);
      return Number.isFinite(value) ? value : Number.NaN;
    },
  };
}
