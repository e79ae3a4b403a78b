import { expect, test } from "vitest";
import { renderDriftExplanation, renderDriftReport } from "../../../src/cli/terminal/render-drift.ts";
import {
  driftVerdict,
  featureDistances,
  featureShift,
  quietVerdict,
} from "../../core/contract/drift-verdicts.ts";

const day = "2026-11-19";

test("a report begins with how many, then what moved in words, then of whom nothing can be said", () => {
  const verdicts = [
    driftVerdict(),
    quietVerdict("learning", "day 4 of 14", { turbine: "WT08" }),
    quietVerdict("paused", "the turbine did not operate", { turbine: "WT09" }),
  ];
  expect(renderDriftReport({ day, verdicts, stable: 1 })).toBe(
    [
      "2026-11-19: 1 drift, 1 stable, 1 learning, 1 paused",
      "",
      "DRIFT: WT07's drive-end sensor is 6 dB quieter at all loads since Tuesday",
      "  points   WT07 generator-bearing (north-sea)",
      "  since    2026-11-17",
      "  what     one sensor",
      "  for      its own channel alone moved",
      "  for      all loads moved alike",
      "  against  the scatter moved a little, too",
      "",
      "learning: WT08 generator-bearing (north-sea), day 4 of 14",
      "paused: WT09 generator-bearing (north-sea), the turbine did not operate",
      "",
      "What speaks for it, in figures: aurora drift explain WT07/generator-bearing --day 2026-11-19",
      "",
    ].join("\n"),
  );
});

test("a quiet day and a collector without a verdict are said, not left empty", () => {
  const quiet = renderDriftReport({ day, verdicts: [], stable: 1 });
  expect(quiet).toBe("2026-11-19: 1 stable\n\nNo point moved away from its own reference.\n");
  expect(renderDriftReport({ day, verdicts: [], stable: 0 })).toMatch(/^No day has been assessed yet\.\n/);
});

test("of many points a few are named and the others counted", () => {
  const verdicts = Array.from({ length: 40 }, (_, index) =>
    quietVerdict("learning", "day 4 of 14", { turbine: `WT${index}` }),
  );
  const text = renderDriftReport({ day, verdicts, stable: 0 });
  expect(text.match(/^learning:/gm)).toHaveLength(12);
  expect(text).toContain("and 28 more points");
  const same = Array.from({ length: 40 }, (_, index) => driftVerdict({ turbine: `WT${index}` }));
  expect(renderDriftReport({ day, verdicts: same, stable: 0 })).toMatch(/WT11 [^;]+ and 28 more\n/);
});

test("an explanation has the loads, the distances with their intervals, and both distributions", () => {
  const text = renderDriftExplanation({ day, verdicts: [driftVerdict()], next: null });
  expect(text).toContain("WT07 generator-bearing (north-sea), 2026-11-19: drift\n  WT07's drive-end sensor");
  expect(text).toContain(
    "  rests on 31 days of its own, 1440 windows or rows of this day, model bearing-vibration 1.2.0",
  );
  expect(text).toContain("with probability 3.0e−6");
  expect(text).toContain(
    "  impacts (impact.peak): 6.1 dB quieter\n    −12.4 → −18.5 dB; 11.2 times what is usual",
  );
  expect(text).toContain("      362 to 512 kW      −6.00 dB\n");
  expect(text).toContain("PSI 3.40 (2.90 to 4.00), KS 0.810 (0.760 to 0.860)");
  expect(text).toMatch(/own reference \|.{6}\|\n {4}this day {6}\|.{6}\|/);
  const { bins: _, ...bare } = featureDistances();
  const without = driftVerdict({ distances: [bare], shifts: [featureShift({ loads: [] })] });
  expect(renderDriftExplanation({ day, verdicts: [without], next: null })).not.toMatch(/\|/);
});

test("a point that learns is explained by its day of learning", () => {
  const verdicts = [quietVerdict("learning", "day 4 of 14", { referenceDays: 3 })];
  const text = renderDriftExplanation({ day, verdicts, next: null });
  expect(text).toBe(
    [
      "WT07 generator-bearing (north-sea), 2026-11-19: learning",
      "  why      day 4 of 14",
      "  rests on 3 days of its own, 1440 windows or rows of this day, model bearing-vibration 1.2.0",
      "",
    ].join("\n"),
  );
});
