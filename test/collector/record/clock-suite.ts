/** What every engine does with times that cannot be right: keeps, sorts and removes by arrival, and tells people of the clock. */
import { expect, it } from "vitest";
import { clockEventName } from "../../../src/collector/record/clock-rules.ts";
import type { FleetRecord, StorableRecord } from "../../../src/collector/record/fleet-record.ts";
import { createLane, envelopeOf } from "../envelope-of.ts";
import { alertEvent, predictionBatch, turbineState } from "../fleet-records.ts";

const t = 1_700_000_000_000;
const day = 86_400_000;
const never = { predictions: 0, drift: 0, verdicts: 0, events: 0, updates: 0 };
const all = { limit: 500, offset: 0 };
const y1970 = 60_000;
const y2038 = 2_147_483_648_000;
const y9999 = 253_402_300_799_000;

const createSender = (record: FleetRecord) => createLane(record, { nowMs: t });

const event = (name: string, timeMs: number): StorableRecord => ({
  kind: "event",
  timeMs,
  name,
  subject: "s",
  detail: "d",
});
const rows = (endMs: number): StorableRecord => predictionBatch("wt-1", endMs, { rows: 3, stepMs: 1_000 });
/** What a gateway's status says of its clock, heard at once where both times differ. */
async function sayStatus(record: FleetRecord, timeMs: number, seenMs: number): Promise<void> {
  const time = new Date(timeMs).toISOString();
  const status = { gateway: "gw-1", online: true, time, version: "1", config: null };
  const gateways = [{ status, seenMs }];
  expect(await record.storeStates({ nowMs: t, turbines: [], gateways, setAside: [] })).toEqual([]);
}
const clockEvents = async (record: FleetRecord) =>
  (await record.events({ ...all, name: clockEventName })).items;

/** Runs the cases over an engine. */
export function describeClocks(open: () => Promise<FleetRecord>): void {
  it("keeps predictions by when they arrived, whatever year their clock says", async () => {
    const record = await open();
    const send = createSender(record);
    await send([rows(y1970), rows(t), rows(y2038), rows(y9999)]);
    const count = async (): Promise<number> => {
      const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: 8e15, bucketMs: 1 };
      return (await record.predictions(range))[0]?.timesMs.length ?? 0;
    };
    // Nothing of it is as old as this.
    expect(await record.prune({ ...never, predictions: t - day })).toBe(0);
    expect(await count()).toBe(12);
    await send([rows(t + day), rows(y1970 + 9_000)], t + day);
    await record.prune({ ...never, predictions: t + day });
    expect(await count()).toBe(6);
    await record.prune({ ...never, predictions: t + 2 * day });
    expect(await count()).toBe(0);
  });

  it("sorts events and updates by times that can be right, so that none stays on top for ever", async () => {
    const record = await open();
    const send = createSender(record);
    const update = (detail: string, timeMs: number): StorableRecord => {
      const model = { modelName: "m", fromVersion: "1", toVersion: "2", step: "proved" } as const;
      return { kind: "update", timeMs, ...model, detail };
    };
    await send([event("2038", y2038), event("9999", y9999), event("before", t - day)]);
    await send([update("2038", y2038), update("before", t - day)]);
    await send([event("later", t + day), event("1970", y1970), update("later", t + day)], t + day);
    const { items } = await record.events(all);
    expect(items.filter(({ name }) => name !== clockEventName).map(({ name }) => name)).toEqual([
      "1970",
      "later",
      "9999",
      "2038",
      "before",
    ]);
    expect(items.find(({ name }) => name === "1970")).toMatchObject({ timeMs: y1970, believedMs: t + day });
    expect(items.find(({ name }) => name === "before")).toMatchObject({
      timeMs: t - day,
      believedMs: t - day,
    });
    const updates = (await record.updates(all)).items;
    expect(updates.map(({ detail }) => detail)).toEqual(["later", "2038", "before"]);
  });

  it("dates alarms by their arrival where their own clock cannot be right, and lists the newest first", async () => {
    const record = await open();
    const send = createSender(record);
    const raise = (turbine: string, timeMs: number): StorableRecord => ({
      kind: "alert",
      event: alertEvent(turbine, "raised", timeMs),
    });
    await send([raise("wt-1", y2038), raise("wt-2", y1970), raise("wt-3", t - 1_000)]);
    await send([raise("wt-4", t + day)], t + day);
    // The clock was set meanwhile: the alarm stands since its first event arrived.
    const updated = alertEvent("wt-2", "updated", t + day, { since: new Date(y1970).toISOString() });
    await send([{ kind: "alert", event: updated }], t + day);
    const { items } = await record.alarms(all);
    const seen = items.map(({ event: { data }, firstMs, lastMs, sinceMs }) => [
      data.turbine,
      sinceMs,
      firstMs,
      lastMs,
    ]);
    expect(seen).toEqual([
      ["wt-4", t + day, t + day, t + day],
      ["wt-2", t, t, t + day],
      ["wt-1", t, t, t],
      ["wt-3", t - 1_000, t - 1_000, t - 1_000],
    ]);
    expect(items[1]!.steps.map(({ timeMs }) => timeMs)).toEqual([t, t + day]);
  });

  it("tells people once a day that a gateway's clock differs, and of which gateway", async () => {
    const record = await open();
    const send = createSender(record);
    await send([event("a", y1970), event("b", y1970), rows(y1970)]);
    await send([event("c", y1970)], t + 1_000);
    const told = await clockEvents(record);
    expect(told).toMatchObject([{ subject: "gw-1", gateway: "(collector)", timeMs: t }]);
    expect(told[0]!.detail).toMatch(/^gw-1 dates .* 1970-01-01T00:01:00.000Z, 19676 d behind the collector/);
    await send([event("d", y2038)], t + 2 * day);
    expect((await clockEvents(record))[0]!.detail).toMatch(/ahead of the collector/);
    expect(await clockEvents(record)).toHaveLength(2);
  });

  it("says nothing of a clock that is right, of an outbox that has waited, or of a time that is not known", async () => {
    const record = await open();
    const send = createSender(record);
    await send([event("now", t), event("waited", t - 20 * day), event("unknown", 0), rows(t)]);
    expect(await clockEvents(record)).toEqual([]);
    // A collector whose own clock is not set cannot know better.
    await send([event("right", t)], 1_000_000);
    expect(await clockEvents(record)).toEqual([]);
    expect((await record.events(all)).items[0]).toMatchObject({ name: "right", believedMs: t });
  });

  it("believes what an outbox kept while its collector was away, for as long as a lane keeps", async () => {
    const record = await open();
    const send = createSender(record);
    const alert = (transition: "raised" | "cleared", timeMs: number, sinceMs = timeMs): StorableRecord => ({
      kind: "alert",
      event: alertEvent("wt-1", transition, timeMs, { since: new Date(sinceMs).toISOString() }),
    });
    const renewal = event("baseline-renewed", t - 44 * day);
    await send([event("gap", t - 399 * day), alert("raised", t - 45 * day), rows(t - 90 * day)]);
    await send([alert("cleared", t - 35 * day, t - 45 * day), renewal]);
    const [alarm] = (await record.alarms(all)).items;
    expect(alarm).toMatchObject({ active: false, sinceMs: t - 45 * day, lastMs: t - 35 * day });
    expect(alarm!.steps.map(({ timeMs }) => timeMs)).toEqual([t - 45 * day, t - 35 * day]);
    // Nobody's clock is blamed.
    expect((await record.events(all)).items.map(({ name, believedMs }) => [name, believedMs])).toEqual([
      ["baseline-renewed", t - 44 * day],
      ["gap", t - 399 * day],
    ]);
    const moment = {
      alertId: "a",
      gateway: "gw-1",
      name: "gap",
      subject: "s",
      atMs: t - 399 * day,
    };
    expect(await record.eventsAt([moment])).toMatchObject([{ timeMs: t - 399 * day }]);
  });

  it("shows an alarm since when it stands, however long before its first event here", async () => {
    const record = await open();
    const send = createSender(record);
    const sinceMs = [t - 29 * day, t - 365 * day, t - 1_000 * day, y1970, y2038];
    const stand = (ms: number, index: number): StorableRecord => {
      const since = new Date(ms).toISOString();
      return { kind: "alert", event: alertEvent(`wt-${index}`, "updated", t, { since }) };
    };
    await send(sinceMs.map(stand));
    const { items } = await record.alarms(all);
    const shown = new Map(items.map((alarm) => [alarm.event.data.turbine, alarm.sinceMs]));
    expect(sinceMs.map((_, index) => shown.get(`wt-${index}`))).toEqual([...sinceMs.slice(0, 3), t, t]);
  });

  it("finds by its status alone a clock that is behind by less than a lane keeps", async () => {
    const record = await open();
    const send = createSender(record);
    for (const days of [31, 399]) {
      const behindMs = t - days * day;
      await send([event("dated", behindMs)]);
      expect(await clockEvents(record)).toHaveLength(days === 31 ? 0 : 1);
      const status = {
        gateway: `gw-${days}`,
        online: true,
        time: new Date(behindMs).toISOString(),
        version: "1",
        config: null,
      };
      await record.storeStates({
        nowMs: t,
        turbines: [],
        gateways: [{ status, seenMs: t }],
        setAside: [],
      });
      expect((await clockEvents(record))[0]!.detail).toContain(`${days} d behind the collector`);
    }
  });

  it("dates by its arrival what is older than 30 days of a gateway whose status said that its clock is behind, until one says it is right", async () => {
    const record = await open();
    const send = createSender(record);
    const behindMs = t - 60 * day;
    const raise = (turbine: string, timeMs: number): StorableRecord => {
      const since = new Date(timeMs - 60_000).toISOString();
      return { kind: "alert", event: alertEvent(turbine, "raised", timeMs, { since }) };
    };
    await sayStatus(record, behindMs, t);
    // A retained one is heard as of its own time.
    await sayStatus(record, behindMs, behindMs);
    await send([event("behind", behindMs), event("waited", t - 29 * day), raise("wt-1", behindMs)]);
    await sayStatus(record, t, t + 1);
    await send([event("right", behindMs), raise("wt-2", behindMs)]);
    const items = (await record.events(all)).items.filter(({ gateway }) => gateway === "gw-1");
    expect(items.map(({ name, believedMs }) => [name, believedMs])).toEqual([
      ["behind", t],
      ["waited", t - 29 * day],
      ["right", behindMs],
    ]);
    const alarms = (await record.alarms(all)).items;
    expect(alarms.map(({ sinceMs, firstMs, lastMs }) => [sinceMs, firstMs, lastMs])).toEqual([
      [t - 60_000, t, t],
      [behindMs - 60_000, behindMs, behindMs],
    ]);
  });

  it.each([
    ["half an hour", day / 48],
    ["fifteen days", 15 * day],
  ])(
    "believes what waited for more than 30 days of a gateway whose clock is %s behind, whichever is stored first",
    async (_, behindMs) => {
      const record = await open();
      const send = createSender(record);
      const waitedMs = t - 60 * day - behindMs;
      const raise = (turbine: string): StorableRecord => ({
        kind: "alert",
        event: alertEvent(turbine, "raised", waitedMs),
      });
      await send([event("before", waitedMs), raise("wt-1")]);
      await sayStatus(record, t - behindMs, t);
      await send([event("after", waitedMs), raise("wt-2")]);
      const items = (await record.events(all)).items.filter(({ gateway }) => gateway === "gw-1");
      expect(items.map(({ believedMs }) => believedMs)).toEqual([waitedMs, waitedMs]);
      const alarms = (await record.alarms(all)).items;
      expect(alarms.map(({ sinceMs, firstMs }) => [sinceMs, firstMs])).toEqual([
        [waitedMs, waitedMs],
        [waitedMs, waitedMs],
      ]);
    },
  );

  it("corrects the beginning of an alarm by its first event, whatever the clock of a later one", async () => {
    const record = await open();
    const send = createSender(record);
    const behindMs = t - 60 * day;
    const tell = (turbine: string, step: "raised" | "updated", at: { timeMs: number; sinceMs: number }) => {
      const since = new Date(at.sinceMs).toISOString();
      const event = alertEvent(turbine, step, at.timeMs, { since });
      return send([{ kind: "alert", event }], t);
    };
    const begin = async (turbine: string) => {
      const { items } = await record.alarms({ ...all, turbine });
      return items.map(({ sinceMs }) => sinceMs);
    };
    await tell("wt-right", "raised", { timeMs: t - 90 * day, sinceMs: t - 91 * day });
    await sayStatus(record, behindMs, t);
    await tell("wt-behind", "raised", { timeMs: behindMs, sinceMs: behindMs - day });
    await tell("wt-other", "raised", { timeMs: behindMs, sinceMs: behindMs - day });
    await tell("wt-right", "updated", { timeMs: behindMs, sinceMs: t - 91 * day });
    await sayStatus(record, t, t + 1);
    await tell("wt-behind", "updated", { timeMs: t, sinceMs: behindMs - day });
    // Of another alarm, whose first event was lost.
    await tell("wt-other", "updated", { timeMs: t, sinceMs: t - 2 * day });
    expect(await begin("wt-right")).toEqual([t - 91 * day]);
    expect(await begin("wt-behind")).toEqual([t - day]);
    expect(await begin("wt-other")).toEqual([t - 2 * day]);
    // What a newer state says of it has the same beginning.
    const named = { ...alertEvent("wt-behind", "acknowledged", behindMs - day).data, leadingMode: undefined };
    const seenMs = t + 3_600_000;
    const state = turbineState("wt-behind", seenMs, "0".repeat(64), { alarms: [named] });
    await record.storeStates({ nowMs: seenMs, turbines: [{ state, seenMs }], gateways: [], setAside: [] });
    const [said] = (await record.alarms({ ...all, turbine: "wt-behind" })).items;
    expect(said).toMatchObject({
      sinceMs: t - day,
      saidMs: seenMs,
      event: { data: { state: "acknowledged" } },
    });
  });

  it("concludes nothing from a status of before the clock was set, as that of a boot without one", async () => {
    const record = await open();
    await sayStatus(record, y1970, t - 60 * day);
    await createSender(record)([event("waited", t - 39 * day)]);
    const [waited] = (await record.events({ ...all, name: "waited" })).items;
    expect(waited).toMatchObject({ believedMs: t - 39 * day });
  });

  it("shows the beginning of an alarm as it was, though its gateway's clock went ahead since", async () => {
    const record = await open();
    const send = createSender(record);
    const since = new Date(t - 5 * day).toISOString();
    for (const [step, timeMs, nowMs] of [
      ["raised", t - 5 * day, t - 5 * day],
      ["updated", t + 60 * day, t],
    ] as const)
      await send([{ kind: "alert", event: alertEvent("wt-1", step, timeMs, { since }) }], nowMs);
    const [alarm] = (await record.alarms(all)).items;
    expect(alarm).toMatchObject({ sinceMs: t - 5 * day, lastMs: t });
  });

  it("hears from a status and from a refused report how wrong a clock is", async () => {
    const record = await open();
    const status = (gateway: string, timeMs: number) => ({
      status: { gateway, online: true, time: new Date(timeMs).toISOString(), version: "1", config: null },
      seenMs: t,
    });
    const gateways = [status("gw-1", t - 60_000), status("gw-2", t - 3_600_000)];
    await record.storeStates({ nowMs: t, turbines: [], gateways, setAside: [] });
    expect(await clockEvents(record)).toMatchObject([{ subject: "gw-2" }]);
    expect((await clockEvents(record))[0]!.detail).toMatch(/60 min behind/);
    const fault = { reason: "drift-clock", detail: "gw-3 dates a drift report 1970" } as const;
    const envelope = envelopeOf([fault], { gateway: "gw-3", lane: "drift" });
    await record.storeEnvelopes({ nowMs: t, envelopes: [envelope], setAside: [] });
    expect((await clockEvents(record)).map(({ subject }) => subject).sort()).toEqual(["gw-2", "gw-3"]);
  });
}
