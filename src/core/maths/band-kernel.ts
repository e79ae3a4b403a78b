/**
 * Filters a signal into several bands at once, each by a high-pass and a low-pass section in a row, and sums up what comes
 * out. The zeros of both sections together are the same for all bands, two at zero frequency and two at half of the rate: they are
 * taken once, on the way in. What is left of a band are two recursions, of four products; their gains are left out.
 */
import type { ButterworthSection } from "./filter-design.ts";

/** Most samples of one run. */
export const bandKernelSamples = 512;
/** What is summed up of a band: Σy², largest |y|. */
export type BandSum = "s2" | "peak";
/** Doubles of one pair of bands: a value of the first band, the same of the second, and so on. */
export const bandPairDoubles = 20;
/** The first of them that changes. */
export const firstBandVariable = 8;
/** Where the sums of a pair's first band lie; those of the second band lie behind each. */
export const bandSums: Readonly<Record<BandSum, number>> = { s2: 16, peak: 18 };
/** The newest inputs of before, behind all pairs of a bank. */
export const bandHistoryDoubles = 4;

/** The make of a kernel, pair by pair. */
export type BandKernelMake = readonly BandPairMake[];

interface BandPairMake {
  /** What is read of both bands. Other sums are not computed, or nobody's. */
  readonly sums: readonly BandSum[];
  /**
   * For a pair of one band: a band of an earlier pair with the same high-pass. It may be run once for both; what the bank then says
   * of the later one's is nobody's.
   */
  readonly sharesHighPassOf?: number;
}

/** One of a make for the whole process: a bank of pairs is put in, run and taken out again. */
export interface BandKernel {
  /** The input, {@link bandKernelSamples} values. */
  readonly input: Float64Array;
  /** Makes the input of counts, at most {@link bandKernelSamples}: count · scale − level. */
  fill(counts: Int16Array, scale: number, level: number): void;
  /** Runs all pairs (see {@link fillBand}) over the first `samples` values of the input, 1 … {@link bandKernelSamples}. */
  run(bank: Float64Array, samples: number): void;
}

/** Where a band lies in a bank of pairs: two, a pair. */
export interface BandPlace {
  readonly bank: Float64Array;
  readonly index: number;
}

/** Creates a bank for so many bands, with nothing in it. */
export function createBandBank(bands: number): Float64Array {
  return new Float64Array(bandPairDoubles * Math.ceil(bands / 2) + bandHistoryDoubles);
}

/** Where a value of a pair lies for this band. */
export function locateBandValue({ index }: Pick<BandPlace, "index">, value: number): number {
  return (index >> 1) * bandPairDoubles + value + (index & 1);
}

/**
 * Writes the sections of a band into its bank, without state or sums. Their gains are left out: what is summed up is as much
 * larger than the band's signal.
 */
export function fillBand(place: BandPlace, high: ButterworthSection, low: ButterworthSection): void {
  const values = [high.a1, high.a2, low.a1, low.a2];
  for (let value = 0; value < bandPairDoubles / 2; value++) {
    place.bank[locateBandValue(place, 2 * value)] = values[value] ?? 0;
  }
}

/** Forgets state and sums of all bands. */
export function resetBandBank(bank: Float64Array): void {
  const end = bank.length - bandHistoryDoubles;
  for (let pair = 0; pair < end; pair += bandPairDoubles)
    bank.fill(0, pair + firstBandVariable, pair + bandPairDoubles);
  bank.fill(0, end);
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptBandKernel(): BandKernel {
  const given = new Float64Array(bandHistoryDoubles + bandKernelSamples);
  const input = given.subarray(bandHistoryDoubles);
  const differences = new Float64Array(bandKernelSamples);
  return {
    input,
    fill: (counts, scale, level) => {
      for (let index = 0; index < counts.length; index++) input[index] = counts[index]! * scale - level;
    },
    run: (bank, samples) => {
      const end = bank.length - bandHistoryDoubles;
      for (let index = 0; index < bandHistoryDoubles; index++) given[index] = bank[end + index]!;
      for (let index = 0; index < samples; index++) {
        const middle = given[index + 2]!;
        differences[index] = input[index]! - (middle + middle) + given[index]!;
      }
      for (let pair = 0; pair < end; pair += bandPairDoubles) {
        for (let side = 0; side < 2; side++) filterBand(differences, samples, bank.subarray(pair + side));
      }
      for (let index = 0; index < bandHistoryDoubles; index++) bank[end + index] = given[samples + index]!;
    },
  };
}

/** Every second value of `band` is its own. */
function filterBand(differences: Float64Array, samples: number, band: Float64Array): void {
  const a1 = band[0]!;
  const a2 = band[2]!;
  const k1 = band[4]!;
  const k2 = band[6]!;
  let m1 = band[8]!;
  let m2 = band[10]!;
  let y1 = band[12]!;
  let y2 = band[14]!;
  let s2 = band[16]!;
  let peak = band[18]!;
  for (let index = 0; index < samples; index++) {
    const middle = differences[index]! - a2 * m2 - a1 * m1;
    m2 = m1;
    m1 = middle;
    const y = middle - k2 * y2 - k1 * y1;
    y2 = y1;
    y1 = y;
    s2 += y * y;
    const magnitude = Math.abs(y);
    if (peak < magnitude) peak = magnitude;
  }
  band[8] = m1;
  band[10] = m2;
  band[12] = y1;
  band[14] = y2;
  band[16] = s2;
  band[18] = peak;
}
