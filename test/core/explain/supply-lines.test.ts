import { expect, test } from "vitest";
import { listForeignLines } from "../../../src/core/explain/foreign-lines.ts";
import { listSupplyLines } from "../../../src/core/explain/supply-lines.ts";

const list = (polePairs: number, ...orders: number[]): readonly number[] =>
  listSupplyLines(Float32Array.from(orders), { polePairs, revolutions: 60 });

test("a line stands on an inverter's supply at multiples of 2p orders and of what an induction motor slips", () => {
  // Of one slip, 2 %, the second and the sixth multiple as well.
  expect(list(2, 4.08, 8.16, 24.48, Number.NaN, 5.4)).toEqual([0, 1, 2]);
  // No rotor runs ahead of its field, and none slips by more than 4.5 %.
  expect(list(2, 3.98, 4.2, 8.4)).toEqual([]);
  expect(list(1, 4.08, 4.2)).toEqual([0]);
  expect(list(3, 4.08)).toEqual([]);
});

test("of lines that would need another slip those are not the supply's that fewer agree with", () => {
  expect(list(2, 4.08, 8.16, 12.06)).toEqual([0, 1]);
  // Of two alone either may be.
  expect(list(2, 4.08, 12.06)).toEqual([0, 1]);
});

test("of a flank the line stands up to a main lobe beyond", () => {
  expect(list(2, -4.2)).toEqual([0]);
  expect(list(2, -4.22)).toEqual([]);
});

test("without a number of pole pairs no line is the supply's", () => {
  // 4.08 orders at 1,530 rpm are 104 Hz.
  const heard = { shaftRpm: 1530, seconds: 2.353, shaftColumns: { first: -1, second: -1 }, firsts: [] };
  expect(listForeignLines(Float32Array.of(4.08), heard)).toEqual({ hum: [], shaft: [] });
  expect(listForeignLines(Float32Array.of(4.08), { ...heard, polePairs: 2 })).toEqual({
    hum: [0],
    shaft: [],
  });
});
