import { expect, test } from "vitest";
import { dayMs } from "../../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import type { JudgedCase, Judgement } from "../../../../../src/training/gate/judgement.ts";
import { checkSlices } from "../../../../../src/training/gate/rival-checks.ts";
import { listErrorCases } from "../../../../../src/training/recipes/scada/judge/bundle-figures.ts";
import {
  bandOperation,
  collectErrorCells,
  type ErrorCell,
  sliceScada,
} from "../../../../../src/training/recipes/scada/judge/scada-slices.ts";
import type { TurbineRows } from "../../../../../src/training/recipes/scada/learn/scada-rows.ts";

const channels = ["oil", "wind-speed", "power"];
const bands = bandOperation(channels, {
  windChannel: "wind-speed",
  powerChannel: "power",
  points: [[12, 2000]],
  minRatio: 0,
  maxRatio: 2,
});

/** A turbine whose wind rises through every day from 4 to 16 m/s, hour by hour; power with it, up to 2 MW. */
function makeTurbine(turbine: string, days: number): TurbineRows {
  const rows = 24 * days;
  const readings = new Float32Array(rows * 3);
  for (let row = 0; row < rows; row++) {
    const wind = 4 + (row % 24) / 2;
    readings.set([50, wind, Math.min(2000, 220 * (wind - 3))], row * 3);
  }
  return {
    turbine,
    rows,
    trainRows: 0,
    readings,
    timestampMs: Float64Array.from({ length: rows }, (_, row) => row * (dayMs / 24)),
    features: new Float32Array(rows),
    measured: new Float32Array(rows),
    usable: new Uint8Array(rows).fill(1),
  };
}

/** Cells of four turbines over 84 days; `extra` is added to the residual of a row by its wind and turbine. */
function makeCells(seed: number, extra: (wind: number, turbine: string) => number): ErrorCell[] {
  return ["T01", "T06", "T07", "T11"].flatMap((turbine, index) => {
    const rows = makeTurbine(turbine, 84);
    // What the turbine does is the same under both models, the models differ by a little noise.
    const shared = createRandom(100 + index);
    const own = createRandom(seed).fork(turbine);
    const residuals = Float64Array.from({ length: rows.rows }, (_, row) => {
      const size = Math.abs(shared.normal()) + 0.02 * own.normal();
      return Math.max(0, size) + extra(rows.readings[row * 3 + 1]!, turbine);
    });
    return collectErrorCells(rows, residuals, { bands, fromMs: 0 });
  });
}

function judge(cases: readonly JudgedCase[]): Judgement {
  return {
    fingerprints: {},
    metrics: {},
    leakage: [],
    baselines: [],
    calibration: null,
    parity: null,
    cases,
  };
}

test("every usable row is in its day, in one band of load and in one of wind speed", () => {
  const rows = makeTurbine("T01", 2);
  rows.usable[3] = 0;
  const residuals = Float64Array.from({ length: rows.rows * 2 }, (_, at) => (at % 2 === 0 ? 1 : -3));
  residuals[2 * 30] = Number.NaN;
  const cells = collectErrorCells(rows, residuals, { bands, fromMs: 0 });
  const count = (by: string): number =>
    cells.filter(({ slices }) => slices[by] !== undefined).reduce((sum, cell) => sum + cell.rows, 0);
  expect([count("turbine"), count("month"), count("load"), count("wind speed")]).toEqual([46, 46, 46, 46]);
  expect(cells.every(({ error }) => error === 2)).toBe(true);
  const valuesOf = (by: string): string[] => [...new Set(cells.flatMap(({ slices }) => slices[by] ?? []))];
  expect(valuesOf("wind speed")).toEqual(["below 6 m/s", "6 to 9 m/s", "9 to 12 m/s", "12 m/s and more"]);
  expect(valuesOf("load")).toEqual([
    "below 25 % of rated",
    "25 to 50 % of rated",
    "50 to 75 % of rated",
    "75 % of rated and more",
  ]);
  expect(collectErrorCells(rows, residuals, { bands, fromMs: dayMs })).toHaveLength(9);
});

test("figures of slices have counts and intervals, failures and false alarms where there are some", () => {
  const cells = makeCells(1, (wind) => (wind >= 12 ? 2 : 0));
  const failures = [{ turbine: "T06", component: "gearbox", timestampMs: 50 * dayMs }];
  const inspections = [
    { turbine: "T06", component: "gearbox", timestampMs: 30 * dayMs },
    { turbine: "T11", component: "gearbox", timestampMs: 30 * dayMs },
  ];
  const costs = new Map([["gearbox", { replacementEur: 100, repairEur: 20, inspectionEur: 5 }]]);
  const lead = { minLeadDays: 2, maxLeadDays: 60 };
  const slices = sliceScada({ site: "A", cells, inspections: [inspections], failures, costs, lead }, 1);
  const of = (by: string, value: string): (typeof slices)[number] =>
    slices.find((slice) => slice.by === by && slice.value === value)!;
  expect(of("site", "A")).toMatchObject({ rows: 4 * 84 * 24, turbineWeeks: 48, falseAlarms: 1 });
  expect(of("turbine", "T06")).toMatchObject({ detected: { value: 1, of: 1 }, falseAlarms: 0 });
  expect(of("turbine", "T11")).toMatchObject({ detected: { value: 0, of: 0, low: null }, falseAlarms: 1 });
  const strong = of("wind speed", "12 m/s and more");
  expect(strong.maeKelvin.low!).toBeGreaterThan(of("wind speed", "below 6 m/s").maeKelvin.high! + 1);
  expect(strong.detected).toBeNull();
});

test("the gate refuses a student that is spoiled in one band alone, or on one turbine, and names it", () => {
  const judgeCells = (...cells: Parameters<typeof makeCells>) =>
    judge(listErrorCases(makeCells(...cells), "A"));
  const active = judgeCells(1, () => 0);
  expect(
    checkSlices(
      judgeCells(3, () => 0),
      active,
      1,
    ).outcome,
  ).toBe("passed");
  const atRated = judgeCells(3, (wind) => (wind >= 12 ? 0.05 : -0.01));
  const refused = checkSlices(atRated, active, 1);
  expect(refused.outcome).toBe("failed");
  expect(refused.words).toMatch(/wind speed 12 m\/s and more|load 75 % of rated and more/);
  const onOne = judgeCells(3, (_, turbine) => (turbine === "T07" ? 0.05 : -0.01));
  expect(checkSlices(onOne, active, 1).words).toContain("worse on turbine T07");
});
