import { expect, test } from "vitest";
import {
  labelDay,
  renderHeatLegend,
  renderHeatMap,
  renderLevelCell,
} from "../../../src/collector/page/heat-map.ts";
import { driftLevels } from "../../../src/core/contract/drift-verdict.ts";

test("a day is said short at the head of its column, with its month where that begins, and in full", () => {
  expect(labelDay("2026-11-19", "2026-11-18")).toEqual({ top: "Th", short: "19", long: "Thu 2026-11-19" });
  expect(labelDay("2026-11-01", "2026-10-31")).toEqual({ top: "Nov", short: "1", long: "Sun 2026-11-01" });
  expect(labelDay("2026-11-19", null).top).toBe("Nov");
});

test("a period that is no day is said by its time", () => {
  expect(labelDay("2026-11-19T07:51Z", null)).toEqual({ top: "07", short: ":51", long: "2026-11-19 07:51" });
  expect(labelDay("2026-11-19T07:52Z", "2026-11-19T07:51Z").top).toBe("");
  expect(labelDay("2026-11-19T08:00:20Z", "2026-11-19T07:59:40Z")).toEqual({
    top: "08:00",
    short: ":20",
    long: "2026-11-19 08:00:20",
  });
  expect(labelDay("<never>", null).long).toBe("<never>");
});

test("every level is told by words, and by a mark where it is not quiet", () => {
  const cells = driftLevels.map(
    (level) => renderLevelCell({ level, name: "WT<07>", day: "2026-11-19" }).text,
  );
  for (const text of cells) expect(text).toMatch(/<span class="hidden">[a-z ]+<\/span>/);
  expect(new Set(cells.map((text) => /aria-hidden="true">(.?)</.exec(text)![1])).size).toBe(
    driftLevels.length,
  );
  expect(cells.join("")).not.toContain("WT<07>");
  expect(renderLevelCell({ level: null, name: "WT07", day: "2026-11-19" }).text).toContain("no verdict");
});

test("the sum of many says how many moved, and wears no colour for what chance brings about", () => {
  const cell = { level: "warning", name: "All points", day: "2026-11-19", count: 12 } as const;
  expect(renderLevelCell(cell).text).toMatch(/class="warning"[\s\S]*>12</);
  expect(renderLevelCell({ ...cell, isExpected: true }).text).toContain('class="stable few"');
  expect(renderLevelCell({ ...cell, level: "drift", count: 2_400 }).text).toContain(">2k<");
  expect(renderLevelCell({ ...cell, level: "stable" }).text).toContain('aria-hidden="true"></span>');
});

test("the table has heads for rows and columns, marks the day that is spoken of, and links the others", () => {
  const { text } = renderHeatMap({
    label: "Drift",
    days: ["2026-11-18", "2026-11-19"],
    day: "2026-11-19",
    rows: [{ header: "All", tone: "all", cells: [] }],
    dayHref: (day) => `/drift?day=${day}`,
  });
  expect(text.match(/scope="col"/g)).toHaveLength(2);
  expect(text).toMatch(/title="Thu 2026-11-19" aria-current="date"/);
  expect(text).not.toMatch(/title="Wed 2026-11-18" aria-current/);
  expect(text).toContain('<a href="/drift?day=2026-11-18"');
  expect(text).toContain('<tr class="all"><th scope="row">All</th>');
});

test("the legend explains the marks that are there, and no other", () => {
  const { text } = renderHeatLegend(new Set(["stable", "drift", null] as const));
  expect(text).toMatch(/drift[\s\S]*stable[\s\S]*no verdict/);
  expect(text).not.toMatch(/warning|learning/);
});
