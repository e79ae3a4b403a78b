/** Quantiles of the gateway's latency, and of how late its event loop is, between two scrapes: warming up is not counted. */

/** Cumulative counts by upper bound in seconds. */
export type LatencyBuckets = ReadonlyMap<number, number>;

/** The buckets of `aurora_window_latency_seconds` in the text of a scrape. */
export function parseLatencyBuckets(metrics: string): LatencyBuckets {
  const lines = metrics.matchAll(/^aurora_window_latency_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm);
  return new Map(
    [...lines].map((line) => [line[1] === "+Inf" ? Infinity : Number(line[1]), Number(line[2])]),
  );
}

/** Quantile in milliseconds of what came between `before` and `after`, linear inside a bucket as Prometheus does. */
export function computeLatencyMs(before: LatencyBuckets, after: LatencyBuckets, q: number): number {
  const bounds = [...after.keys()].sort((one, other) => one - other);
  const counts = bounds.map((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0));
  const wanted = q * (counts.at(-1) ?? 0);
  const index = counts.findIndex((count) => count >= wanted);
  const upper = bounds[index] ?? Number.POSITIVE_INFINITY;
  const lower = index > 0 ? bounds[index - 1]! : 0;
  const below = index > 0 ? counts[index - 1]! : 0;
  const inside = (counts[index] ?? 0) - below;
  return (
    1000 *
    (inside > 0 && Number.isFinite(upper) ? lower + ((upper - lower) * (wanted - below)) / inside : upper)
  );
}

/** By how much a timer of the gateway's event loop came late, in milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The vendor's histogram holds the whole time from one firing of its timer to the next, of which so much is meant. */
const loopTimerMs = 10;

/** Reads what a scrape says of the event loop since the scrape before; NaN where it says nothing. */
export function parseLoopDelay(metrics: string): LoopDelay {
  const read = (figure: string): number => {
    const line = new RegExp(`^aurora_nodejs_eventloop_lag_${figure}_seconds ([0-9.e+-]+)$`, "m").exec(
      metrics,
    );
    return Math.max(0, 1000 * Number(line?.[1]) - loopTimerMs);
  };
  return { p50: read("p50"), p99: read("p99"), max: read("max") };
}
