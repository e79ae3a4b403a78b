/** Figures of serving: latency from a window's last byte to its decision, time to the first one, and a digest. */
import type { FeatureWindow } from "../../core/contract/stream.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { StudentOutput } from "../../core/serving/loaded-bundle.ts";

export interface ServingFigures {
  /** One window was decided. */
  record(window: FeatureWindow, output: StudentOutput): void;
  /** Calls back with every latency, in milliseconds. */
  onLatency(callback: (milliseconds: number) => void): void;
  describe(): {
    readonly latencyMs: { readonly p50: number; readonly p99: number };
    /** From the start of the process; null before the first prediction. */
    readonly startToFirstPredictionMs: number | null;
    /** The same for the same windows and logits, in whatever order they were decided. */
    readonly decisionsDigest: string;
  };
}

export function createServingFigures(clock: Clock): ServingFigures {
  const latency = createLatencyRecorder();
  let firstMs: number | null = null;
  let digest = 0;
  let tell = (_milliseconds: number): void => {};
  return {
    record: (window, output) => {
      const nowMs = clock.monotonicMs();
      // performance.now() counts from the start of the process.
      firstMs ??= nowMs;
      latency.record(nowMs - window.arrivedMonotonicMs);
      tell(nowMs - window.arrivedMonotonicMs);
      digest = (digest + hashDecision(window, output)) >>> 0;
    },
    onLatency: (callback) => {
      tell = callback;
    },
    describe: () => ({
      latencyMs: { p50: latency.quantile(0.5), p99: latency.quantile(0.99) },
      startToFirstPredictionMs: firstMs,
      decisionsDigest: digest.toString(16).padStart(8, "0"),
    }),
  };
}

/** FNV-1a over the window's id and its quantised logits, the upper band's after the lower one's. */
function hashDecision(window: FeatureWindow, { quantised, bands }: StudentOutput): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < window.id.length; index++) {
    hash = Math.imul(hash ^ window.id.charCodeAt(index), 0x01000193);
  }
  for (const value of quantised) hash = Math.imul(hash ^ value, 0x01000193);
  if (bands !== undefined) {
    for (const value of bands.upper.quantised) hash = Math.imul(hash ^ value, 0x01000193);
  }
  return hash >>> 0;
}

/** Quantiles of what was recorded so far. */
interface LatencyRecorder {
  /** Records one latency; negative values (a clock set back) count as zero. */
  record(milliseconds: number): void;
  /** The upper edge of the bin that holds quantile `q` (0 to 1), at most 2 % too high; 0 when nothing was recorded. */
  quantile(q: number): number;
}

const smallestMs = 0.001;
const growth = Math.log(1.02);
const binCount = 1024;

/**
 * Creates an empty recorder; it tells 1 µs to 10 minutes apart, in logarithmic bins (2 % wide), so that quantiles of a long run cost
 * a fixed 8 kB.
 */
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
  };
}
