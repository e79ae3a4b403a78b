/**
 * Executes a feature spec on the history of a machine: chain kind `history`, one a channel, one reading of every channel
 * per step (a flight, a day). Features look back to the first steps of the machine's life, so they say how far it has
 * come from its own healthy state. Holds the last readings only as far as an operator looks back, and sums of the first.
 */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { checkCatalogueVersion } from "./catalogue-version.ts";
import { createParamsReader, type ParamsReader, refuse } from "./read-params.ts";

/** Longest look back or start, in steps. */
const maxSteps = 1024;

/** What operators read of one channel. */
interface ChannelHistory {
  /** The last readings; step s is at s modulo the length. */
  readonly ring: Float64Array;
  /** Sums of the first n readings by n, for the starts that operators ask for. */
  readonly startSums: Map<number, number>;
  steps: number;
}

/** An operator bound to its parameters. */
interface BoundOperator {
  readonly lookBack: number;
  /** Length of the start whose mean it reads; 0 = none. */
  readonly start: number;
  readonly compute: (history: ChannelHistory) => number;
}

const operators: Readonly<Record<string, (params: ParamsReader) => BoundOperator>> = {
  /** Mean of the last ≤ `steps` readings. */
  "recent-mean": (params) => {
    const steps = params.integer("steps", 1, maxSteps);
    return { lookBack: steps, start: 0, compute: (history) => recentMean(history, steps) };
  },
  /** Slope of the least-squares line through the last ≤ `steps` readings, per step; 0 for a single reading. */
  "recent-slope": (params) => {
    const steps = params.integer("steps", 2, maxSteps);
    return { lookBack: steps, start: 0, compute: (history) => recentSlope(history, steps) };
  },
  /** Mean of the last ≤ `recent` readings less the mean of the first ≤ `start` ones. */
  "change-from-start": (params) => {
    const recent = params.integer("recent", 1, maxSteps);
    const start = params.integer("start", 1, maxSteps);
    return {
      lookBack: recent,
      start,
      compute: (history) =>
        recentMean(history, recent) - history.startSums.get(start)! / Math.min(start, history.steps),
    };
  },
  /** Steps so far: the machine's age. */
  age: () => ({ lookBack: 1, start: 0, compute: (history) => history.steps }),
};

/** The history of one machine. */
export interface HistoryExtractor {
  readonly featureNames: readonly string[];
  /** Channels that the spec reads, each once, in the order in which `push` expects them. */
  readonly channels: readonly string[];
  /** Forgets everything: another machine, or the same one after an overhaul. */
  begin(): void;
  /** Takes one step: a finite reading of every channel, in the order of {@link channels}. */
  push(readings: ArrayLike<number>): void;
  /** Writes the features as of the last step from `offset`; NaN before the first one. */
  read(out: Float32Array, offset: number): void;
}

/** Creates an extractor. @throws AuroraError BUNDLE_INCOMPATIBLE for anything that this catalogue does not know. */
export function createHistoryExtractor(spec: FeatureSpec): HistoryExtractor {
  checkCatalogueVersion(spec);
  const channelOf = new Map<string, string>();
  for (const chain of spec.chains) {
    const subject = `chain ${chain.name}`;
    if (chain.kind !== "history") throw refuse(subject, `kind "${chain.kind}" does not read histories`);
    const params = createParamsReader(chain.params, subject);
    channelOf.set(chain.name, params.text("channel"));
    params.done();
  }
  const channels = [...new Set(channelOf.values())];
  const bound = spec.list.map((feature) => {
    const subject = `feature ${feature.name}`;
    const create = Object.hasOwn(operators, feature.operator) ? operators[feature.operator] : undefined;
    if (create === undefined)
      throw refuse(subject, `chain kind history has no operator "${feature.operator}"`);
    const channel = channels.indexOf(channelOf.get(feature.chain) ?? "");
    if (channel < 0) throw refuse(subject, `no chain "${feature.chain}"`);
    const params = createParamsReader(feature.params, subject);
    const operator = create(params);
    params.done();
    return { channel, operator };
  });
  const histories = channels.map((_, channel): ChannelHistory => {
    const own = bound.filter((each) => each.channel === channel).map((each) => each.operator);
    const starts = own.map((operator) => operator.start).filter((start) => start > 0);
    return {
      ring: new Float64Array(Math.max(1, ...own.map((operator) => operator.lookBack))),
      startSums: new Map(starts.map((start) => [start, 0])),
      steps: 0,
    };
  });
  return {
    featureNames: spec.list.map((feature) => feature.name),
    channels,
    begin: () => {
      for (const history of histories) {
        history.steps = 0;
        for (const start of history.startSums.keys()) history.startSums.set(start, 0);
      }
    },
    push: (readings) => {
      for (const [channel, history] of histories.entries()) {
        const value = readings[channel]!;
        history.ring[history.steps % history.ring.length] = value;
        for (const [start, sum] of history.startSums) {
          if (history.steps < start) history.startSums.set(start, sum + value);
        }
        history.steps++;
      }
    },
    read: (out, offset) => {
      for (const [index, { channel, operator }] of bound.entries()) {
        const history = histories[channel]!;
        out[offset + index] = history.steps === 0 ? Number.NaN : operator.compute(history);
      }
    },
  };
}

/** Reading `back` steps before the last one. */
function readingAt(history: ChannelHistory, back: number): number {
  return history.ring[(history.steps - 1 - back) % history.ring.length]!;
}

function recentMean(history: ChannelHistory, steps: number): number {
  const count = Math.min(steps, history.steps);
  let sum = 0;
  for (let back = count - 1; back >= 0; back--) sum += readingAt(history, back);
  return sum / count;
}

function recentSlope(history: ChannelHistory, steps: number): number {
  const count = Math.min(steps, history.steps);
  if (count < 2) return 0;
  // Times are centred, so that the slope is Σ t·(x − m) / Σ t² with no difference of large sums.
  const mean = recentMean(history, steps);
  let products = 0;
  for (let back = count - 1; back >= 0; back--) {
    products += ((count - 1) / 2 - back) * (readingAt(history, back) - mean);
  }
  return products / ((count * (count * count - 1)) / 12);
}
