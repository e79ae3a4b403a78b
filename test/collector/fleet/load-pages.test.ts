/** What pages read of the record, and how often. */
import { expect, test } from "vitest";
import type { FleetSource } from "../../../src/collector/fleet/fleet-source.ts";
import {
  loadOverviewPage,
  loadTurbinePage,
  type OverviewPage,
} from "../../../src/collector/fleet/load-pages.ts";
import type {
  CheckedEnvelope,
  EventQuery,
  StorableRecord,
} from "../../../src/collector/record/fleet-record.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { envelopeOf } from "../envelope-of.ts";
import { alertEvent, predictionBatch } from "../fleet-records.ts";

const t = 1_700_000_000_000;
const deed = {
  kind: "event",
  timeMs: t + 5,
  name: "alarm.acknowledged",
  subject: "wt-1 gearbox-hss-bearing inner-race",
  detail: "by ana",
} as const;

/** A turbine in alarm, of gw-1. */
async function openFleet() {
  const record = createSqliteRecord(openSqlite(":memory:"));
  /** Of events of any name. */
  const queries: EventQuery[] = [];
  const fleet: FleetSource = {
    record: {
      ...record,
      events: (query) => {
        if (query.name === undefined) queries.push(query);
        return record.events(query);
      },
    },
    models: new Map(),
    clock: { nowMs: () => t },
    silentAfterMs: 120_000,
    warningShare: 0.01,
    brokerLostMs: () => null,
  };
  const told = new Map<string, number>();
  const tell = async (
    gateway: string,
    lane: CheckedEnvelope["lane"],
    records: readonly StorableRecord[],
  ): Promise<void> => {
    const sequence = told.get(gateway + lane) ?? 0;
    told.set(gateway + lane, sequence + records.length);
    const envelopes = [envelopeOf(records, { gateway, lane, firstSequence: sequence + 1 })];
    await record.storeEnvelopes({ nowMs: t, setAside: [], envelopes });
  };
  await tell("gw-1", "prediction", [predictionBatch("wt-1", t, { rows: 1, stepMs: 1, faulty: false })]);
  await tell("gw-1", "alert", [{ kind: "alert", event: alertEvent("wt-1", "raised", t - 2000) }]);
  const acknowledge = async (): Promise<void> => {
    await tell("gw-1", "alert", [{ kind: "alert", event: alertEvent("wt-1", "acknowledged", t) }]);
    await tell("gw-1", "update", [deed]);
  };
  const other = { ...deed, name: "device-diagnosis", subject: "wt-1/gearbox", detail: "odd" };
  const flood = async (gateway: string, count: number): Promise<void> => {
    for (let many = 0; many < count; many += 100)
      await tell(
        gateway,
        "update",
        Array.from({ length: 100 }, (_, index) => ({ ...other, timeMs: t + 100 + many + index })),
      );
  };
  return { fleet, tell, queries, acknowledge, flood };
}

/** What a page knows of who did what, by the steps of its one alarm. */
function tellDeeds(page: Pick<OverviewPage, "alarms" | "deeds"> | null) {
  return page?.alarms.items[0]?.steps.map((step) => page.deeds.get(step) ?? null);
}

test("pages know who did what to their alarms, however much their gateway and others told since", async () => {
  const { fleet, queries, acknowledge, flood } = await openFleet();
  const loadTurbine = () =>
    loadTurbinePage(fleet, { site: "north-sea", turbine: "wt-1", day: null, alertPage: 1 });
  expect(tellDeeds(await loadTurbine())).toEqual([null]);
  await acknowledge();
  await flood("gw-1", 500);
  await flood("gw-2", 500);
  expect(tellDeeds(await loadTurbine())).toEqual([null, "by ana"]);
  expect(queries).toEqual([]);
  const page = await loadOverviewPage(fleet);
  expect(tellDeeds(page)).toEqual([null, "by ana"]);
  expect(queries).toEqual([{ limit: 15, offset: 0 }]);
  expect(page.events.items).toHaveLength(15);
});

test("who looks at one turbine, or at a part of a list, reads that of the record and no more", async () => {
  const { fleet, tell } = await openFleet();
  for (const [index, turbine] of ["wt-1", "wt-2", "wt-3"].entries())
    await tell(`gw-${index}`, "prediction", [predictionBatch(turbine, t, { rows: 1, stepMs: 1 })]);
  const asked: unknown[] = [];
  const record: FleetSource["record"] = {
    ...fleet.record,
    turbines: (only) => {
      asked.push(only?.map(({ turbine }) => turbine) ?? "all turbines");
      return fleet.record.turbines(only);
    },
    gateways: (only) => {
      asked.push(only ?? "all gateways");
      return fleet.record.gateways(only);
    },
  };
  const turbine = { site: "north-sea", turbine: "wt-2", day: null, alertPage: 1 };
  expect((await loadTurbinePage({ ...fleet, record }, turbine))?.turbine.gateway).toBe("gw-1");
  expect(asked.splice(0)).toEqual([["wt-2"], ["gw-1"]]);
  const found = { q: "wt-3", sort: null, page: 1, gatewayPage: 1, alertPage: 1 };
  const page = await loadOverviewPage({ ...fleet, record }, found);
  expect(page.turbines).toHaveLength(3);
  expect(page.shown.items.map((view) => view.turbine)).toEqual(["wt-3"]);
  // An alarm of wt-1 stands beside the list.
  expect(asked[0]).toBe("all gateways");
  expect(asked.slice(1).flat().sort()).toEqual(["gw-0", "gw-2", "wt-1", "wt-3"]);
});

test("a page shows its alarms in parts, those that stand first, and counts those of all parts", async () => {
  const { fleet, tell } = await openFleet();
  let at = t;
  const alert = (turbine: string, transition: "raised" | "cleared", change: object) =>
    ({ kind: "alert", event: alertEvent(turbine, transition, ++at, change) }) as const;
  for (let index = 0; index < 20; index++) {
    const change = { failureMode: `mode-${index}`, severity: index === 3 ? "critical" : "warning" };
    const isOver = index >= 16;
    const cleared = isOver ? [alert("wt-1", "cleared", change)] : [];
    await tell("gw-1", "alert", [alert("wt-1", "raised", change), ...cleared]);
  }
  await tell("gw-1", "alert", [alert("wt-2", "raised", {})]);
  const load = async (alertPage: number) =>
    (await loadOverviewPage(fleet, { q: "", sort: null, page: 1, gatewayPage: 1, alertPage })).alarms;
  const first = await load(1);
  expect(first).toMatchObject({ active: 18, total: 22, page: 1, pages: 2 });
  expect(first.items).toHaveLength(12);
  expect(first.items.slice(0, 4).filter(({ event }) => event.data.severity === "critical")).toHaveLength(3);
  const second = await load(2);
  expect(second.items.map(({ active }) => active)).toEqual([...Array(6).fill(true), ...Array(4).fill(false)]);
  const all = [...first.items, ...second.items].map(({ alarm }) => alarm);
  expect(new Set(all).size).toBe(22);
  // There are no more than two.
  expect(await load(9)).toEqual(second);
  const subject = { site: "north-sea", turbine: "wt-1", day: null, alertPage: 1 };
  expect((await loadTurbinePage(fleet, subject))?.alarms).toMatchObject({ active: 17, total: 21, pages: 1 });
});
