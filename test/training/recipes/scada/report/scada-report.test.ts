import { expect, test } from "vitest";
import { dayMs } from "../../../../../src/core/maths/durations.ts";
import { plotFailure } from "../../../../../src/training/recipes/scada/report/scada-report.ts";
import { failureAt, makeDays } from "../synthetic-farm.ts";

test("a failure's drawing says whether it was found, and marks the inspections of its pair alone", () => {
  const days = makeDays(200, 1, []);
  const failure = failureAt("T06", "gearbox", 150);
  const inspection = (turbine: string, day: number) => ({
    turbine,
    component: "gearbox",
    timestampMs: day * dayMs,
  });
  const lead = { minLeadDays: 2, maxLeadDays: 60 };
  const found = plotFailure({
    failure,
    days,
    lead,
    inspections: [inspection("T06", 120), inspection("T01", 130)],
  });
  expect(found).toContain("T06 gearbox, 1970-05-31: found");
  expect(found.match(/<title>inspection<\/title>/g)).toHaveLength(1);
  expect(found.match(/<path d="M[\d.]+ [\d.]+L/g)).toHaveLength(4);
  const missed = plotFailure({ failure, days, lead, inspections: [inspection("T06", 149)] });
  expect(missed).toContain(": missed");
  const shorter = { minLeadDays: 2, maxLeadDays: 20 };
  expect(plotFailure({ failure, days, lead: shorter, inspections: [inspection("T06", 120)] })).toContain(
    ": missed",
  );
  expect(missed).not.toMatch(/NaN|undefined/);
  // The axis ends at the smallest scale that the scores fit on.
  expect(missed).toMatch(/text-anchor="end">(?:2|4|6|8)<\/text>/);
});
