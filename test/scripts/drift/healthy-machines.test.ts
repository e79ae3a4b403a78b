import { expect, test } from "vitest";
import { findMissed } from "../../../scripts/drift/healthy-machines.ts";

const find = (turbine: string, count: number, warnings = 0) => ({
  turbine,
  days: Array.from({ length: count }, (_, day) => ({
    fromMs: day * 86_400_000,
    drift: false,
    warning: day < warnings,
  })),
  drifts: 0,
  warnings,
});

test("turbines of which no day was assessed, or few, hold no bound", () => {
  expect(findMissed([find("T01", 120), find("T11", 120, 2)])).toEqual([]);
  expect(findMissed([find("T01", 99), find("T11", 120)])).toEqual([
    "T01: 99 days were assessed, at least 100 must be",
  ]);
  expect(findMissed([find("T01", 0), find("T11", 0)])).toHaveLength(4);
  expect(findMissed([find("T01", 120), find("T11", 120, 3)])).toEqual(["T11: warnings on 0.025 of the days"]);
});
