import { expect, test } from "vitest";
import {
  computeLatencyMs,
  parseLatencyBuckets,
  parseLoopDelay,
} from "../../scripts/bench/latency-histogram.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";

const scrape = (counts: readonly number[]): string =>
  ["0.001", "0.01", "+Inf"]
    .map((bound, index) => `aurora_window_latency_seconds_bucket{le="${bound}"} ${counts[index]}`)
    .join("\n");

test("a quantile is of what came between two scrapes", () => {
  const before = parseLatencyBuckets(scrape([100, 100, 100]));
  const after = parseLatencyBuckets(scrape([100, 200, 200]));
  expect(computeLatencyMs(before, after, 0.5)).toBeCloseTo(5.5);
});

test("what the timer of the event loop took beyond its ten milliseconds is the delay", () => {
  const figures = { p50: 0.0101, p99: 0.0125, max: 4.2e-2 };
  const text = Object.entries(figures).map(([name, s]) => `aurora_nodejs_eventloop_lag_${name}_seconds ${s}`);
  const { p50, p99, max } = parseLoopDelay(text.join("\n"));
  expect(p50).toBeCloseTo(0.1);
  expect(p99).toBeCloseTo(2.5);
  expect(max).toBeCloseTo(32);
  expect(parseLoopDelay("").max).toBeNaN();
});

test("a real scrape tells how long the event loop stood still", async () => {
  const metrics = createMetrics({ defaults: "process" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + 120;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { p50, max } = parseLoopDelay(await metrics.render());
  expect(p50).toBeGreaterThanOrEqual(0);
  expect(max).toBeGreaterThan(80);
});
