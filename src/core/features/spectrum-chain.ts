/**
 * Chain `spectrum`: Welch's averaged power spectrum of the raw signal (Welch 1967: Hann window, half overlap, mean
 * removed of each segment), in the physical unit squared per Hz. Holds one segment.
 */
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import { tabulateHann } from "../maths/hann-window.ts";
import { createRealFft } from "../maths/real-fft.ts";
import type { BoundChain } from "./chain.ts";
import { createParamsReader, type ParamsReader, refuse } from "./read-params.ts";

/** Bins of the averaged spectrum: power in unit² of each, one-sided. */
interface PowerView {
  /** Σ over a range of bins is the mean square in that band. */
  readonly power: Float64Array;
  binHz: number;
  segments: number;
}

type Evaluator = (view: PowerView) => number;

/** Binds the chain; parameter `fftSize`: length of a segment, a power of two. */
export function bindSpectrumChain(
  chain: ChainSpec,
  features: readonly FeatureDeclaration[],
): () => BoundChain {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const fftSize = params.integer("fftSize", 64, 16_384);
  params.done();
  if ((fftSize & (fftSize - 1)) !== 0) throw refuse(subject, `fftSize ${fftSize} is not a power of two`);
  const evaluators = features.map(bindSpectrumOperator);
  return () => createSpectrumChain(fftSize, evaluators);
}

function createSpectrumChain(fftSize: number, evaluators: readonly Evaluator[]): BoundChain {
  const fft = createRealFft(fftSize);
  const half = fftSize / 2;
  const segment = new Float64Array(fftSize);
  const windowed = new Float64Array(fftSize);
  const hann = tabulateHann(fftSize, fftSize);
  const hannEnergy = hann.reduce((sum, value) => sum + value * value, 0);
  const real = new Float64Array(half + 1);
  const imag = new Float64Array(half + 1);
  const sums = new Float64Array(half + 1);
  const view: PowerView = { power: new Float64Array(half + 1), binHz: 0, segments: 0 };
  let filled = 0;

  const addSegment = (): void => {
    let mean = 0;
    for (let index = 0; index < fftSize; index++) mean += segment[index]!;
    mean /= fftSize;
    for (let index = 0; index < fftSize; index++) windowed[index] = (segment[index]! - mean) * hann[index]!;
    fft.forward(windowed, real, imag);
    for (let bin = 0; bin <= half; bin++) {
      const re = real[bin]!;
      const im = imag[bin]!;
      sums[bin]! += re * re + im * im;
    }
    view.segments++;
    segment.copyWithin(0, half);
    filled = half;
  };

  return {
    begin: (context) => {
      sums.fill(0);
      filled = 0;
      view.segments = 0;
      view.binHz = context.sampleRateHz / fftSize;
    },
    push: ({ counts, from, to, scale }) => {
      let next = from;
      while (next < to) {
        const end = Math.min(to, next + fftSize - filled);
        for (let index = next; index < end; index++) segment[filled++] = counts[index]! * scale;
        next = end;
        if (filled === fftSize) addSegment();
      }
    },
    finish: () => {
      // One-sided: every bin but the first and last stands for its mirror image too.
      const factor = 1 / (view.segments * hannEnergy * fftSize);
      for (let bin = 0; bin <= half; bin++) {
        view.power[bin] = sums[bin]! * factor * (bin === 0 || bin === half ? 1 : 2);
      }
    },
    evaluate: (index) => evaluators[index]!(view),
  };
}

function bindSpectrumOperator(feature: FeatureDeclaration): Evaluator {
  const subject = `feature ${feature.name}`;
  const params = createParamsReader(feature.params, subject);
  switch (feature.operator) {
    case "band-energy": {
      // Mean square between fromHz (inclusive) and toHz (exclusive), unit².
      const [fromHz, toHz] = readBand(params, subject);
      return (view) => (view.segments === 0 ? Number.NaN : sumBand(view, fromHz, toHz));
    }
    case "band-energy-share": {
      // The same as a share of the whole spectrum, 0 … 1: free of level.
      const [fromHz, toHz] = readBand(params, subject);
      return (view) => sumBand(view, fromHz, toHz) / sumBand(view, 0, Number.POSITIVE_INFINITY);
    }
    case "spectral-centroid": {
      // Mean frequency, weighted by power, Hz.
      params.done();
      return (view) => {
        let weighted = 0;
        let total = 0;
        for (let bin = 0; bin < view.power.length; bin++) {
          weighted += view.power[bin]! * bin * view.binHz;
          total += view.power[bin]!;
        }
        return weighted / total;
      };
    }
    default:
      throw refuse(subject, `chain kind spectrum has no operator "${feature.operator}"`);
  }
}

function readBand(params: ParamsReader, subject: string): [number, number] {
  const fromHz = params.number("fromHz", 0, 1e6);
  const toHz = params.number("toHz", 0, 1e6);
  params.done();
  if (fromHz >= toHz) throw refuse(subject, `the band from ${fromHz} to ${toHz} Hz is empty`);
  return [fromHz, toHz];
}

/** Power of the bins with fromHz ≤ frequency < toHz; NaN where the band begins above the Nyquist frequency. */
function sumBand(view: PowerView, fromHz: number, toHz: number): number {
  const first = Math.ceil(fromHz / view.binHz);
  if (first >= view.power.length) return Number.NaN;
  let sum = 0;
  for (let bin = first; bin < view.power.length && bin * view.binHz < toHz; bin++) sum += view.power[bin]!;
  return sum;
}
