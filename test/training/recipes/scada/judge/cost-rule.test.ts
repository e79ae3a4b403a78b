import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listComponents } from "../../../../../src/core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../../src/core/maths/durations.ts";
import { readScadaCosts, readScadaLog } from "../../../../../src/training/dataset/scada/read-log.ts";
import type { ComponentCost } from "../../../../../src/training/dataset/scada/table-config.ts";
import {
  type Inspection,
  scoreInspections,
} from "../../../../../src/training/recipes/scada/judge/cost-rule.ts";
import { dataFolder as data } from "../../../../support/data-folder.ts";
import { loadEdpConfig } from "../../../../support/edp.ts";

const present = existsSync(join(data, "edp", "HTW_Costs.csv"));
const costs = new Map<string, ComponentCost>([
  ["gearbox", { replacementEur: 100, repairEur: 20, inspectionEur: 5 }],
]);
const lead = { minLeadDays: 2, maxLeadDays: 60 };
const rule = { costs, lead };
const failure = { turbine: "A", component: "gearbox", timestampMs: 100 * dayMs };
const at = (day: number, turbine = "A"): { turbine: string; component: string; timestampMs: number } => ({
  turbine,
  component: "gearbox",
  timestampMs: day * dayMs,
});

/** An inspection of every pair of `turbines` and `components` at `startMs`, and each `everyDays` until before `endMs`. */
function calendarInspections(
  turbines: readonly string[],
  components: readonly string[],
  window: { readonly startMs: number; readonly endMs: number; readonly everyDays: number },
): Inspection[] {
  const inspections: Inspection[] = [];
  for (
    let timestampMs = window.startMs;
    timestampMs < window.endMs;
    timestampMs += window.everyDays * dayMs
  ) {
    for (const turbine of turbines) {
      for (const component of components) inspections.push({ turbine, component, timestampMs });
    }
  }
  return inspections;
}

test("an inspection counts from 60 to 2 days before the failure, both included", () => {
  const found = (day: number): number => scoreInspections([at(day)], [failure], rule).detected;
  expect([found(39.99), found(40), found(98), found(98.01), found(101)]).toEqual([0, 1, 1, 0, 0]);
});

test("an inspection counts as long before the failure as the policy says", () => {
  const own = { costs, lead: { minLeadDays: 10, maxLeadDays: 30 } };
  const score = (day: number) => scoreInspections([at(day)], [failure], own);
  expect([69, 70, 90, 91].map((day) => score(day).detected)).toEqual([0, 1, 1, 0]);
  expect(score(70).eur).toBe(80);
});

test("the saving grows with the lead of the earliest inspection that counts, and a second one is no false alarm", () => {
  const outcome = scoreInspections([at(85), at(70)], [failure], rule);
  expect(outcome).toMatchObject({ eur: 40, gainEur: 140, detected: 1, falseAlarms: 0 });
  expect(outcome.failures[0]?.leadDays).toBe(30);
});

test("another turbine's inspection is a false alarm and the failure costs its replacement", () => {
  expect(scoreInspections([at(85, "B")], [failure], rule)).toMatchObject({ eur: -105, falseAlarms: 1 });
});

test("a component without a cost is refused", () => {
  expect(() => scoreInspections([], [{ ...failure, component: "yaw" }], rule)).toThrow(RangeError);
});

test("more inspections never lose a detection, and each false one costs exactly one inspection", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 120, noNaN: true }), { maxLength: 8 }),
      fc.double({ min: 0, max: 120, noNaN: true }),
      (days, extra) => {
        const inspections = days.map((day) => at(day));
        const before = scoreInspections(inspections, [failure], rule);
        const after = scoreInspections([...inspections, at(extra)], [failure], rule);
        expect(after.detected).toBeGreaterThanOrEqual(before.detected);
        expect(after.falseAlarms + (after.inspections - after.falseAlarms)).toBe(before.inspections + 1);
        if (after.falseAlarms > before.falseAlarms) expect(after.eur).toBeCloseTo(before.eur - 5, 9);
        else expect(after.eur).toBeGreaterThanOrEqual(before.eur);
      },
    ),
  );
});

describe.skipIf(!present)("on the test half-year of the logbook (needs the data folder)", () => {
  const startMs = Date.parse("2017-06-01T00:00:00Z");
  // Nothing is decided any more when the last day begins.
  const endMs = Date.parse("2017-12-31T00:00:00Z");

  test("it gives the anchors: never −320,000, perfect +244,670, calendar every 58 days −173,176", async () => {
    const { dataset, components, failures: all } = await readEdp();
    const prices = await readScadaCosts(data, dataset, components);
    const failures = all.filter((each) => each.timestampMs >= startMs);
    expect(failures).toHaveLength(8);
    expect(scoreInspections([], failures, { costs: prices, lead }).eur).toBe(-320_000);
    const perfect = failures.map((each) => ({
      ...each,
      timestampMs: Math.max(startMs, each.timestampMs - 60 * dayMs),
    }));
    expect(Math.round(scoreInspections(perfect, failures, { costs: prices, lead }).eur)).toBe(244_670);
    // Alarms are made from whole days: the first one can be given when the first day is over.
    const calendar = (offsetDays: number): ReturnType<typeof scoreInspections> =>
      scoreInspections(
        calendarInspections(dataset.turbines, components, {
          startMs: startMs + (1 + offsetDays) * dayMs,
          endMs,
          everyDays: 58,
        }),
        failures,
        { costs: prices, lead },
      );
    const first = calendar(0);
    expect(first).toMatchObject({ detected: 8, falseAlarms: 72 });
    expect(Math.round(first.eur)).toBe(-173_176);
    const gains = Array.from({ length: 58 }, (_, day) => calendar(day).gainEur);
    expect(Math.round(gains.reduce((sum, gain) => sum + gain, 0) / 58 / 1000)).toBe(189);
  });

  test("the logbook holds 13 failures of these turbines before June 2017", async () => {
    const { failures } = await readEdp();
    expect(failures.filter((each) => each.timestampMs < startMs)).toHaveLength(13);
  });
});

async function readEdp() {
  const config = await loadEdpConfig();
  const components = listComponents(config);
  const { failures } = await readScadaLog(data, config.dataset, components);
  return { dataset: config.dataset, components, failures };
}
