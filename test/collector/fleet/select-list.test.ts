import { expect, it } from "vitest";
import { loadOverviewPage } from "../../../src/collector/fleet/load-pages.ts";
import { loadGateways, loadMachines, loadTurbines } from "../../../src/collector/fleet/load-turbines.ts";
import {
  cutList,
  searchGateways,
  searchTurbines,
  sortGateways,
  sortTurbines,
} from "../../../src/collector/fleet/select-list.ts";
import { parsePageRange } from "../../../src/collector/page/chart-section.ts";
import { renderOverviewPage } from "../../../src/collector/page/overview-page.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { turbineState } from "../fleet-records.ts";

const t = 1_700_000_000_000;
const component = "gearbox-hss-bearing";

async function openFleet(count: number) {
  const record = createSqliteRecord(openSqlite(":memory:"));
  const turbines = Array.from({ length: count }, (_, index) => {
    const isAlarming = index === count - 1;
    const condition = {
      component,
      health: isAlarming ? "critical" : "good",
      reason: null,
      sinceMs: null,
    } as const;
    const risk = {
      component,
      failureMode: "ball",
      probability: 0.5,
      risk: index / count,
      time: new Date(t).toISOString(),
    };
    const changes = {
      components: [condition],
      lastScores: [risk],
      health: isAlarming ? "alarm" : "ok",
    } as const;
    return { state: turbineState(`wt-${index}`, t, "d", changes), seenMs: t + index };
  });
  const gateways = ["gw-10", "gw-2"].map((gateway, index) => ({
    status: { gateway, online: index === 0, time: null, version: "1", config: null },
    seenMs: t,
  }));
  await record.storeStates({ nowMs: t, turbines, gateways, setAside: [] });
  const clock = { nowMs: () => t };
  return {
    record,
    models: new Map(),
    clock,
    silentAfterMs: 120_000,
    warningShare: 0.01,
    brokerLostMs: () => null,
  };
}

it("finds turbines by every word, and sorts them by what is asked", async () => {
  const fleet = await openFleet(12);
  const { turbines } = await loadMachines(fleet);
  const names = (of: readonly { readonly turbine: string }[]): string =>
    of.map(({ turbine }) => turbine).join(" ");
  expect(names(searchTurbines(turbines, "  NORTH-sea  wt-3 "))).toBe("wt-3");
  expect(names(searchTurbines(turbines, "critical"))).toBe("wt-11");
  expect(searchTurbines(turbines, "gearbox")).toHaveLength(12);
  expect(searchTurbines(turbines, "south")).toEqual([]);
  const first = (sort: Parameters<typeof sortTurbines>[1]): string =>
    names(sortTurbines(turbines, sort).slice(0, 3));
  expect(first("name")).toBe("wt-0 wt-1 wt-2");
  expect(first("site")).toBe("wt-0 wt-1 wt-2");
  expect(first("urgency")).toBe("wt-11 wt-0 wt-1");
  expect(first("risk")).toBe("wt-11 wt-10 wt-9");
  expect(first("seen")).toBe("wt-0 wt-1 wt-2");
  const gateways = await loadGateways(fleet);
  expect(sortGateways(gateways, "name").map(({ gateway }) => gateway)).toEqual(["gw-2", "gw-10"]);
  expect(sortGateways(gateways, "urgency")[0]).toMatchObject({ gateway: "gw-2" });
  expect(searchGateways(gateways, "offline").map(({ gateway }) => gateway)).toEqual(["gw-2"]);
});

it("cuts a list into parts, and gives the last for one that is not there", () => {
  const items = Array.from({ length: 5 }, (_, index) => index);
  expect(cutList(items, 2, 2)).toEqual({ items: [2, 3], total: 5, page: 2, pages: 3 });
  expect(cutList(items, 99, 2)).toEqual({ items: [4], total: 5, page: 3, pages: 3 });
  expect(cutList([], 1, 2)).toEqual({ items: [], total: 0, page: 1, pages: 1 });
});

it("shows a part of a large fleet, what needs attention first, with the way to the rest", async () => {
  const fleet = await openFleet(250);
  const render = async (query?: Parameters<typeof loadOverviewPage>[1]): Promise<string> =>
    renderOverviewPage(await loadOverviewPage(fleet, query), parsePageRange({ range: "6h" })).text;
  const rowsOf = (text: string): number =>
    [...text.matchAll(/<a href="\/turbine\/north-sea\/wt-\d+">/g)].length;
  const first = await render();
  // A part of 100 rows, and twelve charts.
  expect(rowsOf(first)).toBe(112);
  expect(first).toContain("wt-249");
  expect(first).toContain('href="/?range=6h&amp;page=2#turbines"');
  expect(first).toContain("Part 1 of 3, 250 turbines");
  const query = { q: "wt-24", sort: "risk", page: 1, gatewayPage: 1, alertPage: 1 } as const;
  const found = await render(query);
  expect(rowsOf(found)).toBe(11 + 11);
  expect(found).toContain('name="q" value="wt-24"');
  expect(found).toContain('href="/?range=24h&amp;q=wt-24&amp;sort=risk#charts"');
  expect(await render({ ...query, q: "nobody" })).toContain("No turbine is found by these words.");
  expect(await render({ ...query, q: '"><script>' })).not.toContain('<script>"');
});

it("shows a turbine that nobody watches any more as that, and counts it as neither in alarm nor unknown", async () => {
  const fleet = await openFleet(2);
  const page = await loadOverviewPage(fleet);
  expect(renderOverviewPage(page, parsePageRange(null)).text).toContain("1 in alarm, 0 with data missing");
  await fleet.record.storeStates({
    nowMs: t,
    turbines: [],
    gateways: [],
    setAside: [],
    unwatched: [{ site: "north-sea", turbine: "wt-1", seenMs: t }],
  });
  const turbines = await loadTurbines(fleet, await fleet.record.turbines());
  expect(turbines[1]).toMatchObject({ health: "information-unavailable", components: [], unwatchedMs: t });
  expect(sortTurbines(turbines, "urgency").map(({ turbine }) => turbine)).toEqual(["wt-0", "wt-1"]);
  const { text } = renderOverviewPage(await loadOverviewPage(fleet), parsePageRange(null));
  expect(text).toContain("1 good, 0 in alarm, 0 with data missing, 1 no longer watched");
  expect(text).toMatch(/Not watched.*No longer watched since 22:13 UTC/);
  expect(text).toContain('href="/turbine/north-sea/wt-1"');
});
