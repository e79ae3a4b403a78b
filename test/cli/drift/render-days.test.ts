import { expect, test } from "vitest";
import { renderDriftDays } from "../../../src/cli/drift/render-days.ts";
import { daysUpTo, pointOf } from "../../collector/page/drift-pages.ts";
import { driftVerdict } from "../../core/contract/drift-verdicts.ts";

test("columns of turbines of one name at two sites are told apart", () => {
  const points = [pointOf("a/WT1/gearbox", "sd"), pointOf("b/WT1/gearbox", " d")];
  const ofDay = ["a", "b"].map((site) => driftVerdict({ site, turbine: "WT1", component: "gearbox" }));
  const lines = renderDriftDays({ days: daysUpTo(2), points, verdicts: [[], ofDay] }).split("\n");
  expect(lines).toEqual([
    "",
    "Day by day",
    "             11-18 11-19",
    "  all points     ·    2◆",
    "  site a         ·    1◆",
    "  site b              1◆",
    "  WT1 (a)        ·     ◆",
    "  WT1 (b)              ◆",
    "  ◆ drift, · stable; a number counts points",
    "",
    "Columns that moved, by how many times what is usual from day to day",
    "                       11-18 11-19",
    "  gearbox (a): impacts         −11",
    "  gearbox (b): impacts         −11",
    "",
  ]);
});

test("periods shorter than a day are named by when they began; long names are cut; nothing is shown of no days", () => {
  const days = ["2026-11-19T14:30Z", "2026-11-19T14:31Z"];
  const points = [pointOf(`a/${"W".repeat(60)}/gearbox`, "lw")];
  const lines = renderDriftDays({ days, points, verdicts: null }).split("\n");
  expect(lines[2]).toMatch(/ 14:30 14:31$/);
  expect(lines[4]).toMatch(/^ {2}W{43}… +◐ +▲$/);
  expect(renderDriftDays({ days: [], points: [], verdicts: null })).toBe("");
});
