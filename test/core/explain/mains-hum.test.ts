import { expect, test } from "vitest";
import { findNearestHum, listHumLines } from "../../../src/core/explain/mains-hum.ts";

test("the nearest hum is a multiple of twice the mains' frequency, up to the sixth", () => {
  expect([3, 97, 112, 131, 238, 301, 610, 700, 2000].map(findNearestHum)).toEqual([
    100, 100, 120, 120, 240, 300, 600, 720, 720,
  ]);
});

test("a line stands on hum where it does at the speed of its window, within what that window resolves", () => {
  // 100 Hz is order 4 at 1,500 rpm and order 4.1667 at 1,440; 240 Hz is order 9.6 and order 10.
  const orders = Float32Array.of(4, 4.01, 4.04, 9.6, Number.NaN, 5.4);
  expect(listHumLines(orders, { shaftRpm: 1500, seconds: 1.2 })).toEqual([0, 1, 3]);
  expect(listHumLines(orders, { shaftRpm: 1440, seconds: 1.25 })).toEqual([]);
  // Of a flank the top stands beyond the search, as far as a Hann window's main lobe reaches: 1.67 Hz are 0.067 orders.
  const flanks = Float32Array.of(-4, -4.06, -4.08);
  expect(listHumLines(flanks, { shaftRpm: 1500, seconds: 1.2 })).toEqual([0, 1]);
  // A window of a quarter of the time tells lines apart that are four times as far from each other.
  expect(listHumLines(orders, { shaftRpm: 1500, seconds: 0.3 })).toEqual([0, 1, 2, 3]);
});
