/**
 * Executes a feature spec on windows of scalar readings (SCADA): chain kind `readings`, one a channel, with the four
 * statistics of IEC 61400-25 and few more. Holds sums only, and of the past one exponential average a feature.
 */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { checkCatalogueVersion, createParamsReader, refuse } from "./read-params.ts";

/** Running statistics of one channel over one window (Welford 1962: no difference of large sums). */
interface ReadingSums {
  count: number;
  mean: number;
  squares: number;
  min: number;
  max: number;
  first: number;
  last: number;
}

const operators: Readonly<Record<string, (sums: ReadingSums) => number>> = {
  mean: (sums) => sums.mean,
  min: (sums) => sums.min,
  max: (sums) => sums.max,
  /** Population standard deviation. */
  std: (sums) => Math.sqrt(sums.squares / sums.count),
  range: (sums) => sums.max - sums.min,
  /** Last less first reading: the trend over the window. */
  change: (sums) => sums.last - sums.first,
  last: (sums) => sums.last,
};

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
  readonly featureNames: readonly string[];
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
  const sumsOf = new Map<string, ReadingSums>();
  const channelOf = new Map<string, string>();
  for (const chain of spec.chains) {
    const subject = `chain ${chain.name}`;
    if (chain.kind !== "readings") throw refuse(subject, `kind "${chain.kind}" does not read scalars`);
    const params = createParamsReader(chain.params, subject);
    const channel = params.text("channel");
    params.done();
    channelOf.set(chain.name, channel);
    if (!sumsOf.has(channel)) sumsOf.set(channel, emptySums());
  }
  const evaluators = spec.list.map((feature) => {
    const subject = `feature ${feature.name}`;
    const params = createParamsReader(feature.params, subject);
    const tauMs =
      feature.operator === "recent-mean" ? params.number("tauHours", 1e-3, 1e4) * 3_600_000 : Number.NaN;
    params.done();
    const operator =
      feature.operator === "recent-mean"
        ? operators.mean
        : Object.hasOwn(operators, feature.operator)
          ? operators[feature.operator]
          : undefined;
    if (operator === undefined) {
      throw refuse(subject, `chain kind readings has no operator "${feature.operator}"`);
    }
    const sums = sumsOf.get(channelOf.get(feature.chain) ?? "");
    if (sums === undefined) throw refuse(subject, `no chain "${feature.chain}"`);
    return (fromMs: number): number => {
      if (sums.count === 0) return Number.NaN;
      const value = operator(sums);
      return Number.isNaN(tauMs) ? value : moveRecentMean(memory, feature.name, { value, fromMs, tauMs });
    };
  });
  return {
    featureNames: spec.list.map((feature) => feature.name),
    channels: [...sumsOf.keys()],
    begin: () => {
      for (const sums of sumsOf.values()) Object.assign(sums, emptySums());
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

function emptySums(): ReadingSums {
  return {
    count: 0,
    mean: 0,
    squares: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    first: Number.NaN,
    last: Number.NaN,
  };
}

function addReading(sums: ReadingSums, value: number): void {
  sums.count++;
  const deviation = value - sums.mean;
  sums.mean += deviation / sums.count;
  sums.squares += deviation * (value - sums.mean);
  if (value < sums.min) sums.min = value;
  if (value > sums.max) sums.max = value;
  if (sums.count === 1) sums.first = value;
  sums.last = value;
}
