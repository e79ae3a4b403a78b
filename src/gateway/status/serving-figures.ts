/** Figures of serving: latency from when a window's last byte was read to its decision, time to the first one, and a digest. */
import type { Decision, ModeDecision } from "../../core/contract/prediction.ts";
import type { FeatureWindow } from "../../core/contract/stream.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { StudentOutput } from "../../core/serving/loaded-bundle.ts";

export interface ServingFigures {
  /** One window was decided. */
  record(decision: Decision, scored: DigestedWindow): void;
  /** Calls back with every latency, in milliseconds. */
  onLatency(callback: (milliseconds: number) => void): void;
  describe(): {
    readonly latencyMs: { readonly p50: number; readonly p99: number };
    /** From the start of the process; null before the first prediction. */
    readonly startToFirstPredictionMs: number | null;
    /**
     * The same for the same decisions: of each point every window's integers, probabilities, alarms and loudness to the bit, in
     * their order; points may have come in any.
     */
    readonly decisionsDigest: string;
  };
}

/** What of a scored window the digest has. */
interface DigestedWindow {
  readonly window: Pick<FeatureWindow, "id" | "arrivedMonotonicMs">;
  readonly output: StudentOutput;
}

export function createServingFigures(clock: Clock): ServingFigures {
  const latency = createLatencyRecorder();
  let firstMs: number | null = null;
  /** By point: of all its decisions so far. */
  const chains = new Map<string, number>();
  let tell = (_milliseconds: number): void => {};
  return {
    record: (decision, { window, output }) => {
      const nowMs = clock.monotonicMs();
      // performance.now() counts from the start of the process.
      firstMs ??= nowMs;
      latency.record(nowMs - window.arrivedMonotonicMs);
      tell(nowMs - window.arrivedMonotonicMs);
      const { turbine, component } = decision.point;
      const point = `${turbine}/${component}`;
      let hash = hashWindow(chains.get(point) ?? firstHash, window.id, output);
      for (const mode of decision.modes) hash = hashMode(hash, mode);
      hash = hashNumber(hash, decision.severityDb ?? Number.NaN);
      chains.set(point, hashNumber(hash, decision.isLearning === true ? 1 : 0));
    },
    onLatency: (callback) => {
      tell = callback;
    },
    describe: () => ({
      latencyMs: { p50: latency.quantile(0.5), p99: latency.quantile(0.99) },
      startToFirstPredictionMs: firstMs,
      decisionsDigest: sumUp(chains.values()).toString(16).padStart(8, "0"),
    }),
  };
}

const firstHash = 0x811c9dc5;
const prime = 0x01000193;
/** A number, and its bits. */
const number = new Float64Array(1);
const bits = new Uint32Array(number.buffer);

/** FNV-1a over the window's id and its quantised logits, the upper band's after the lower one's, on from `hash`. */
function hashWindow(hash: number, id: string, { quantised, bands }: StudentOutput): number {
  let next = hash;
  for (let index = 0; index < id.length; index++) next = Math.imul(next ^ id.charCodeAt(index), prime);
  for (const value of quantised) next = Math.imul(next ^ value, prime);
  if (bands !== undefined) for (const value of bands.upper.quantised) next = Math.imul(next ^ value, prime);
  return next;
}

/** The same over what is said of a failure mode: its alarm, and every number. */
function hashMode(hash: number, mode: ModeDecision): number {
  let next = hash;
  for (let index = 0; index < mode.failureMode.length; index++)
    next = Math.imul(next ^ mode.failureMode.charCodeAt(index), prime);
  next = hashNumber(next, mode.probability);
  next = hashNumber(next, mode.score);
  next = hashNumber(next, mode.threshold);
  next = hashNumber(next, mode.risk ?? Number.NaN);
  next = hashNumber(next, mode.sinceMs ?? Number.NaN);
  return hashNumber(next, mode.active ? 1 : 0);
}

/** The same over the 64 bits of a number; one that is not a number counts as one value. */
function hashNumber(hash: number, value: number): number {
  number[0] = value;
  if (Number.isNaN(value)) bits.fill(0xffffffff);
  return Math.imul(Math.imul(hash ^ bits[0]!, prime) ^ bits[1]!, prime);
}

function sumUp(hashes: Iterable<number>): number {
  let sum = 0;
  for (const hash of hashes) sum = (sum + hash) >>> 0;
  return sum;
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
