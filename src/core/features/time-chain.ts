/**
 * Chain `time`: statistics of the raw signal in its physical unit, with its constant part. Takes no parameters, holds
 * sums only.
 */
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import type { BoundChain } from "./chain.ts";
import { createParamsReader, refuse } from "./read-params.ts";

/** Sums over a window. Powers are taken about the first sample, which keeps their differences exact enough. */
interface TimeSums {
  count: number;
  shift: number;
  s1: number;
  s2: number;
  s3: number;
  s4: number;
  absolute: number;
  root: number;
  min: number;
  max: number;
}

/** Moments about the mean, each divided by the number of samples. */
interface Moments {
  readonly mean: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

const operators: Readonly<Record<string, (sums: TimeSums) => number>> = {
  mean: (sums) => momentsOf(sums).mean,
  /** √(Σx²/n). */
  rms: rmsOf,
  /** Population standard deviation. */
  std: (sums) => Math.sqrt(momentsOf(sums).m2),
  /** max |x|. */
  peak: peakOf,
  "peak-to-peak": (sums) => (sums.count > 0 ? sums.max - sums.min : Number.NaN),
  /** Mean of |x|. */
  "absolute-mean": (sums) => sums.absolute / sums.count,
  /** peak / rms. */
  "crest-factor": (sums) => peakOf(sums) / rmsOf(sums),
  /** m₄/m₂²: 3 for a normal distribution. */
  kurtosis: (sums) => {
    const { m2, m4 } = momentsOf(sums);
    return m2 > 0 ? m4 / (m2 * m2) : Number.NaN;
  },
  /** m₃/m₂^1.5. */
  skewness: (sums) => {
    const { m2, m3 } = momentsOf(sums);
    return m2 > 0 ? m3 / (m2 * Math.sqrt(m2)) : Number.NaN;
  },
  /** rms / mean |x|. */
  "shape-factor": (sums) => rmsOf(sums) / (sums.absolute / sums.count),
  /** peak / mean |x|. */
  "impulse-factor": (sums) => peakOf(sums) / (sums.absolute / sums.count),
  /** peak / (mean √|x|)². */
  "clearance-factor": (sums) => peakOf(sums) / (sums.root / sums.count) ** 2,
};

/** Binds the chain. @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown operator or any parameter. */
export function bindTimeChain(chain: ChainSpec, features: readonly FeatureDeclaration[]): () => BoundChain {
  createParamsReader(chain.params, `chain ${chain.name}`).done();
  const evaluators = features.map((feature) => {
    createParamsReader(feature.params, `feature ${feature.name}`).done();
    const operator = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
    if (operator === undefined) {
      throw refuse(`feature ${feature.name}`, `chain kind time has no operator "${feature.operator}"`);
    }
    return operator;
  });
  return () => createTimeChain(evaluators);
}

function createTimeChain(evaluators: readonly ((sums: TimeSums) => number)[]): BoundChain {
  const sums: TimeSums = {
    count: 0,
    shift: 0,
    s1: 0,
    s2: 0,
    s3: 0,
    s4: 0,
    absolute: 0,
    root: 0,
    min: 0,
    max: 0,
  };
  return {
    begin: () => {
      sums.count = 0;
      sums.s1 = 0;
      sums.s2 = 0;
      sums.s3 = 0;
      sums.s4 = 0;
      sums.absolute = 0;
      sums.root = 0;
      sums.min = Number.POSITIVE_INFINITY;
      sums.max = Number.NEGATIVE_INFINITY;
    },
    push: ({ counts, from, to, scale }) => {
      if (to <= from) return;
      if (sums.count === 0) sums.shift = counts[from]! * scale;
      const shift = sums.shift;
      let { s1, s2, s3, s4, absolute, root, min, max } = sums;
      for (let index = from; index < to; index++) {
        const value = counts[index]! * scale;
        const magnitude = Math.abs(value);
        const deviation = value - shift;
        const square = deviation * deviation;
        s1 += deviation;
        s2 += square;
        s3 += square * deviation;
        s4 += square * square;
        absolute += magnitude;
        root += Math.sqrt(magnitude);
        if (value < min) min = value;
        if (value > max) max = value;
      }
      sums.s1 = s1;
      sums.s2 = s2;
      sums.s3 = s3;
      sums.s4 = s4;
      sums.absolute = absolute;
      sums.root = root;
      sums.min = min;
      sums.max = max;
      sums.count += to - from;
    },
    finish: () => {},
    evaluate: (index) => evaluators[index]!(sums),
  };
}

function momentsOf({ count, shift, s1, s2, s3, s4 }: TimeSums): Moments {
  const d = s1 / count;
  const q2 = s2 / count;
  const q3 = s3 / count;
  const q4 = s4 / count;
  return {
    mean: shift + d,
    m2: Math.max(0, q2 - d * d),
    m3: q3 - 3 * d * q2 + 2 * d ** 3,
    m4: q4 - 4 * d * q3 + 6 * d * d * q2 - 3 * d ** 4,
  };
}

function rmsOf(sums: TimeSums): number {
  const { mean, m2 } = momentsOf(sums);
  return Math.sqrt(m2 + mean * mean);
}

function peakOf(sums: TimeSums): number {
  return sums.count > 0 ? Math.max(Math.abs(sums.min), Math.abs(sums.max)) : Number.NaN;
}
