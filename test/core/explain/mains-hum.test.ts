import { expect, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { findNearestHum, listHumLines } from "../../../src/core/explain/mains-hum.ts";
import { shareLines } from "../../../src/core/serving/found-lines.ts";

test("the nearest hum is a multiple of twice the mains' frequency, up to the sixth", () => {
  expect([3, 97, 112, 131, 238, 301, 610, 700, 2000].map((hertz) => findNearestHum(hertz))).toEqual([
    100, 100, 120, 120, 240, 300, 600, 720, 720,
  ]);
});

test("a line stands on hum where it does at the speed of its window, within what that window resolves", () => {
  // 100 Hz is order 4 at 1,500 rpm and order 4.1667 at 1,440; 240 Hz is order 9.6 and order 10.
  const orders = Float32Array.of(4, 4.01, 4.04, 9.6, Number.NaN, 5.4);
  const firsts = Array.from(orders, () => null);
  expect(listHumLines(orders, { shaftRpm: 1500, seconds: 1.2, firsts })).toEqual([0, 1, 3]);
  expect(listHumLines(orders, { shaftRpm: 1440, seconds: 1.25, firsts })).toEqual([]);
  // Of a flank the top stands beyond the search, as far as a Hann window's main lobe reaches: 1.67 Hz are 0.067 orders.
  const flanks = Float32Array.of(-4, -4.06, -4.08);
  expect(listHumLines(flanks, { shaftRpm: 1500, seconds: 1.2, firsts })).toEqual([0, 1]);
  // A window of a quarter of the time tells lines apart that are four times as far from each other.
  expect(listHumLines(orders, { shaftRpm: 1500, seconds: 0.3, firsts })).toEqual([0, 1, 2, 3]);
});

test("of lines whose first stands on hum all harmonics are hum that stand on as many times that multiple", () => {
  expect([297, 598, 901, 1438].map((hertz) => findNearestHum(hertz, 3))).toEqual([300, 600, 900, 1440]);
  const firsts = [null, { column: 0, harmonic: 2 }, { column: 0, harmonic: 3 }];
  const listAt = (...hertz: readonly number[]): readonly number[] =>
    listHumLines(
      Float32Array.from(hertz, (each) => each / 25),
      { shaftRpm: 1500, seconds: 2.56, firsts },
    );
  expect(listAt(300, 600, 900)).toEqual([0, 1, 2]);
  // A fault whose first line stands so near to hum shows elsewhere by its third, and one beside hum by all.
  expect(listAt(300.5, 601, 901.5)).toEqual([0]);
  expect(listAt(302, 604, 900)).toEqual([]);
  // Of one frequency: 300.4 Hz and 899.1 are no multiples of one, though either may be the mains'.
  expect(listAt(300.4, 650, 901.1)).toEqual([0, 2]);
  expect(listAt(300.4, 650, 899.1)).toEqual([0]);
});

test("of the features that ship the second and third harmonics of each kind have a first", () => {
  const { firsts } = shareLines(bearingFeatureSpec);
  const named = firsts.flatMap((first, column) => {
    const nameOf = (at: number): string => bearingFeatureSpec.list[at]!.name;
    return first === null ? [] : [[nameOf(column), nameOf(first.column), first.harmonic]];
  });
  expect(named).toEqual([
    ...["bpfi", "bpfo", "bsf"].flatMap((order) => [
      [`${order}.h2`, `${order}.h1`, 2],
      [`${order}.h3`, `${order}.h1`, 3],
    ]),
    ["shaft.h2", "shaft.h1", 2],
  ]);
});
