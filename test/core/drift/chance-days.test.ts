import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureOverlap } from "../../../src/core/drift/chance-days.ts";
import {
  createDaySpace,
  type DaySpace,
  type DayUnit,
  directionOf,
  measureShared,
  shareOf,
  shareTail,
} from "../../../src/core/drift/day-space.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";
import { computeStudentTail } from "../../../src/core/maths/student-t.ts";

const days = 28;

/** Units of `columns` that share `common` of their variance; of each its mean alone. */
function draw(random: Random, columns: number, common: number): DayUnit[] {
  const shared = Array.from({ length: days + 3 }, () => random.normal());
  return Array.from({ length: columns }, () => {
    const all = shared.map((value) => Math.sqrt(common) * value + Math.sqrt(1 - common) * random.normal());
    const mean = all.slice(0, days).reduce((sum, value) => sum + value, 0) / days;
    const values = Float64Array.from(all.slice(0, days), (value) => value - mean);
    const last = all.slice(days).map((value) => value - mean);
    return { aspect: "mean" as const, values, fresh: [last[0]!, last[1]!, last[2]!] as const };
  });
}

/** The mean over many points. */
function overlapOf(columns: number, common: number): number {
  const random = createRandom(columns * 100 + common * 10);
  let sum = 0;
  for (let point = 0; point < 40; point++) {
    sum += measureOverlap(createDaySpace(draw(random, columns, common)), 0.001, random);
  }
  return sum / 40;
}

describe("how often tests are sure together", () => {
  it("is never more than one test, and less the more the columns have in common", () => {
    const [independent, half, most, same] = [0, 0.5, 0.9, 1].map((common) => overlapOf(8, common));
    expect(independent).toBeLessThanOrEqual(1);
    expect(independent).toBeGreaterThan(0.8);
    expect(half).toBeLessThan(independent!);
    expect(most).toBeLessThan(half!);
    // Eight columns that are one count as one: each of its sure days is sure eight times.
    expect(same).toBeLessThan(0.2);
    expect(same).toBeGreaterThan(1 / 18);
  });

  it("agrees with counting chance days one by one", () => {
    const random = createRandom(77);
    const space = createDaySpace(draw(random, 8, 0.7));
    const least = 0.2;
    let overlap = 0;
    for (let round = 0; round < 50; round++) overlap += measureOverlap(space, least, random) / 50;
    const kinds = ["mean1", "mean3", "all1", "all3"] as const;
    const shares = kinds.map((kind) => shareOf(space, kind) * (kind.startsWith("all") ? 1 : 8));
    const drawn = 6_000;
    let sure = 0;
    for (let point = 0; point < drawn; point++) if (isChanceDaySure(space, least, random)) sure++;
    const expected = sure / drawn;
    const found = least * shares.reduce((sum, share) => sum + share, 0) * overlap;
    expect(found / expected).toBeGreaterThan(0.88);
    expect(found / expected).toBeLessThan(1.12);
  });
});

/** Turns the days of a point at random: is one of its tests sure? */
function isChanceDaySure(space: DaySpace, least: number, random: Random): boolean {
  const height = days + 3;
  const frame = [0, 1, 2].map(() => Array.from({ length: height }, () => random.normal()));
  for (const [which, direction] of frame.entries()) {
    const mean = direction.slice(0, days).reduce((sum, value) => sum + value, 0) / days;
    for (let row = 0; row < days; row++) direction[row]! -= mean;
    for (const other of frame.slice(0, which)) {
      const along = dot(direction, other);
      for (let row = 0; row < height; row++) direction[row]! -= along * other[row]!;
    }
    const length = Math.sqrt(dot(direction, direction));
    for (let row = 0; row < height; row++) direction[row]! /= length;
  }
  const column = (matrix: Float64Array, width: number, at: number): number[] =>
    Array.from({ length: height }, (_, row) => matrix[row * width + at]!);
  const [one, three] = [directionOf(days, 1), directionOf(days, 3)];
  for (const [unit] of space.units.entries()) {
    const values = column(space.rows, space.units.length, unit);
    const dots = frame.map((direction) => dot(direction, values));
    const rest = Math.sqrt((space.lengths[unit]! - dot(dots, dots)) / (days - 1));
    if (computeStudentTail(dot(one, dots) / rest, days - 1) < least * shareOf(space, "mean1")) return true;
    if (computeStudentTail(dot(three, dots) / rest, days - 1) < least * shareOf(space, "mean3")) return true;
  }
  let [alone, together] = [0, 0];
  for (let at = 0; at < space.directions; at++) {
    const values = column(space.shared, space.directions, at);
    const dots = frame.map((direction) => dot(direction, values));
    alone += dot(one, dots) ** 2;
    together += dot(three, dots) ** 2;
  }
  return (
    shareTail(space, alone) < least * shareOf(space, "all1") ||
    shareTail(space, together) < least * shareOf(space, "all3")
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

describe("the days as directions", () => {
  it("keep the length of what is turned into them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 90 }), (count) => {
        for (const together of [1, 3] as const) {
          expect(Math.hypot(...directionOf(count, together))).toBeCloseTo(1, 12);
        }
      }),
    );
  });

  it("give a day that lies off with all columns to what they share", () => {
    const units = draw(createRandom(3), 8, 0.9);
    const plain = measureShared(createDaySpace(units), 1);
    const off = units.map((unit) => ({ ...unit, fresh: [unit.fresh[0], unit.fresh[1], 9] as const }));
    const found = measureShared(createDaySpace(off), 1);
    expect(plain).toBeGreaterThanOrEqual(0);
    expect(found).toBeGreaterThan(0.7);
    expect(found).toBeLessThanOrEqual(1 + 1e-9);
  });
});
