import { describe, expect, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { listForeignLines } from "../../../src/core/explain/foreign-lines.ts";
import {
  findGearedLine,
  findShaftColumns,
  listShaftLines,
  measureDeviation,
  standsOnShaft,
} from "../../../src/core/explain/shaft-lines.ts";

const unknown = Number.NaN;
const none = { first: -1, second: -1 };

test.each([
  [7, 60, true],
  // A fan of seven blades whose speed is stated 0.45 % wrong.
  [6.9685, 60, true],
  // Half a width of a line and 0.45 % of seven are 0.0515.
  [7.051, 60, true],
  [7.052, 60, false],
  [6.894, 60, false],
  // Higher harmonics are further off by as much of their own.
  [20.89, 60, true],
  [20.88, 60, false],
  // Below the shaft's first harmonic there is none.
  [0.4, 60, false],
  [0.99, 60, true],
  // A shorter window's lines are wider, and of one that is too short nothing is told.
  [3.05, 30, true],
  [3.05, 60, false],
  [3.1, 12, true],
  [3.12, 12, false],
  [3, 7.9, false],
  [Number.NaN, 60, false],
  // The flank of a line that is not seen, as far off as that may be.
  [-6.9685, 60, true],
])(
  "a line at order %f of %i revolutions, of a shaft of which nothing else is heard: %s",
  (order, revolutions, stands) => {
    expect(standsOnShaft(order, revolutions, unknown)).toBe(stands);
  },
);

test.each([
  [5, 0, true],
  [5.0116, 0, true],
  [4.988, 0, false],
  // An inner race that strikes 4.974 times a turn, beside a shaft whose own lines stand where they should.
  [4.974, 0, false],
  // The same line where the shaft turns half a per cent slower than is stated.
  [4.974, -0.005, true],
  [5.05, 0.01, true],
  [5, 0.01, false],
  [-4.974, 0, true],
  [3.03, 0.01, true],
])("a line at order %f, of a shaft that turns faster by %f: %s", (order, deviation, stands) => {
  expect(standsOnShaft(order, 60, deviation)).toBe(stands);
});

test("the shaft's first two lines tell how much faster it turns, where both are heard and agree", () => {
  const shaft = findShaftColumns(bearingFeatureSpec);
  const at = (first: number, second: number): Float32Array => {
    const orders = new Float32Array(bearingFeatureSpec.list.length).fill(Number.NaN);
    orders[shaft.first] = first;
    orders[shaft.second] = second;
    return orders;
  };
  expect(bearingFeatureSpec.list[shaft.second]!.name).toBe("shaft.h2");
  expect(measureDeviation(at(1.01, 2.02), shaft)).toBeCloseTo(0.01, 6);
  expect(measureDeviation(at(1.002, 1.998), shaft)).toBeCloseTo(-0.0004, 6);
  // A fault's side band stands near one of them.
  expect(measureDeviation(at(1, 1.982), shaft)).toBeNaN();
  expect(measureDeviation(at(1, Number.NaN), shaft)).toBeNaN();
  expect(measureDeviation(at(1, -2), shaft)).toBeNaN();
  expect(measureDeviation(at(-0.9844, -1.9688), shaft)).toBeNaN();
  expect(measureDeviation(Float32Array.of(1, 2), none)).toBeNaN();
});

test("the features whose lines stand there are listed, and not those of the shaft itself", () => {
  const at = (orders: readonly number[], shaft = none): readonly number[] =>
    listShaftLines(Float32Array.from(orders), { revolutions: 60, shaft });
  expect(at([7, Number.NaN, 5.4, 6.97])).toEqual([0, 3]);
  expect(at([5.4])).toEqual([]);
  expect(at([7, 1, 2, 6.97, 7.01], { first: 1, second: 2 })).toEqual([0, 4]);
  expect(at([7, 0.996, 1.992, 6.97, 7.01], { first: 1, second: 2 })).toEqual([3]);
  // Of half a window's revolutions the shaft's own lines tell too little.
  const half = { revolutions: 33, shaft: { first: 1, second: 2 } };
  expect(listShaftLines(Float32Array.of(7, 0.996, 1.992, 6.97, 7.01), half)).toEqual([0, 3, 4]);
});

describe("a shaft that teeth lock to the bearing's, 81 to 17", () => {
  const pinion = 81 / 17;
  const at = (orders: readonly number[], gearedShafts?: readonly number[], shaft = none): readonly number[] =>
    listShaftLines(Float32Array.from(orders), { revolutions: 60, shaft, gearedShafts });

  test("has its first six harmonics where its teeth put them, as far off as the shaft's own", () => {
    const harmonics = [1, 2, 3, 4, 5, 6, 7].map((each) => each * pinion);
    // Four times 4.765 is 0.3 % beside 19.
    expect(at(harmonics)).toEqual([3]);
    expect(at(harmonics, [])).toEqual([3]);
    expect(at(harmonics, [pinion])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(at(harmonics, [3.3, 2 * pinion])).toEqual([1, 3, 5]);
    // Half a width of a line and 0.45 % of 9.529 are 0.0629; a flank may be as far off.
    expect(at([9.591, 9.593, -9.591, -9.593, 2.4, Number.NaN], [pinion])).toEqual([0, 2]);
    // The own ones stay.
    expect(at([7, 6.97], [pinion])).toEqual([0, 1]);
    expect(
      listShaftLines(Float32Array.of(pinion), { revolutions: 7.9, shaft: none, gearedShafts: [pinion] }),
    ).toEqual([]);
  });

  test("turns as much faster as the shaft is heard to", () => {
    const shaft = { first: 0, second: 1 };
    expect(at([1, 2, 4.765, 4.775, 4.785], [pinion], shaft)).toEqual([2, 3]);
    expect(at([1.004, 2.008, 4.765, 4.775, 4.785], [pinion], shaft)).toEqual([3, 4]);
  });

  test("is heard where its point states it", () => {
    const heard = { shaftRpm: 1530, seconds: 2.353, shaftColumns: none, firsts: [] };
    expect(listForeignLines(Float32Array.of(pinion), heard)).toEqual({ hum: [], shaft: [] });
    expect(listForeignLines(Float32Array.of(pinion), { ...heard, gearedShafts: [pinion] })).toEqual({
      hum: [],
      shaft: [0],
    });
  });

  test("is named where one of its harmonics is nearer than any of the shaft's own", () => {
    expect(findGearedLine(9.54, [pinion])).toEqual({ turns: pinion, harmonic: 2 });
    expect(findGearedLine(9.54, [pinion, 3.179])).toEqual({ turns: 3.179, harmonic: 3 });
    expect(findGearedLine(9.98, [pinion])).toBeNull();
    expect(findGearedLine(33.35, [pinion])).toBeNull();
    expect(findGearedLine(9.54, [])).toBeNull();
  });
});
