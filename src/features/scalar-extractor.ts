/**
 * Executes a feature spec on windows of scalar readings (SCADA): chain kind `readings`, one a channel, with the four
 * statistics of IEC 61400-25 and few more. Holds sums only.
 */
import type { FeatureSpec } from "../contract/feature-spec.ts";
import { checkCatalogueVersion } from "./catalogue-version.ts";
import { createParamsReader, refuse } from "./read-params.ts";

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

/** One window at a time. */
export interface ScalarExtractor {
  readonly featureNames: readonly string[];
  /** Channels that the spec reads, each once: a window needs a reading of every one. */
  readonly channels: readonly string[];
  begin(): void;
  /** Takes one reading; channels that the spec does not name are ignored. */
  push(channel: string, value: number): void;
  /** Writes the features from `offset`; NaN for a channel without a reading. */
  finish(out: Float32Array, offset: number): void;
}

/** Creates an extractor. @throws AuroraError BUNDLE_INCOMPATIBLE for anything that this catalogue does not know. */
export function createScalarExtractor(spec: FeatureSpec): ScalarExtractor {
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
    createParamsReader(feature.params, subject).done();
    const operator = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
    if (operator === undefined) {
      throw refuse(subject, `chain kind readings has no operator "${feature.operator}"`);
    }
    const sums = sumsOf.get(channelOf.get(feature.chain) ?? "");
    if (sums === undefined) throw refuse(subject, `no chain "${feature.chain}"`);
    return () => (sums.count === 0 ? Number.NaN : operator(sums));
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
    finish: (out, offset) => {
      for (const [index, evaluate] of evaluators.entries()) out[offset + index] = evaluate();
    },
  };
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
