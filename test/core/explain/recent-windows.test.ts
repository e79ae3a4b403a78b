import { expect, test } from "vitest";
import { createRecentWindows } from "../../../src/core/explain/recent-windows.ts";

const windowAt = (toMs: number, logits: readonly number[]) => ({
  toMs,
  logits,
  features: [toMs],
  shaftRpm: 1500,
});

test("the windows since an alarm in which its mode leads speak for it, oldest first, as many as are kept", () => {
  const recent = createRecentWindows(4);
  for (const [toMs, inner, outer] of [
    [1, 0.1, 0.9],
    [2, 0.1, 0.9],
    [3, 0.9, 0.1],
    [4, 0.2, 0.2],
    [5, 0.1, 0.9],
    [6, 0.1, 0.8],
  ] as const) {
    recent.note(windowAt(toMs, [inner, outer]));
  }
  const times = (output: number, sinceMs: number): number[] =>
    recent.listSpeaking({ output, sinceMs }).map(({ toMs }) => toMs);
  expect(times(1, 0)).toEqual([4, 5, 6]);
  expect(times(0, 0)).toEqual([3, 4]);
  // None speaks for it since then: all are told of.
  expect(times(0, 4)).toEqual([5, 6]);
  expect(times(0, 99)).toEqual([6]);
  // Of what no output stands for.
  expect(times(2, 4)).toEqual([5, 6]);
  recent.clear();
  expect(times(1, 0)).toEqual([]);
});

test("a window comes back as it was noted, whatever becomes of its arrays, and another shape begins anew", () => {
  const recent = createRecentWindows(3);
  const features = Float32Array.of(0.1, -0.2);
  const whole = { toMs: 5, shaftRpm: 1500.5, powerKw: 700, logits: [0.1, 0.2], features };
  recent.note({ ...whole, upperFeatures: Float32Array.of(0.3, 0.4) });
  recent.note(whole);
  const kept = Float32Array.from(features);
  features.fill(0);
  expect(recent.listSpeaking({ output: 1, sinceMs: 0 })).toEqual([
    { ...whole, logits: Float64Array.of(0.1, 0.2), features: kept, upperFeatures: Float32Array.of(0.3, 0.4) },
    { ...whole, logits: Float64Array.of(0.1, 0.2), features: kept },
  ]);
  recent.note({ toMs: 6, shaftRpm: 1, logits: [1], features: [1] });
  expect(recent.listSpeaking({ output: 0, sinceMs: 0 })).toMatchObject([{ toMs: 6, powerKw: Number.NaN }]);
});

test("of any number of windows the last sixty come back, in both bands", () => {
  const recent = createRecentWindows();
  for (let toMs = 1; toMs <= 100; toMs++) {
    const upper = toMs % 3 === 0 ? { upperFeatures: Float32Array.of(-toMs) } : {};
    recent.note({ ...windowAt(toMs, [1, 0]), ...upper });
    const kept = recent.listSpeaking({ output: 0, sinceMs: 0 });
    expect(kept.map((window) => window.toMs)).toEqual(
      Array.from({ length: Math.min(toMs, 60) }, (_, at) => Math.max(0, toMs - 60) + at + 1),
    );
    for (const window of kept) {
      expect(window.features).toEqual(Float32Array.of(window.toMs));
      expect(window.upperFeatures?.[0]).toBe(window.toMs % 3 === 0 ? -window.toMs : undefined);
    }
  }
});

test("lines on hum come back with their window, in both bands, also where the ring has grown or come round", () => {
  const recent = createRecentWindows(12);
  const humOf = (toMs: number) => ({
    humLines: toMs % 2 === 0 ? [0] : undefined,
    upperHumLines: toMs % 3 === 0 ? [1] : undefined,
  });
  for (let toMs = 1; toMs <= 20; toMs++) {
    const features = Float32Array.of(toMs, 1);
    recent.note({ toMs, logits: [1], features, upperFeatures: features, shaftRpm: 1500, ...humOf(toMs) });
  }
  const kept = recent.listSpeaking({ output: 0, sinceMs: 0 });
  expect(kept.map(({ toMs }) => toMs)).toEqual(Array.from({ length: 12 }, (_, at) => 9 + at));
  for (const { toMs, humLines, upperHumLines } of kept) {
    const { humLines: lower = [], upperHumLines: upper = [] } = humOf(toMs);
    expect([humLines, upperHumLines]).toEqual([lower, upper]);
  }
});
