/**
 * Thresholds of the PSI by resampling: what would days that are *like* the reference show? Blocks of consecutive rows
 * are drawn together (Künsch, 1989), since autocorrelated rows make a nominal 1 % fire far more often.
 */
import { computeChiSquareQuantile } from "../maths/normal.ts";
import { createRandom } from "../maths/random.ts";
import { computePsi, computeShares } from "./bins.ts";

/** Rows as bins, in their order in time. */
export interface BinnedRows {
  readonly rows: number;
  /** One a feature: bin of each row; 255 where the value was not finite. */
  readonly bins: readonly Uint8Array[];
  /** One a feature: rows in each bin. */
  readonly counts: readonly (readonly number[])[];
  /** Lengths of the runs that are consecutive in time; they sum to `rows`. A block never crosses from one to the next. */
  readonly segments: readonly number[];
}

interface PsiCalibrationOptions {
  readonly seed: number;
  readonly replicates: number;
  readonly blockRows: number;
  /** Increasing. */
  readonly sampleSizes: readonly number[];
  /** The first columns, of which a verdict over all is made; default: all. */
  readonly familySize?: number;
  readonly warningRate: number;
  readonly driftRate: number;
}

/** Thresholds, indexed as [feature][sample size] and [sample size]. */
interface PsiThresholds {
  readonly warning: readonly (readonly number[])[];
  readonly drift: readonly (readonly number[])[];
  readonly familyWarning: readonly number[];
  readonly familyDrift: readonly number[];
}

/**
 * Draws `replicates` days and returns the quantiles of their PSI against the reference. The reference is itself a
 * sample of m rows: a PSI of n rows against it scatters like 1/n + 1/m, so each value is scaled by 1 + n/m. No
 * threshold is below the χ² approximation for independent rows (Yurdakul, 2018), which few resampled days could miss.
 */
export function calibratePsi(data: BinnedRows, options: PsiCalibrationOptions): PsiThresholds {
  const { replicates, sampleSizes } = options;
  const psi = data.bins.map(() => sampleSizes.map(() => new Float64Array(replicates)));
  const shares = data.counts.map(computeShares);
  const draw = createBlockSampler(data.segments, options.blockRows, options.seed);
  const order = new Int32Array(sampleSizes.at(-1) ?? 0);
  for (let replicate = 0; replicate < replicates; replicate++) {
    draw(order);
    for (const [feature, bins] of data.bins.entries()) {
      const counts = new Float64Array(data.counts[feature]!.length);
      let row = 0;
      for (const [size, count] of sampleSizes.entries()) {
        for (; row < count; row++) {
          const bin = bins[order[row]!]!;
          if (bin < counts.length) counts[bin]!++;
        }
        psi[feature]![size]![replicate] =
          computePsi(shares[feature]!, computeShares(counts)) * (1 + count / data.rows);
      }
    }
  }
  return readQuantiles(psi, data, options);
}

function readQuantiles(
  psi: readonly (readonly Float64Array[])[],
  data: BinnedRows,
  options: PsiCalibrationOptions,
): PsiThresholds {
  const thresholdsFor = (rate: number): number[][] =>
    psi.map((ofFeature, feature) => {
      const degrees = Math.max(1, data.counts[feature]!.length - 1);
      const independent = computeChiSquareQuantile(degrees, rate);
      return ofFeature.map((values, size) => {
        const floor = independent * (1 / options.sampleSizes[size]! + 1 / data.rows);
        return Math.max(floor, upperQuantile(values, rate));
      });
    });
  const warning = thresholdsFor(options.warningRate);
  const drift = thresholdsFor(options.driftRate);
  const largest = options.sampleSizes.map((_, size) => {
    const ratios = new Float64Array(options.replicates);
    for (const [feature, ofFeature] of psi.slice(0, options.familySize).entries()) {
      const threshold = drift[feature]![size]!;
      for (let replicate = 0; replicate < ratios.length; replicate++) {
        ratios[replicate] = Math.max(ratios[replicate]!, ofFeature[size]![replicate]! / threshold);
      }
    }
    return ratios;
  });
  return {
    warning,
    drift,
    // A point drifts only if one of its features does; a reference of constants still has a warning level.
    familyWarning: largest.map((ratios) => Math.max(0.1, upperQuantile(ratios, options.warningRate))),
    familyDrift: largest.map((ratios) => Math.max(1, upperQuantile(ratios, options.driftRate))),
  };
}

/** Fills `order` with row numbers: blocks from random starts, cut short where a segment ends. */
function createBlockSampler(
  segments: readonly number[],
  blockRows: number,
  seed: number,
): (order: Int32Array) => void {
  const random = createRandom(seed).fork("drift calibration");
  const rows = segments.reduce((sum, length) => sum + length, 0);
  const segmentEnd = new Int32Array(rows);
  let start = 0;
  for (const length of segments) {
    segmentEnd.fill(start + length, start, start + length);
    start += length;
  }
  return (order) => {
    let filled = 0;
    while (filled < order.length) {
      const from = random.integer(rows);
      const to = Math.min(from + blockRows, segmentEnd[from]!, from + order.length - filled);
      for (let row = from; row < to; row++) order[filled++] = row;
    }
  };
}

/** Smallest value that at most `rate` of the values exceed. */
function upperQuantile(values: Float64Array, rate: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * (1 - rate)) - 1)]!;
}
