import { expect, test } from "vitest";
import {
  countAssessed,
  countPointsByLevel,
  expectWarnings,
  rollUpFleet,
  rollUpSites,
  rollUpTurbines,
} from "../../../src/core/drift/roll-up-days.ts";
import { daysUpTo, pointOf } from "../../collector/page/drift-pages.ts";

const points = [
  pointOf("b/WT10/gearbox", "sss"),
  pointOf("b/WT2/gearbox", "ssd"),
  pointOf("b/WT2/main-bearing", "sds"),
  pointOf("a/WT1/gearbox", "dss"),
  pointOf("a/WT3/gearbox", " ll"),
  pointOf("a/WT4/gearbox", "ssw"),
  pointOf("a/WT5/gearbox", "spi"),
];
const table = { days: daysUpTo(3), points };

test("turbines that moved on the day stand first, drift before warning, then those that moved before, then by name", () => {
  const names = (index: number) => rollUpTurbines(table, index, 0.01).map(({ turbine }) => turbine);
  expect(names(2)).toEqual(["WT2", "WT4", "WT1", "WT3", "WT5", "WT10"]);
  // What came after the day does not count.
  expect(names(0)).toEqual(["WT1", "WT3", "WT4", "WT5", "WT2", "WT10"]);
});

test("a turbine is at the level of the component of which most is said, a site and the fleet alike", () => {
  const two = rollUpTurbines(table, 2, 0.01)[0]!;
  expect(two.levels.map(({ level }) => level)).toEqual(["stable", "drift", "drift"]);
  expect(two.levels[1]!.count).toBe(1);
  const sites = rollUpSites(table, 2, 0.01);
  expect(sites.map(({ site }) => site)).toEqual(["b", "a"]);
  expect(sites[0]!.levels[0]).toEqual({ level: "stable", count: 3, isExpected: false });
  expect(rollUpFleet(table, 0.01).map(({ level, count }) => [level, count])).toEqual([
    ["drift", 1],
    ["drift", 1],
    ["drift", 1],
  ]);
  const none = rollUpTurbines({ days: table.days, points: [pointOf("a/WT1/gearbox", "   ")] }, 2, 0.01);
  expect(none[0]!.levels[2]).toEqual({ level: null, count: 0, isExpected: false });
});

test("of a large site a warning or two are what healthy points bring about; of one point none is", () => {
  const healthy = (count: number, warnings: number) =>
    Array.from({ length: count }, (_, index) =>
      pointOf(`a/WT${index}/gearbox`, index < warnings ? "w" : "s"),
    );
  const isExpected = (count: number, warnings: number, share = 0.01) =>
    rollUpFleet({ days: daysUpTo(1), points: healthy(count, warnings) }, share)[0]!.isExpected;
  expect([isExpected(1, 1), isExpected(168, 2), isExpected(168, 6), isExpected(168, 0)]).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(expectWarnings(2000, 0.01)).toEqual({ mean: 20, most: 33 });
  // Where an assessment is configured to warn less often, two of 168 are no chance.
  expect([isExpected(168, 2, 0.001), expectWarnings(2000, 0.001)]).toEqual([false, { mean: 2, most: 6 }]);
});

test("levels of a day are counted, and who was assessed", () => {
  const counts = countPointsByLevel(table, 2);
  expect(Object.fromEntries(counts)).toEqual({
    stable: 3,
    drift: 1,
    learning: 1,
    warning: 1,
    insufficient: 1,
  });
  expect(countAssessed(counts)).toBe(5);
  expect(countPointsByLevel(table, 7).size).toBe(0);
});
