/**
 * The amplitude spectrum of an angle-sampled signal over orders of the shaft speed, and the logarithmic
 * signal-to-noise ratio of a line in it: log(peak near the order / median around it). Free of level by construction.
 */

import type { ChainSpec } from "../contract/bundle/feature-spec.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { shareSpectrumKernel } from "../maths/spectrum-vectors.ts";
import { type Comb, type CombHeights, createCombFit } from "./comb-fit.ts";

/** Medians are kept on this grid of orders, so that neighbouring features share them. */
const floorGridOrders = 0.25;
/** Below this the Hann window's main lobe at zero order reigns. */
const lowestOrder = 0.1;
/** Lengths whose Hann windows are kept. */
const keptWindows = 4;
/** Share of the Nyquist order above which the envelope's low-pass bends the floor. */
const passband = 0.8;

/** Highest order that a spectrum of so many samples a revolution may be asked for. */
export function highestOrderOf(samplesPerRevolution: number): number {
  return (passband * samplesPerRevolution) / 2;
}

/** Medians that it keeps: from order 0 to a step beyond the highest. */
export function countFloors(samplesPerRevolution: number): number {
  return Math.ceil(highestOrderOf(samplesPerRevolution) / floorGridOrders) + 2;
}

/** One spectrum at a time, of all of one size; nothing of it allocates. */
export interface OrderSpectrum {
  /** Distance of two bins in orders. */
  readonly binOrders: number;
  /** Lowest and highest order at which `logSnr` may look. */
  readonly lowestOrder: number;
  readonly highestOrder: number;
  /** Amplitudes of the last spectrum (unscaled), fftSize/2 + 1 bins. */
  readonly amplitudes: Float64Array;
  /** Holds `samples[0 … count)` to their limit, removes their mean, applies a Hann window, pads with zeros and transforms. */
  compute(samples: Float32Array, count: number): void;
  /** Puts other amplitudes, of as many bins, in place of the computed ones. */
  replace(others: Float64Array): void;
  /**
   * ln(largest amplitude within `order`·(1 ± tolerance) / median amplitude within ± floorOrders), for the order of a
   * fault: bins that a harmonic of the shaft fills are passed over, even where the order itself lies among them (what
   * a fault has there cannot be told from a misaligned shaft); 0 when no bin is left.
   * NaN when the spectrum is without energy there or the order lies outside the spectrum.
   */
  logSnr(order: number, tolerance: number): number;
  /**
   * The order at which the line stands whose height `logSnr` tells, between the bins; NaN where no bin is left. The top of
   * the parabola through the logarithms of three bins: a Hann window's line is one, nearly. Below 0, less that order: it is the flank
   * of a higher one, which stands beyond the search or in what is passed over beside a harmonic of the shaft.
   */
  findLine(order: number, tolerance: number): number;
  /** The same of the line that `shaftLogSnr` tells. */
  findShaftLine(order: number, tolerance: number): number;
  /** The same for a harmonic of the shaft itself: nothing is passed over. */
  shaftLogSnr(order: number, tolerance: number): number;
  /**
   * The heights of `comb` at the one deviation, in steps of a bin of its highest line, at which lines and side bands together
   * stand highest: what noise happens to have within each line's own reach counts for less. A line is the largest of three
   * bins; what a harmonic of the shaft fills, and what lies outside the spectrum, is as high as the median.
   */
  fitComb(comb: Comb): CombHeights;
}

/** The make of a spectrum. */
export interface OrderSpectrumOptions {
  readonly samplesPerRevolution: number;
  /** Most samples. */
  readonly fftSize: number;
  /** Half width of the median, orders. */
  readonly floorOrders: number;
  /**
   * Half width of a shaft harmonic's line, orders: up to 2 / revolutions of the window, which is where a Hann window's
   * line ends; 0 passes nothing over.
   */
  readonly shaftGuardOrders: number;
  /**
   * Most that a sample counts for, times the mean of a window's: a knock that has nothing to do with the shaft is heard as loud
   * as this, a bearing's impacts, which are many, as they are. 0: no limit.
   */
  readonly envelopeLimit: number;
}

/** `shaftGuardOrders` of a window that is shorter by `widening`: in steps, because a spectrum is kept for every width. */
export function widenShaftGuard(shaftGuardOrders: number, widening: number): number {
  return Math.min(0.4, Math.ceil(100 * shaftGuardOrders * widening) / 100);
}

/** `chain` for windows that are shorter by `widening`: the lines of the shaft's harmonics, which features pass over, are as much wider. */
export function widenShaftLines(chain: ChainSpec, widening: number): ChainSpec {
  const guard = chain.params.shaftGuardOrders;
  if (typeof guard !== "number") return chain;
  return {
    ...chain,
    params: { ...chain.params, shaftGuardOrders: widenShaftGuard(guard, widening) },
  };
}

/**
 * A spectrum lives from `finish` to the last `evaluate`, which no other window comes between: all extractors share
 * one of a kind. A gateway with hundreds of points would otherwise hold 100 kB for each.
 */
const sharedSpectra = new Map<string, OrderSpectrum>();

/** The spectrum of a kind that all windows of this process share: what it holds is of the window that ended last. */
export function shareSpectrum(options: OrderSpectrumOptions): OrderSpectrum {
  const { samplesPerRevolution, fftSize, floorOrders, shaftGuardOrders, envelopeLimit } = options;
  const key = `${samplesPerRevolution}/${fftSize}/${floorOrders}/${shaftGuardOrders}/${envelopeLimit}`;
  return findOrMake(sharedSpectra, key, () => createOrderSpectrum(options));
}

export function createOrderSpectrum(options: OrderSpectrumOptions): OrderSpectrum {
  const { samplesPerRevolution, fftSize, floorOrders, shaftGuardOrders, envelopeLimit } = options;
  const kernel = shareSpectrumKernel(fftSize);
  const { input, amplitudes } = kernel;
  const bins = fftSize / 2 + 1;
  const binOrders = samplesPerRevolution / fftSize;
  const highestOrder = highestOrderOf(samplesPerRevolution);
  const lowestBin = Math.ceil(lowestOrder / binOrders);
  const highestBin = Math.min(bins - 1, Math.floor(highestOrder / binOrders));
  /** Hann windows by their lengths. */
  const windows = new Map<number, Float64Array>();
  const floors = new Float64Array(countFloors(samplesPerRevolution));
  const ofShaft = (order: number): boolean => Math.abs(order - Math.round(order)) < shaftGuardOrders;
  const isShaftBin = Uint8Array.from({ length: bins }, (_, bin) => (ofShaft(bin * binOrders) ? 1 : 0));

  const floorNear = (order: number): number => {
    const slot = Math.round(order / floorGridOrders);
    const known = floors[slot]!;
    if (known >= 0) return known;
    const centre = slot * floorGridOrders;
    const from = Math.max(lowestBin, Math.round((centre - floorOrders) / binOrders));
    const to = Math.min(highestBin, Math.round((centre + floorOrders) / binOrders));
    const floor = kernel.median(from, to + 1);
    floors[slot] = floor;
    return floor;
  };

  /** `passOver` is 1 or 0, as below. */
  const findTop = (order: number, tolerance: number, passOver: number): number => {
    if (!(order >= lowestOrder && order <= highestOrder)) return Number.NaN;
    const reach = order * tolerance;
    const from = Math.max(lowestBin, Math.floor((order - reach) / binOrders));
    const to = Math.min(highestBin, Math.ceil((order + reach) / binOrders));
    let top = -1;
    for (let bin = from; bin <= to; bin++) {
      if ((isShaftBin[bin]! & passOver) === 0 && (top < 0 || amplitudes[bin]! > amplitudes[top]!)) top = bin;
    }
    if (top < 1 || top + 1 >= bins || !(amplitudes[top]! > 0)) return Number.NaN;
    const before = Math.log(amplitudes[top - 1]!);
    const at = Math.log(amplitudes[top]!);
    const after = Math.log(amplitudes[top + 1]!);
    if (!(before <= at && after <= at && before + after < 2 * at)) return -top * binOrders;
    return (top + (0.5 * (before - after)) / (before - 2 * at + after)) * binOrders;
  };

  /** `passOver` is 1 or 0: compared with the table of shaft bins without a branch. */
  const computeLogSnr = (order: number, tolerance: number, passOver: number): number => {
    if (!(order >= lowestOrder && order <= highestOrder)) return Number.NaN;
    const reach = order * tolerance;
    const from = Math.max(lowestBin, Math.floor((order - reach) / binOrders));
    const to = Math.min(highestBin, Math.ceil((order + reach) / binOrders));
    const floor = floorNear(order);
    if (!(floor > 0)) return Number.NaN;
    let peak = passOver === 1 && ofShaft(order) ? 0 : amplitudes[Math.round(order / binOrders)]!;
    for (let bin = from; bin <= to; bin++) {
      if ((isShaftBin[bin]! & passOver) === 0 && amplitudes[bin]! > peak) peak = amplitudes[bin]!;
    }
    return peak > 0 ? Math.log(peak / floor) : 0;
  };

  const combs = createCombFit({
    binOrders,
    lowestBin,
    highestBin,
    raise: () => kernel.ridge(isShaftBin),
    floorNear,
  });
  /** Forgets what was known of the spectrum before. */
  const renew = (): void => {
    floors.fill(-1);
    combs.renew();
  };

  return {
    binOrders,
    lowestOrder,
    highestOrder,
    amplitudes,
    compute: (samples, count) => {
      const hann = findOrMake(windows, count, () => {
        // Windows of one speed differ by a sample or two.
        if (windows.size >= keptWindows) windows.clear();
        return tabulateHann(count);
      });
      sumUp(samples, count);
      const most = envelopeLimit * (totals.sum / count);
      if (envelopeLimit > 0 && totals.largest > most) {
        const mean = computeMean(samples, count, most);
        for (let index = 0; index < count; index++) {
          input[index] = (Math.min(samples[index]!, most) - mean) * hann[index]!;
        }
      } else {
        const mean = totals.sum / count;
        for (let index = 0; index < count; index++) input[index] = (samples[index]! - mean) * hann[index]!;
      }
      input.fill(0, count);
      kernel.transform();
      renew();
    },
    replace: (others) => {
      amplitudes.set(others);
      renew();
    },
    logSnr: (order, tolerance) => computeLogSnr(order, tolerance, 1),
    findLine: (order, tolerance) => findTop(order, tolerance, 1),
    findShaftLine: (order, tolerance) => findTop(order, tolerance, 0),
    shaftLogSnr: (order, tolerance) => computeLogSnr(order, tolerance, 0),
    fitComb: combs.fit,
  };
}

/** Weights of a symmetric Hann window: it is 0 at both ends. */
function tabulateHann(count: number): Float64Array {
  const period = Math.max(1, count - 1);
  return Float64Array.from(
    { length: count },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / period),
  );
}

const totals = { sum: 0, largest: 0 };

/** Of one pass: a sum waits for the one before, and what is compared meanwhile costs nothing. */
function sumUp(samples: Float32Array, count: number): void {
  let sum = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const sample = samples[index]!;
    sum += sample;
    if (sample > largest) largest = sample;
  }
  totals.sum = sum;
  totals.largest = largest;
}

/** Of values that count for `most` at most. */
function computeMean(samples: Float32Array, count: number, most: number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += Math.min(samples[index]!, most);
  return sum / count;
}
