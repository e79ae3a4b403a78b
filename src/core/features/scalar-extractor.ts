/**
 * Executes a feature spec on windows of scalar readings (SCADA): chain kind `readings`, one a channel, with their mean, and
 * its exponential average over windows. Nothing that depends on how many readings a window has: a row of a table that is
 * learnt from has one, a gateway cuts many.
 */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { checkCatalogueVersion, createParamsReader, refuse, refuseOperator } from "./read-params.ts";

const operators: readonly string[] = ["mean", "recent-mean"];

/** The running mean of one channel over one window (Welford 1962: no difference of large sums). */
interface ReadingMean {
  count: number;
  mean: number;
}

/** The average of one feature over windows, and the window that it was last moved by. */
interface RecentMean {
  readonly value: number;
  readonly atMs: number;
}

/**
 * What outlives a window, by the feature's name: the averages of `recent-mean`. One a turbine; the extractors of windows
 * that are open side by side share it. Plain data, so that it can be kept over a restart.
 */
export type ReadingMemory = Map<string, RecentMean>;

/** One window at a time. */
interface ScalarExtractor {
  /** Channels that the spec reads, each once: a window needs a reading of every one. */
  readonly channels: readonly string[];
  begin(): void;
  /** Takes one reading; channels that the spec does not name are ignored. */
  push(channel: string, value: number): void;
  /**
   * Writes the features from `offset`; NaN for a channel without a reading. `fromMs` is the window's begin, which
   * `recent-mean` measures time by: windows must be finished in order.
   */
  finish(out: Float32Array, offset: number, fromMs?: number): void;
}

/** Creates an extractor. @throws AuroraError BUNDLE_INCOMPATIBLE for anything that this catalogue does not know. */
export function createScalarExtractor(spec: FeatureSpec, memory: ReadingMemory = new Map()): ScalarExtractor {
  checkCatalogueVersion(spec);
  const sumsOf = new Map<string, ReadingMean>();
  const channelOf = new Map<string, string>();
  for (const chain of spec.chains) {
    const subject = `chain ${chain.name}`;
    if (chain.kind !== "readings") {
      throw refuse(subject, `kind "${chain.kind}" does not read scalars; there is readings`);
    }
    const params = createParamsReader(chain.params, subject);
    const channel = params.text("channel");
    params.done();
    channelOf.set(chain.name, channel);
    if (!sumsOf.has(channel)) sumsOf.set(channel, { count: 0, mean: 0 });
  }
  const evaluators = spec.list.map((feature) => {
    const subject = `feature ${feature.name}`;
    if (!operators.includes(feature.operator)) throw refuseOperator(feature, "readings", operators);
    const params = createParamsReader(feature.params, subject);
    const tauMs =
      feature.operator === "recent-mean" ? params.number("tauHours", 1e-3, 1e4) * 3_600_000 : Number.NaN;
    params.done();
    const sums = sumsOf.get(channelOf.get(feature.chain) ?? "");
    if (sums === undefined) throw refuse(subject, `no chain "${feature.chain}"`);
    return (fromMs: number): number => {
      if (sums.count === 0) return Number.NaN;
      const { mean: value } = sums;
      return Number.isNaN(tauMs) ? value : moveRecentMean(memory, feature.name, { value, fromMs, tauMs });
    };
  });
  return {
    channels: [...sumsOf.keys()],
    begin: () => {
      for (const sums of sumsOf.values()) Object.assign(sums, { count: 0, mean: 0 });
    },
    push: (channel, value) => {
      const sums = sumsOf.get(channel);
      if (sums !== undefined) addReading(sums, value);
    },
    finish: (out, offset, fromMs = Number.NaN) => {
      for (const [index, evaluate] of evaluators.entries()) out[offset + index] = evaluate(fromMs);
    },
  };
}

/** s += (1 − e^(−Δt/τ)) · (x − s): the exponential average of unevenly spaced values; begins with the first one. */
function moveRecentMean(
  memory: ReadingMemory,
  name: string,
  { value, fromMs, tauMs }: { readonly value: number; readonly fromMs: number; readonly tauMs: number },
): number {
  const before = memory.get(name);
  // Without a time, or with one before the last, the past cannot be weighed: it stands as it is.
  const elapsedMs = before === undefined ? Number.POSITIVE_INFINITY : fromMs - before.atMs;
  if (before !== undefined && !(elapsedMs > 0)) return before.value;
  const mean =
    before === undefined ? value : before.value - Math.expm1(-elapsedMs / tauMs) * (value - before.value);
  memory.set(name, { value: mean, atMs: fromMs });
  return mean;
}

function addReading(sums: ReadingMean, value: number): void {
  sums.count++;
  sums.mean += (value - sums.mean) / sums.count;
}
