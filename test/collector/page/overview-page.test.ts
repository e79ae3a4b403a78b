import { expect, test } from "vitest";
import type { OverviewPage } from "../../../src/collector/fleet/load-pages.ts";
import { parsePageRange } from "../../../src/collector/page/chart-section.ts";
import { renderOverviewPage } from "../../../src/collector/page/overview-page.ts";
import { alertEvent } from "../fleet-records.ts";

const nowMs = 1_700_000_000_000;
const nothing = { total: 0, items: [] };
const empty: OverviewPage = {
  nowMs,
  titles: new Map(),
  turbines: [],
  gateways: [],
  alarms: nothing,
  activeAlarms: 0,
  drift: { day: "2023-11-14", points: [] },
  models: [],
  updates: nothing,
  events: nothing,
  quarantine: nothing,
};

test("the fleet's page is made of plain values alone, and of the same values the same page", () => {
  const event = alertEvent("wt-1", "raised", nowMs - 60_000);
  const alarm = { alarm: 1, active: true, firstMs: nowMs, lastMs: nowMs, event, steps: [] };
  const page = { ...empty, alarms: { total: 30, items: [alarm] }, activeAlarms: 7 };
  const range = parsePageRange({ range: "6h" });
  const { text } = renderOverviewPage(page, range);
  expect(text).toContain('<p class="tile-figure">7</p>');
  expect(text).toContain("<h3>Inner-race</h3>");
  expect(text).toContain("The newest 1 of 30");
  const titled = renderOverviewPage({ ...page, titles: new Map([["inner-race", "crack <here>"]]) }, range);
  expect(titled.text).toContain("<h3>Crack &lt;here&gt;</h3>");
  expect(renderOverviewPage(structuredClone(page), range).text).toBe(text);
});

test("a page's range is an hour that may shrink unless its address names one", () => {
  expect(parsePageRange({ range: "7d" })).toMatchObject({ minutes: 10_080, fit: "exact" });
  for (const query of [null, {}, { range: "8d" }, { range: ["7d"] }]) {
    expect(parsePageRange(query)).toMatchObject({ name: "1h", fit: "shrink" });
  }
});
