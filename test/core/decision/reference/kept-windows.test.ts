import { expect, test } from "vitest";
import { createKeptWindows } from "../../../../src/core/decision/reference/kept-windows.ts";

const windowOf = (at: number, more: object = {}) => ({
  fromMs: 1000 * at,
  toMs: 1000 * at + 999,
  shaftRpm: Math.fround(1500 + at / 3),
  levels: Float32Array.of(at / 7, Number.NaN),
  logits: [-1 - at / 9, at / 11, 0.1].map(Math.fround),
  ...more,
});
const noted = ({ levels, ...window }: ReturnType<typeof windowOf>) => ({
  ...window,
  levels: [levels[0], null],
});

test("what is kept comes back to the bit of single precision, also over a restart, and in the order in which it came", () => {
  const kept = createKeptWindows();
  const windows = Array.from({ length: 40 }, (_, at) =>
    windowOf(at, {
      ...(at % 16 === 0 ? { features: [Math.fround(at / 13), 2] } : {}),
      ...(at % 3 === 0 ? { explained: at % 2 === 0 ? [1] : [0, 2, 31] } : {}),
      ...(at % 5 === 0 ? { isPooled: true } : {}),
    }),
  );
  for (const window of windows) kept.push(window);
  expect(kept.snapshot()).toEqual(windows.map(noted));
  const restarted = createKeptWindows(JSON.parse(JSON.stringify(kept.snapshot())));
  expect(restarted.list()).toEqual(kept.list());
  kept.retain((place) => place % 2 === 1 || place === 32);
  const left = windows.filter((_, place) => place % 2 === 1 || place === 32);
  expect(kept.snapshot()).toEqual(left.map(noted));
  expect(kept.length).toBe(left.length);
  kept.push(windowOf(40, { features: [7, 8] }));
  expect(
    kept.list().flatMap(({ features }) => (features === undefined ? [] : [Array.from(features)])),
  ).toEqual([
    [Math.fround(32 / 13), 2],
    [7, 8],
  ]);
});

test("features are kept of any number of windows, and those of another length than the first are left out", () => {
  const kept = createKeptWindows();
  const shown = (): unknown[] =>
    kept.list().map(({ features }) => features && Array.from(features as ArrayLike<number>));
  for (let at = 0; at < 12; at++) kept.push(windowOf(at, { features: at === 5 ? [1] : [at, -at] }));
  expect(shown()).toEqual(Array.from({ length: 12 }, (_, at) => (at === 5 ? undefined : [at, -at])));
  kept.retain((place) => place > 3 && place % 2 === 1);
  expect(shown()).toEqual([undefined, [7, -7], [9, -9], [11, -11]]);
  kept.clear();
  kept.push(windowOf(1, { features: [3] }));
  expect(shown()).toEqual([[3]]);
});

test("a model with other levels and outputs begins anew; of a snapshot that mixes shapes the first counts", () => {
  const kept = createKeptWindows();
  kept.push(windowOf(1));
  kept.clear();
  expect(kept.list()).toEqual([]);
  kept.push(windowOf(2, { levels: Float32Array.of(1, 2, 3), logits: [4] }));
  expect(kept.snapshot()).toMatchObject([{ fromMs: 2000, levels: [1, 2, 3], logits: [4] }]);
  const [first, other] = [noted(windowOf(1)), { ...noted(windowOf(2)), logits: [1] }];
  expect(createKeptWindows(JSON.parse(JSON.stringify([first, other]))).length).toBe(1);
});
