import { describe, expect, it } from "vitest";
import type { StudentOutput } from "../../../src/core/serving/loaded-bundle.ts";
import { createLatencyRecorder, createServingFigures } from "../../../src/gateway/status/serving-figures.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { windowAt } from "../fakes.ts";

const lower = { quantised: Uint8Array.of(1, 2), logits: Float64Array.of(0, 0) };
const upper = { quantised: Uint8Array.of(3, 4), logits: Float64Array.of(0, 0) };

function digestOf(...outputs: StudentOutput[]): string {
  const figures = createServingFigures(createManualClock());
  for (const [index, output] of outputs.entries()) figures.record(windowAt(index), output);
  return figures.describe().decisionsDigest;
}

it("digests the integers of both bands, and of one as ever", () => {
  // FNV-1a of the window's id and the bytes 1 and 2.
  expect(digestOf(lower)).toBe(fnv1a([...Buffer.from(windowAt(0).id), 1, 2]));
  const both = { ...lower, bands: { lower, upper } };
  expect(digestOf(both)).toBe(fnv1a([...Buffer.from(windowAt(0).id), 1, 2, 3, 4]));
  expect(digestOf(both, lower)).not.toBe(digestOf(lower, both));
});

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
    expect(Number.isFinite(recorder.quantile(1))).toBe(true);
  });
});

function fnv1a(bytes: readonly number[]): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
