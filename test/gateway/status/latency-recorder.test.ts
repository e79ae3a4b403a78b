import { describe, expect, it } from "vitest";
import { createLatencyRecorder } from "../../../src/gateway/status/latency-recorder.ts";

describe("a latency recorder", () => {
  it("gives quantiles within two percent", () => {
    const recorder = createLatencyRecorder();
    for (let value = 1; value <= 1000; value++) recorder.record(value / 10);
    expect(recorder.quantile(0.5)).toBeGreaterThanOrEqual(50);
    expect(recorder.quantile(0.5)).toBeLessThanOrEqual(51);
    expect(recorder.quantile(0.99)).toBeGreaterThanOrEqual(99);
    expect(recorder.quantile(0.99)).toBeLessThanOrEqual(101);
  });

  it("takes nothing, zero, negative and absurd values", () => {
    const recorder = createLatencyRecorder();
    expect(recorder.quantile(0.5)).toBe(0);
    for (const value of [0, -5, 1e12]) recorder.record(value);
    expect(recorder.count).toBe(3);
    expect(Number.isFinite(recorder.quantile(1))).toBe(true);
  });
});
