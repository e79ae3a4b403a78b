/** The one door to prom-client: counters, gauges and histograms in the Prometheus text format. Refuses names against the naming practice and labels without a bound. */
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  type MetricObjectWithValues,
  type MetricValue,
  type Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
  Counter as VendorCounter,
} from "prom-client";
import { type Logger, silentLogger } from "./logger.ts";
import { rest } from "./rest.ts";

/** Values of a metric's labels. */
type Labels = Readonly<Record<string, string>>;

interface MetricSpec {
  /** Snake case with a base unit, without the `aurora_` prefix, which is added: `windows_total`, `latency_seconds`. */
  readonly name: string;
  readonly help: string;
  /** Label names; their values must come from a small set. */
  readonly labels?: readonly string[];
}

/** Only goes up. */
export interface Counter {
  /** Adds `amount` ≥ 0 (default 1). */
  add(amount?: number, labels?: Labels): void;
}

/** Goes up and down. */
interface Gauge {
  /** Null or NaN: it is not known, and no sample is shown. */
  set(value: number | null, labels?: Labels): void;
}

/** Counts observations in buckets. */
interface Histogram {
  observe(value: number, labels?: Labels): void;
}

export interface Metrics {
  /** `read`, if given, is asked at every scrape for the count so far, which must never fall; where it throws, none is shown. */
  counter(spec: MetricSpec, read?: () => number): Counter;
  /** `read`, if given, is asked at every scrape; what it does not know, or throws for, is not shown. */
  gauge(spec: MetricSpec, read?: () => number | null | Promise<number>): Gauge;
  /** Buckets are upper bounds, ascending. */
  histogram(spec: MetricSpec, buckets: readonly number[]): Histogram;
  /** The text that `/metrics` answers with; others have their turn while it is made. */
  render(): Promise<string>;
  /** All figures now, to be sent to the process that shows them. */
  snapshot(): Promise<MetricsSnapshot>;
  readonly contentType: string;
}

/** Figures of a process, as JSON. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

interface MetricsOptions {
  /** Newest figures of other processes by name: they are shown with a label `worker`. */
  readonly workers?: () => ReadonlyMap<string, MetricsSnapshot>;
  /** `process` adds memory, CPU and event loop figures of this process, `thread` those of this thread alone; default `none`. */
  readonly defaults?: "none" | "thread" | "process";
  /** Label sets one metric may have; further ones are counted under `other`. Default 1,000. */
  readonly maxSeries?: number;
  /** Told once of a figure that cannot be read, until it can be again; default none. */
  readonly logger?: Logger;
}

const prefix = "aurora_";

/** Upper bounds in seconds, 100 µs to 10 s, for latencies. */
export const latencyBucketsSeconds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
];

export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { logger = silentLogger } = options;
  const registry = new Registry();
  collectDefaults(registry, options.defaults ?? "none");
  const maxSeries = options.maxSeries ?? 1000;
  /** Figures are looked at most when something fails, which must not take the others; null: it throws, which is logged once. */
  const readOrTell = (
    { name }: MetricSpec,
    read: () => number | null | Promise<number>,
  ): (() => Promise<number | null>) => {
    let isTold = false;
    return async () => {
      try {
        const value = await read();
        isTold = false;
        return value;
      } catch (error) {
        if (!isTold) logger.error("a figure cannot be read; it is left out until it can", { name, error });
        isTold = true;
        return null;
      }
    };
  };
  const common = (
    spec: MetricSpec,
  ): { name: string; help: string; labelNames: string[]; registers: Registry[] } => ({
    name: checkName(spec.name),
    help: spec.help,
    labelNames: [...(spec.labels ?? [])],
    registers: [registry],
  });
  return {
    counter(spec, read) {
      if (!spec.name.endsWith("_total")) throw new RangeError(`counter ${spec.name} must end in _total`);
      const known = read && readOrTell(spec, read);
      const inner: PromCounter = new VendorCounter({
        ...common(spec),
        ...(known === undefined
          ? {}
          : {
              async collect(this: PromCounter): Promise<void> {
                const count = await known();
                this.reset();
                if (count === null) this.remove();
                else this.inc(count);
              },
            }),
      });
      const bound = createSeriesBound(spec, maxSeries);
      return { add: (amount = 1, labels = {}) => inner.inc(bound(labels), amount) };
    },
    gauge(spec, read) {
      const known = read && readOrTell(spec, read);
      const inner = new PromGauge({
        ...common(spec),
        ...(known === undefined
          ? {}
          : {
              async collect(this: PromGauge): Promise<void> {
                showGauge(this, await known(), {});
              },
            }),
      });
      const bound = createSeriesBound(spec, maxSeries);
      return { set: (value, labels = {}) => showGauge(inner, value, bound(labels)) };
    },
    histogram(spec, buckets) {
      const inner = new PromHistogram({ ...common(spec), buckets: [...buckets] });
      const bound = createSeriesBound(spec, maxSeries);
      return { observe: (value, labels = {}) => inner.observe(bound(labels), value) };
    },
    render: async () => {
      const workers = options.workers?.() ?? new Map<string, MetricsSnapshot>();
      if (workers.size === 0) return renderInTurns(registry);
      return renderWorkers(await registry.getMetricsAsJSON(), workers);
    },
    snapshot: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  };
}

/** The vendor writes NaN in a way that the format does not know, and a chart would take it for a value. */
function showGauge(gauge: PromGauge, value: number | null, labels: Record<string, string>): void {
  if (value === null || Number.isNaN(value)) gauge.remove(labels);
  else gauge.set(labels, value);
}

function collectDefaults(registry: Registry, of: "none" | "thread" | "process"): void {
  if (of === "none") return;
  collectDefaultMetrics({ register: registry, prefix });
  if (of === "process") return;
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith(`${prefix}process_`)) registry.removeSingleMetric(name);
  }
}

/** Text of one metric after which others have their turn, characters: a millisecond's or two. */
const longTurn = 32 * 1024;

/** As the vendor's own, which says all in one turn: a gateway of a thousand points has some 17,000 series. */
async function renderInTurns(registry: Registry): Promise<string> {
  const texts: string[] = [];
  let sinceRest = 0;
  for (const { name } of registry.getMetricsAsArray()) {
    const text = await registry.getSingleMetricAsString(name);
    texts.push(text);
    sinceRest += text.length;
    if (sinceRest < longTurn) continue;
    await rest();
    sinceRest = 0;
  }
  return `${texts.join("\n\n")}\n`;
}

function renderWorkers(own: MetricsSnapshot, workers: ReadonlyMap<string, MetricsSnapshot>): Promise<string> {
  const labelled = [...workers].map(([worker, metrics]) =>
    metrics.map((metric) => ({
      ...metric,
      values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } })),
    })),
  );
  // Labels differ, so nothing is added up; the vendor's other ways to join figures leave some out.
  const all = [own, ...labelled].map((metrics) =>
    metrics.map((metric) => ({ ...metric, aggregator: "sum" })),
  );
  return AggregatorRegistry.aggregate(all).metrics();
}

function checkName(name: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new RangeError(`metric name ${name} is not snake case`);
  if (/_(count|sum|bucket)$/.test(name))
    throw new RangeError(`metric name ${name} ends as a histogram's parts do`);
  if (name.startsWith(prefix)) throw new RangeError(`metric name ${name} has the prefix already`);
  return prefix + name;
}

/** Labels come from devices in the end: a flood of names must not become a flood of series. */
function createSeriesBound(spec: MetricSpec, maxSeries: number): (labels: Labels) => Record<string, string> {
  const names = spec.labels ?? [];
  /** As the vendor takes them, and keeps them. */
  const seen = new Map<string, Record<string, string>>();
  return (labels) => {
    if (names.length === 0) return {};
    let key = "";
    for (const name of names) key += `${labels[name] ?? ""}\u0000`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    if (seen.size >= maxSeries) return Object.fromEntries(names.map((name) => [name, "other"]));
    const bound = Object.fromEntries(names.map((name) => [name, labels[name] ?? ""]));
    seen.set(key, bound);
    return bound;
  };
}
