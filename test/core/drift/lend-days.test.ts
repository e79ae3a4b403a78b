import { describe, expect, it } from "vitest";
import { testScatter } from "../../../src/core/drift/column-test.ts";
import type { DayScatter } from "../../../src/core/drift/day-scatter.ts";
import { type LentDays, lendDays } from "../../../src/core/drift/lend-days.ts";
import { average } from "../../../src/core/maths/moments.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";

const usualDays = 14;
const degrees = usualDays - 1;
const normal = { unbiased: 1, ofMean: 1, three: 1 / 3, degrees: 1, tails: 0 };

interface Columns {
  /** Standard deviation of each column's days over the expected one. */
  readonly scales: readonly number[];
  /** Correlation of any two columns. */
  readonly common?: number;
  readonly days?: number;
}

/** Columns of normal days, and a new day of each. */
function draw(random: Random, { scales, common = 0, days = usualDays }: Columns): readonly DayScatter[] {
  const shared = Array.from({ length: days + 1 }, () => random.normal());
  return scales.map((scale) => {
    const all = shared.map(
      (both) => scale * (Math.sqrt(common) * both + Math.sqrt(1 - common) * random.normal()),
    );
    const [current = 0, ...rest] = all;
    const centre = average(rest);
    const variance = rest.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (days - 1);
    return {
      aspect: "mean" as const,
      centre,
      variance,
      weight: days,
      beyond: [0, 0, 0] as const,
      current,
      together: Number.NaN,
      isEcho: false,
      values: Float64Array.from(rest, (value) => (value - centre) / Math.sqrt(variance)),
      fresh: [0, 0, 0] as const,
    };
  });
}

function lend(scatters: readonly DayScatter[], expected = 1): LentDays[] {
  return lendDays(scatters.map((scatter) => ({ scatter, widening: normal, expected })));
}

/** Mean over points of what a column is lent. */
function lentTo(columns: Columns, points = 50): number {
  const random = createRandom(11);
  return average(
    Array.from({ length: points }, () => average(lend(draw(random, columns)).map((each) => each.degrees))),
  );
}

const alike = new Array<number>(8).fill(1);
const unlike = alike.map((_, column) => 2 ** (column - 4));

describe("what columns are lent", () => {
  it("is as much as they have of their own, where they scatter alike", () => {
    expect(lentTo({ scales: alike })).toBeGreaterThan(0.9 * degrees);
  });

  it("is next to nothing where each scatters otherwise", () => {
    expect(lentTo({ scales: unlike })).toBeLessThan(1.5);
  });

  it("is little where the columns move together: they tell the same", () => {
    expect(lentTo({ scales: alike, common: 0.95 })).toBeLessThan(degrees / 4);
  });

  it("is nothing after four weeks of their own", () => {
    expect(lentTo({ scales: alike, days: 27 })).toBeGreaterThan(0.5);
    expect(lentTo({ scales: alike, days: 28 })).toBe(0);
  });

  it("is the variance of the others, in units of what each column's hours say", () => {
    const scatters = draw(createRandom(3), { scales: new Array<number>(30).fill(2) });
    for (const { variance } of lend(scatters, 1)) {
      expect(variance).toBeGreaterThan(3);
      expect(variance).toBeLessThan(5);
    }
  });

  it("is nothing for fewer than five columns, and none of a column whose hours are not known", () => {
    const scatters = draw(createRandom(4), { scales: alike });
    expect(lend(scatters.slice(0, 4)).every((each) => each.degrees === 0)).toBe(true);
    expect(lend(scatters, 0).every((each) => each.degrees === 0)).toBe(true);
    const most = scatters.map((scatter, index) => ({
      scatter,
      widening: normal,
      expected: index === 2 ? 0 : 1,
    }));
    expect(lendDays(most).map((each) => each.degrees > 0)).toEqual(alike.map((_, index) => index !== 2));
  });
});

describe("a day's test with what other columns lend", () => {
  const population = (random: Random): number[] =>
    alike.map(() => {
      // Variances of a law with six degrees of freedom.
      const squares = Array.from({ length: 6 }, () => random.normal() ** 2);
      return Math.sqrt(6 / squares.reduce((sum, each) => sum + each, 0));
    });
  it.each([
    ["columns alike", () => alike],
    ["columns of a law", population],
    ["one column of eight that scatters thrice as far", () => alike.map((_, index) => (index === 0 ? 3 : 1))],
    ["columns each otherwise", () => unlike],
  ])("keeps its rate for %s", (_, scalesOf) => {
    const random = createRandom(21);
    const asked = 0.01;
    let [tests, found] = [0, 0];
    for (let point = 0; point < 1_500; point++) {
      const scatters = draw(random, { scales: scalesOf(random) });
      const lent = lend(scatters);
      for (const [index, scatter] of scatters.entries()) {
        tests++;
        if (testScatter(scatter, normal, lent[index])[0]!.pValue <= asked) found++;
      }
    }
    expect(found / tests).toBeLessThan(1.25 * asked);
    expect(found / tests).toBeGreaterThan(0.6 * asked);
  });
});
