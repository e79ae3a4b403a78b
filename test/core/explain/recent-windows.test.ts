import { expect, test } from "vitest";
import { dbPerLog } from "../../../src/core/explain/fault-lines.ts";
import { noForeignLines } from "../../../src/core/explain/foreign-lines.ts";
import { createRecentWindows } from "../../../src/core/explain/recent-windows.ts";

const windowAt = (toMs: number) => ({ fromMs: toMs - 1, toMs, features: [toMs], shaftRpm: 1500 });
/** Columns of lines, none of which is a harmonic. */
const linesOnly = (...lines: readonly number[]) => ({ lines, harmonics: [] });

test("the windows since an alarm in which its mode leads speak for it, oldest first, as many as are kept", () => {
  const recent = createRecentWindows(linesOnly(0), 4);
  for (const [toMs, inner, outer] of [
    [1, 0.1, 0.9],
    [2, 0.1, 0.9],
    [3, 0.9, 0.1],
    [4, 0.2, 0.2],
    [5, 0.1, 0.9],
    [6, 0.1, 0.8],
  ] as const) {
    recent.note(windowAt(toMs), { logits: [inner, outer] });
  }
  const times = (output: number, sinceMs: number): number[] =>
    recent.listSince({ output, sinceMs }).flatMap(({ toMs, speaks }) => (speaks === false ? [] : toMs));
  expect(times(1, 0)).toEqual([4, 5, 6]);
  expect(times(0, 0)).toEqual([3, 4]);
  // The others stand between and after them.
  expect(recent.listSince({ output: 0, sinceMs: 2 }).map(({ toMs, speaks }) => [toMs, speaks])).toEqual([
    [3, true],
    [4, true],
    [5, false],
    [6, false],
  ]);
  // None speaks for it since then: all are told of.
  expect(times(0, 4)).toEqual([5, 6]);
  expect(times(0, 99)).toEqual([6]);
  // Of what no output stands for.
  expect(times(2, 4)).toEqual([5, 6]);
  expect(createRecentWindows(linesOnly(0)).listSince({ output: 1, sinceMs: 0 })).toEqual([]);
});

test("a window comes back with its lines, whatever becomes of its arrays, and another shape begins anew", () => {
  const recent = createRecentWindows({ lines: [0, 2], harmonics: [2] }, 3);
  const features = Float32Array.of(0.5, 7, -0.25);
  const lineOrders = Float32Array.of(3.5, 1, 10.75);
  const heard = { fromMs: 100_000, toMs: 102_400, shaftRpm: 1500.1 };
  const score = { logits: [0.1, 0.2], powerKw: 700.3 };
  const upper = { upperFeatures: Float32Array.of(1, 7, 2), upperLineOrders: Float32Array.of(0, 0, 10.5) };
  recent.note({ ...heard, features, lineOrders, ...upper }, score);
  recent.note({ ...heard, features, lineOrders }, score);
  features.fill(0);
  lineOrders.fill(0);
  const lower = {
    toMs: 102_400,
    shaftRpm: 1500.1,
    // 2.4 s.
    revolutions: 60,
    speaks: true,
    powerKw: 700.3,
    features: Float32Array.of(0.5, Number.NaN, -0.25),
    foreignLines: noForeignLines,
    lineOrders: [Number.NaN, Number.NaN, expect.closeTo(10.75, 2)],
  };
  const listed = recent
    .listSince({ output: 1, sinceMs: 0 })
    .map(({ lineOrders: places, upperLineOrders: uppers, ...rest }) => ({
      ...rest,
      lineOrders: Array.from(places!),
      ...(uppers === undefined ? {} : { upperLineOrders: Array.from(uppers) }),
    }));
  expect(listed).toEqual([
    {
      ...lower,
      upperFeatures: Float32Array.of(1, Number.NaN, 2),
      upperForeignLines: noForeignLines,
      upperLineOrders: [Number.NaN, Number.NaN, expect.closeTo(10.5, 2)],
    },
    lower,
  ]);
  recent.note({ fromMs: 5, toMs: 6, shaftRpm: 1, features: [1] }, { logits: [1] });
  expect(recent.listSince({ output: 0, sinceMs: 0 })).toMatchObject([{ toMs: 6, powerKw: Number.NaN }]);
});

test("how many revolutions a window has comes back; of impossible times it is not known", () => {
  const recent = createRecentWindows(linesOnly(0));
  const spans = [2400, 333, 0, -50, Number.NaN, 1e9];
  for (const [at, span] of spans.entries()) {
    recent.note({ ...windowAt(at + 1), fromMs: at + 1 - span }, { logits: [1] });
  }
  // 1500 rpm: 25 a second.
  expect(recent.listSince({ output: 0, sinceMs: 0 }).map(({ revolutions }) => revolutions)).toEqual([
    60,
    8,
    Number.NaN,
    Number.NaN,
    Number.NaN,
    32_767,
  ]);
});

test("a line is kept within a hundredth of a decibel, and what is no number is not known", () => {
  const values = [-15.9, -3.456, -1 / 1024, 0, 1e-9, 0.123456, 2.71, 11.5, 15.99];
  const unknown = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const features = [...values, ...unknown, 100, -100];
  const recent = createRecentWindows(linesOnly(...features.keys()));
  const foreignLines = { hum: [3, 9], shaft: [4, 9] };
  recent.note({ fromMs: 0, toMs: 1, shaftRpm: 1500, features, foreignLines }, { logits: [1] });
  const [window] = recent.listSince({ output: 0, sinceMs: 0 });
  const kept = Array.from({ length: features.length }, (_, column) => window!.features[column]!);
  for (const [at, value] of values.entries()) {
    expect(Math.abs(kept[at]! - value) * dbPerLog).toBeLessThanOrEqual(0.0085);
  }
  expect(kept.slice(values.length, -2)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(kept.slice(-2)).toEqual([8191 / 512, -8191 / 512]);
  expect(window!.foreignLines).toEqual({ hum: [3, 9], shaft: [4, 9] });
});

test("of any number of windows the last sixty come back, in both bands", () => {
  const recent = createRecentWindows(linesOnly(0));
  for (let toMs = 1; toMs <= 100; toMs++) {
    const upper = toMs % 3 === 0 ? { upperFeatures: Float32Array.of(-toMs / 8) } : {};
    recent.note({ ...windowAt(toMs), features: [toMs / 8], ...upper }, { logits: [1, 0] });
    const kept = recent.listSince({ output: 0, sinceMs: 0 });
    expect(kept.map((window) => window.toMs)).toEqual(
      Array.from({ length: Math.min(toMs, 60) }, (_, at) => Math.max(0, toMs - 60) + at + 1),
    );
    for (const window of kept) {
      expect(window.features).toEqual(Float32Array.of(window.toMs / 8));
      expect(window.upperFeatures?.[0]).toBe(window.toMs % 3 === 0 ? -window.toMs / 8 : undefined);
    }
  }
});

test("foreign lines come back with their window, in both bands, also where the ring has grown or come round", () => {
  const recent = createRecentWindows(linesOnly(0, 1), 12);
  const foreignOf = (toMs: number) => ({
    foreignLines: toMs % 2 === 0 ? { hum: [0], shaft: [1] } : undefined,
    upperForeignLines: toMs % 3 === 0 ? { hum: [1], shaft: [] } : undefined,
  });
  for (let toMs = 1; toMs <= 20; toMs++) {
    const features = Float32Array.of(toMs, 1);
    const window = {
      fromMs: toMs - 1,
      toMs,
      features,
      upperFeatures: features,
      shaftRpm: 1500,
      ...foreignOf(toMs),
    };
    recent.note(window, { logits: [1] });
  }
  const kept = recent.listSince({ output: 0, sinceMs: 0 });
  expect(kept.map(({ toMs }) => toMs)).toEqual(Array.from({ length: 12 }, (_, at) => 9 + at));
  for (const { toMs, foreignLines, upperForeignLines } of kept) {
    const { foreignLines: lower = noForeignLines, upperForeignLines: upper = noForeignLines } =
      foreignOf(toMs);
    expect([foreignLines, upperForeignLines]).toEqual([lower, upper]);
  }
});

test("the place of a harmonic is kept within an eighth of a thousandth of itself, that of a flank with its sign, up to 180 orders", () => {
  const known = [0.07, 0.4, -5.4, 3.5848, 15.99, -63.9, 64.1, 180];
  const lineOrders = [...known, Number.NaN, 0, 0.06, -190, Number.POSITIVE_INFINITY];
  const columns = [...lineOrders.keys()];
  const recent = createRecentWindows({ lines: columns, harmonics: columns }, 3);
  const features = columns.map(() => 1);
  for (let toMs = 2; toMs <= 5; toMs++) {
    const moved = lineOrders.map((order) => order * (1 + toMs / 10_000));
    recent.note({ fromMs: toMs - 1, toMs, shaftRpm: 1500, features, lineOrders: moved }, { logits: [1] });
    const last = recent.listSince({ output: 0, sinceMs: 0 }).at(-1)!;
    for (const column of known.keys()) {
      const wrong = Math.abs(last.lineOrders![column]! / moved[column]! - 1);
      expect(wrong).toBeLessThanOrEqual(0.000125);
      if (Math.abs(moved[column]!) < 16) expect(wrong * Math.abs(moved[column]!)).toBeLessThanOrEqual(0.002);
    }
    const others = columns.slice(known.length).map((column) => last.lineOrders![column]);
    expect(others).toEqual(others.map(() => Number.NaN));
  }
  // Of a window that a device scored none is known.
  recent.note({ fromMs: 5, toMs: 6, shaftRpm: 1500, features }, { logits: [1] });
  const places = Array.from(recent.listSince({ output: 0, sinceMs: 5 })[0]!.lineOrders as Float32Array);
  expect(places).toEqual(places.map(() => Number.NaN));
});
