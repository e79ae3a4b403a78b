import { expect, test } from "vitest";
import { computeShare } from "../../../../../src/training/judge/figure.ts";
import {
  sayKeptLead,
  tabulateSlices,
} from "../../../../../src/training/recipes/bearing/report/bearing-card.ts";

test("every figure of a slice stands with its interval and its counts", () => {
  const share = (right: number, of: number) => ({ ...computeShare(right, of), right, of });
  const { rows } = tabulateSlices([
    {
      by: "load",
      value: "2 hp",
      signals: 18,
      windows: 162,
      macroAuroc: { value: 0.94, low: 0.844, high: 0.994 },
      brier: { value: 0.064, low: 0.021, high: 0.119 },
      detected: share(7, 10),
      quiet: share(8, 8),
    },
    {
      by: "fault",
      value: "healthy",
      signals: 39,
      windows: 328,
      macroAuroc: null,
      brier: { value: 0.033, low: 0.019, high: 0.05 },
      detected: null,
      quiet: share(39, 39),
    },
  ]);
  expect(rows).toEqual([
    [
      "load: 2 hp",
      "18",
      "162",
      "0.940 (0.844 to 0.994)",
      "0.064 (0.021 to 0.119)",
      "7 of 10 (0.40 to 0.89)",
      "8 of 8 (0.68 to 1.00)",
    ],
    ["fault: healthy", "39", "328", "–", "0.033 (0.019 to 0.050)", "–", "39 of 39 (0.91 to 1.00)"],
  ]);
});

test("a teacher's lead is kept only where there is one; where it may be zero, nothing is claimed", () => {
  const finding = (name: string, value: number, halfWidth: number) => {
    const difference = { value, low: value - halfWidth, high: value + halfWidth };
    return { name, outOfFold: difference, heldOut: difference, sentence: "" };
  };
  const sure = [finding("teacherLead", 0.02, 0.01), finding("distillation", 0.015, 0.01)];
  expect(sayKeptLead({ findings: sure })).toEqual([
    "Of the teacher's lead out of fold, 0.0200 (0.0100 to 0.0300), its student keeps 75.0 %: 0.0150 (0.0050 to 0.0250).",
  ]);
  const unsure = [finding("teacherLead", 0.02, 0.03), finding("distillation", 0.015, 0.01)];
  expect(sayKeptLead({ findings: unsure })[0]).toMatch(/^There is no lead of the teacher/);
  expect(sayKeptLead({ findings: [] })).toEqual([]);
});
