/** Records latencies into logarithmic bins (2 % wide) so that quantiles of a long run cost a fixed 8 kB. */

/** Quantiles of what was recorded so far. */
interface LatencyRecorder {
  /** Records one latency; negative values (a clock set back) count as zero. */
  record(milliseconds: number): void;
  /** The upper edge of the bin that holds quantile `q` (0 to 1), at most 2 % too high; 0 when nothing was recorded. */
  quantile(q: number): number;
  readonly count: number;
}

const smallestMs = 0.001;
const growth = Math.log(1.02);
const binCount = 1024;

/** Creates an empty recorder; it tells 1 µs to 10 minutes apart. */
export function createLatencyRecorder(): LatencyRecorder {
  const bins = new Float64Array(binCount);
  let count = 0;
  return {
    record: (milliseconds) => {
      const bin = milliseconds <= smallestMs ? 0 : Math.ceil(Math.log(milliseconds / smallestMs) / growth);
      bins[Math.min(bin, binCount - 1)]! += 1;
      count++;
    },
    quantile: (q) => {
      if (count === 0) return 0;
      let left = Math.ceil(q * count);
      for (let bin = 0; bin < binCount; bin++) {
        left -= bins[bin]!;
        if (left <= 0) return smallestMs * Math.exp(bin * growth);
      }
      return smallestMs * Math.exp((binCount - 1) * growth);
    },
    get count() {
      return count;
    },
  };
}
