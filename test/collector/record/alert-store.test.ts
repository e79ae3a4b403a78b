import { describe, expect, it, onTestFinished } from "vitest";
import { type AlertStore, createAlertStore } from "../../../src/collector/record/alert-store.ts";
import { migrateDatabase } from "../../../src/collector/record/database-schema.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { alertEvent } from "../fleet-records.ts";

function open(): AlertStore {
  const database = openSqlite(":memory:");
  onTestFinished(() => database.close());
  migrateDatabase(database);
  return createAlertStore(database);
}

const all = { limit: 100, offset: 0 };
const t = 1_700_000_000_000;

describe("the alarms of the fleet", () => {
  it("live from raised over acknowledged to cleared, and a new raise is a new alarm", () => {
    const store = open();
    store.put(alertEvent("wt-1", "raised", t), t);
    store.put(alertEvent("wt-1", "acknowledged", t + 1000), t);
    expect(store.list(all).items).toMatchObject([
      { active: true, event: { data: { state: "acknowledged" } } },
    ]);
    store.put(alertEvent("wt-1", "cleared", t + 2000), t);
    expect(store.list({ ...all, active: true }).total).toBe(0);
    store.put(alertEvent("wt-1", "raised", t + 3000), t);
    const { items, total } = store.list(all);
    expect(total).toBe(2);
    expect(items.map((alarm) => alarm.active)).toEqual([true, false]);
    expect(items[1]!.steps.map((step) => step.transition)).toEqual(["raised", "acknowledged", "cleared"]);
  });

  it("take an event once, by its id", () => {
    const store = open();
    const event = alertEvent("wt-1", "raised", t);
    expect(store.put(event, t)).toBe(true);
    expect(store.put({ ...event, time: new Date(t + 5).toISOString() }, t)).toBe(false);
    expect(store.list(all)).toMatchObject({ total: 1, items: [{ steps: [{ timeMs: t }] }] });
  });

  it("are not turned back by an event that comes late, but keep it in their life", () => {
    const store = open();
    store.put(alertEvent("wt-1", "raised", t), t);
    store.put(alertEvent("wt-1", "cleared", t + 2000), t);
    store.put(alertEvent("wt-1", "updated", t + 1000), t);
    expect(store.list(all).items[0]).toMatchObject({
      active: false,
      event: { type: "io.aurora.alert.cleared.v1" },
    });
    expect(store.list(all).items[0]!.steps).toHaveLength(3);
  });

  it("end although a clock was set back meanwhile, and begin anew", () => {
    const store = open();
    const hour = 3_600_000;
    store.put(alertEvent("wt-1", "raised", t + hour), t);
    store.put(alertEvent("wt-1", "cleared", t + 2000), t + 2000);
    expect(store.list({ ...all, active: true }).total).toBe(0);
    store.put(alertEvent("wt-1", "raised", t + 3000), t + 3000);
    expect(store.list({ ...all, active: true }).total).toBe(1);
    expect(store.list(all).total).toBe(2);
  });

  it("stay over when somebody acknowledges them afterwards", () => {
    const store = open();
    for (const [index, transition] of (["raised", "cleared", "acknowledged"] as const).entries()) {
      store.put(alertEvent("wt-1", transition, t + index), t);
    }
    expect(store.list(all).items).toMatchObject([
      { active: false, event: { type: "io.aurora.alert.acknowledged.v1" } },
    ]);
  });

  it("give way to a new one of the same failure mode whose beginning nobody ended", () => {
    const store = open();
    store.put(alertEvent("wt-1", "raised", t), t);
    store.put(alertEvent("wt-1", "raised", t + 5000), t);
    expect(store.list(all).items.map((alarm) => alarm.active)).toEqual([true, false]);
  });

  it("keep failure modes, components and turbines apart, and list by turbine", () => {
    const store = open();
    store.put(alertEvent("wt-1", "raised", t), t);
    store.put(alertEvent("wt-1", "raised", t + 1, { failureMode: "ball" }), t);
    store.put(alertEvent("wt-1", "raised", t + 2, { component: "generator" }), t);
    store.put(alertEvent("wt-2", "raised", t + 3), t);
    expect(store.list(all).total).toBe(4);
    expect(store.list({ ...all, turbine: "wt-1" }).total).toBe(3);
    expect(store.list({ limit: 2, offset: 2 }).items.map((alarm) => alarm.lastMs)).toEqual([t + 1, t]);
  });
});
