/** What every engine of the fleet's record must do. Runs over an engine that is given as a place to open again and again. */
import { describe, expect, it, onTestFinished } from "vitest";
import { clockEventName } from "../../../src/collector/record/clock-rules.ts";
import { twoForMs } from "../../../src/collector/record/clone-rules.ts";
import type {
  CheckedEnvelope,
  EventMoment,
  FleetRecord,
  RecordedAlarm,
  RecordFault,
  SetAsideMessage,
  StateBatch,
  StorableRecord,
  StoredEnvelope,
} from "../../../src/collector/record/fleet-record.ts";
import { recordBounds } from "../../../src/collector/record/record-bounds.ts";
import type { PrunedClass } from "../../../src/collector/record/retention-policy.ts";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { failed, ok } from "../../../src/core/contract/result.ts";
import type { Lane } from "../../../src/core/contract/topics.ts";
import type { EventRecord, HealthRecord } from "../../../src/core/contract/uplink-record.ts";
import { outcomeEventName } from "../../../src/core/drift/outcome-event.ts";
import { until } from "../../support/until.ts";
import { createLane, envelopeOf } from "../envelope-of.ts";
import { alertEvent, driftReport, predictionBatch, turbineState } from "../fleet-records.ts";
import { describeClocks } from "./clock-suite.ts";
import { describeClones } from "./clone-suite.ts";
import { describeDriftRecord } from "./drift-record-suite.ts";
import { describeEvidenceRecord } from "./evidence-record-suite.ts";
import { describeRecordBounds } from "./record-bounds-suite.ts";
import { describeRenewals } from "./renewal-suite.ts";
import { describeSaidAlarms } from "./said-alarm-suite.ts";
import { describeThinning } from "./thinning-suite.ts";

/** A place where a record is kept. */
export interface RecordStorage {
  /** Opens it, or opens it again after it was closed; a step of thinning takes few rows. */
  open(): Promise<FleetRecord>;
  /** Damages what is kept while it is closed; null for an engine whose server mends itself. */
  readonly damage: (() => void) | null;
}

const t = 1_700_000_000_000;
const dayOfT = "2023-11-14";
const hour = 3_600_000;
const all = { limit: 500, offset: 0 };
const topic = "aurora/v1/gateway/gw-1/up/update";
const payload = new Uint8Array(2_000).fill(7);
const northSea = { site: "north-sea", turbine: "wt-1" };

const event = (name: string, timeMs = t): EventRecord => ({
  kind: "event",
  timeMs,
  name,
  subject: "s",
  detail: "d",
});
const health = (uptimeMs: number, timeMs = t): HealthRecord => ({
  kind: "health",
  timeMs,
  uptimeMs,
  rssBytes: 1e8,
  windowsProcessed: 9,
  windowsQuarantined: 1,
  windowsDropped: 0,
  quarantined: { gap: 1 },
  outboxRecords: 2,
});

/** Stores records as what follows in a lane of their own. */
const createSender = (record: FleetRecord) => createLane(record, { nowMs: t, bootId: "sender" });

async function eventNames(record: FleetRecord): Promise<string[]> {
  const { items } = await record.events(all);
  return items.flatMap(({ name }) => (name === clockEventName ? [] : [name])).reverse();
}

/** Runs the suite over an engine. */
export function describeFleetRecord(engine: string, createStorage: () => RecordStorage): void {
  const open = async (storage = createStorage()): Promise<FleetRecord> => {
    const record = await storage.open();
    onTestFinished(() => record.close());
    return record;
  };
  describe(`the fleet's record in ${engine}`, () => {
    describeEnvelopes(open);
    describeAlarms(open);
    describeSaidAlarms(open);
    describeMeasurements(open);
    describeDriftRecord(open);
    describeRenewals(open);
    describeEvidenceRecord(open, createStorage);
    describeMachines(open);
    describeKeeping(open, createStorage);
    describeRecordBounds(open);
    describeClocks(open);
    describeClones(open);
    describeThinning(open, createStorage);
  });
}

type Open = (storage?: RecordStorage) => Promise<FleetRecord>;

function describeEnvelopes(open: Open): void {
  const store = async (
    record: FleetRecord,
    ...envelopes: CheckedEnvelope[]
  ): Promise<readonly StoredEnvelope[]> => record.storeEnvelopes({ nowMs: t, envelopes, setAside: [] });

  it("stores an envelope once, and answers how far its lane is stored", async () => {
    const record = await open();
    const first = envelopeOf([event("a"), event("b")]);
    expect(await store(record, first)).toEqual([
      { outcome: "stored", watermark: 2, missing: 0, records: [ok("event"), ok("event")] },
    ]);
    expect(await store(record, first)).toEqual([
      { outcome: "duplicate", watermark: 2, missing: 0, records: [] },
    ]);
    const longer = envelopeOf([event("a"), event("b"), event("c")]);
    expect(await store(record, longer)).toMatchObject([
      { outcome: "stored", watermark: 3, records: [ok("event")] },
    ]);
    expect(await eventNames(record)).toEqual(["a", "b", "c"]);
  });

  it("stores the envelopes of a batch in their order, each upon the one before", async () => {
    const record = await open();
    const batch = [1, 2, 3].map((firstSequence) =>
      envelopeOf([event(`e${firstSequence}`)], { firstSequence }),
    );
    const stored = await store(record, ...batch, batch[1]!);
    expect(stored.map(({ watermark, outcome }) => [watermark, outcome])).toEqual([
      [1, "stored"],
      [2, "stored"],
      [3, "stored"],
      [3, "duplicate"],
    ]);
    expect(await eventNames(record)).toEqual(["e1", "e2", "e3"]);
  });

  it("stores nothing past a hole, and counts what a gateway dropped", async () => {
    const record = await open();
    await store(record, envelopeOf([event("a")]));
    const early = envelopeOf([event("x")], { firstSequence: 9, oldestSequence: 2 });
    expect(await store(record, early)).toEqual([{ outcome: "hole", watermark: 1, missing: 0, records: [] }]);
    const rest = envelopeOf([event("x")], { firstSequence: 9, oldestSequence: 9 });
    expect(await store(record, rest)).toMatchObject([{ outcome: "stored", watermark: 9, missing: 7 }]);
    expect(await eventNames(record)).toEqual(["a", "gap.update", "x"]);
  });

  it("declares what of alerts and updates is not here after the record was set back, and leaves to gateways what they drop", async () => {
    const record = await open();
    const lanes = ["alert", "update", "drift", "prediction"] as const;
    const send = async (firstSequence: number): Promise<void> => {
      const at = { firstSequence, oldestSequence: firstSequence };
      for (const lane of lanes) await store(record, envelopeOf([health(1)], { lane, ...at }));
    };
    await send(1);
    // The record was set back by 40 of each lane, which its gateway was told to be stored.
    for (const again of [42, 42]) await send(again);
    const { items } = await record.events({ ...all, gateway: "gw-1" });
    expect(items.map(({ name, subject }) => [name, subject]).reverse()).toEqual([
      ["gap.alert", "alert"],
      ["gap.update", "update"],
    ]);
    expect(items[0]?.detail).toMatch(/^40 records of the lane are not here/);
  });

  it("declares what is not here of a gateway that was started again since the record was set back", async () => {
    const record = await open();
    const send = async (lane: Lane, bootId: string, sequence: number): Promise<number> => {
      const at = { lane, bootId, firstSequence: sequence, oldestSequence: sequence };
      const [stored] = await store(record, envelopeOf([health(1)], at));
      return stored!.missing;
    };
    expect(await send("update", "first", 30)).toBe(0);
    expect(await send("alert", "first", 4)).toBe(0);
    // What was sent in between, by a second life too, went with the record.
    expect(await send("alert", "third", 9)).toBe(4);
    expect(await send("alert", "third", 10)).toBe(0);
    expect(await send("alert", "fourth", 11)).toBe(0);
    expect(await send("drift", "third", 3)).toBe(0);
    // From memory, and another or an older outbox under the same name.
    expect(await send("update", "m-memory", 70)).toBe(0);
    expect(await send("update", "new card", 1)).toBe(0);
    expect(await send("update", "old copy", 20)).toBe(0);
    expect(await send("update", "third", 35)).toBe(4);
    expect((await eventNames(record)).sort()).toEqual(["gap.alert", "gap.update"]);
  });

  it("knows what a batch has stored of one life when it comes to the next", async () => {
    const record = await open();
    const from = (bootId: string, firstSequence: number, count: number) =>
      envelopeOf(Array(count).fill(health(1)), { bootId, firstSequence, oldestSequence: firstSequence });
    await store(record, from("first", 1, 4));
    const stored = await store(
      record,
      from("first", 5, 4),
      from("m-memory", 30, 1),
      from("second", 9, 1),
      from("third", 12, 1),
    );
    expect(stored.map(({ missing }) => missing)).toEqual([0, 0, 0, 2]);
  });

  it("misses nothing of a lane of which it holds nothing: its past is at another collector, or its lives were forgotten", async () => {
    const record = await open();
    const begin = (lane: Lane, bootId: string, sequence: number): Promise<readonly StoredEnvelope[]> =>
      store(
        record,
        envelopeOf([health(1)], { lane, bootId, firstSequence: sequence, oldestSequence: sequence }),
      );
    await begin("prediction", "first", 900);
    await begin("update", "first", 90);
    await begin("update", "second", 91);
    expect(await begin("alert", "second", 41)).toMatchObject([{ missing: 0 }]);
    for (let life = 1; life <= recordBounds.livesPerGateway; life++)
      await begin("prediction", `b${life}`, 900 + life);
    expect(await begin("alert", "last", 42)).toMatchObject([{ missing: 0 }]);
    expect(await eventNames(record)).toEqual([]);
  });

  it("keeps lanes, gateways and the lives of an outbox apart", async () => {
    const record = await open();
    const stored = await store(
      record,
      envelopeOf([event("a")]),
      envelopeOf([event("b")], { bootId: "new" }),
      envelopeOf([event("c")], { gateway: "gw-2" }),
      envelopeOf([health(1)], { lane: "prediction" }),
      // The first of a lane may begin anywhere: nobody is missing what was there before.
      envelopeOf([event("d")], { gateway: "gw-3", firstSequence: 50, oldestSequence: 50 }),
    );
    expect(stored.map(({ watermark }) => watermark)).toEqual([1, 1, 1, 1, 50]);
    expect(stored.map(({ missing }) => missing)).toEqual([0, 0, 0, 0, 0]);
  });

  it("sets a bad record aside in its place and goes on", async () => {
    const record = await open();
    const fault: RecordFault = { reason: "id-invalid", detail: "not an id" };
    const [stored] = await store(record, envelopeOf([event("a"), fault, event("b")]));
    expect(stored).toMatchObject({ watermark: 3, records: [ok("event"), failed(fault), ok("event")] });
    await store(record, envelopeOf([event("a"), fault, event("b")]));
    const { total, items } = await record.quarantine(10);
    expect(total).toBe(1);
    expect(items).toMatchObject([
      { topic, reason: "id-invalid", messages: 1, detail: "not an id", firstMs: t },
    ]);
    expect(items[0]!.sample).toEqual(payload.slice(0, 256));
    expect(await eventNames(record)).toEqual(["a", "b"]);
  });

  it("counts messages that were not understood by topic and reason, and is not flooded by topics", async () => {
    const record = await open();
    const setAside = (of: string): SetAsideMessage => ({
      topic: of,
      payload: Uint8Array.of(1),
      fault: { reason: "envelope-invalid", detail: "x".repeat(1_000) },
    });
    await record.storeEnvelopes({ nowMs: t, envelopes: [], setAside: [setAside("a"), setAside("b")] });
    await record.storeStates({ nowMs: t + 1, turbines: [], gateways: [], setAside: [setAside("a")] });
    const { total, messages, items } = await record.quarantine(10);
    expect([total, messages]).toEqual([2, 3]);
    expect(items).toMatchObject([
      { topic: "a", messages: 2, firstMs: t, lastMs: t + 1 },
      { topic: "b", messages: 1 },
    ]);
    expect(items[0]!.detail).toHaveLength(500);
    const flood = Array.from({ length: 1_100 }, (_, index) => setAside(`flood/${index}`));
    await record.storeEnvelopes({ nowMs: t + 2, envelopes: [], setAside: flood });
    const after = await record.quarantine(5_000);
    expect([after.total, after.messages]).toEqual([1_001, 1_103]);
    expect(after.items).toHaveLength(1_001);
    expect((await record.quarantine(0)).items).toEqual([]);
  });
}

function describeAlarms(open: Open): void {
  const openAlarms = async (): Promise<{
    readonly record: FleetRecord;
    readonly put: (event: AlertEvent, nowMs?: number) => Promise<void>;
    readonly list: () => Promise<readonly RecordedAlarm[]>;
    readonly countActive: () => Promise<number>;
  }> => {
    const record = await open();
    const send = createSender(record);
    return {
      record,
      put: async (alert, nowMs) => {
        expect(await send([{ kind: "alert", event: alert }], nowMs)).toMatchObject({
          records: [ok("alert")],
        });
      },
      list: async () => (await record.alarms(all)).items,
      countActive: async () => (await record.alarms({ ...all, active: true })).total,
    };
  };

  it("lets an alarm live from raised over acknowledged to cleared, and a new raise is a new alarm", async () => {
    const { record, put, list, countActive } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t));
    await put(alertEvent("wt-1", "acknowledged", t + 1000));
    expect(await list()).toMatchObject([{ active: true, event: { data: { state: "acknowledged" } } }]);
    await put(alertEvent("wt-1", "cleared", t + 2000));
    expect(await countActive()).toBe(0);
    await put(alertEvent("wt-1", "raised", t + 3000));
    const { items, total } = await record.alarms(all);
    expect(total).toBe(2);
    expect(items.map((alarm) => alarm.active)).toEqual([true, false]);
    expect(items[1]!.steps.map(({ transition, state }) => [transition, state])).toEqual([
      ["raised", "unacknowledged"],
      ["acknowledged", "acknowledged"],
      ["cleared", "normal"],
    ]);
    expect(items[1]).toMatchObject({ firstMs: t, lastMs: t + 2000 });
  });

  it("gives the first step of an alarm and the newest as they came, whatever their clock said", async () => {
    const { record, put } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t + 1_800_000), t);
    for (let index = 1; index <= 100; index++) {
      const event = alertEvent("wt-1", "updated", t + index);
      await put({ ...event, id: `${event.id}/${index}` }, t + index);
    }
    await put(alertEvent("wt-1", "cleared", t + 101), t + 101);
    const [alarm] = (await record.alarms(all)).items;
    const told = alarm!.steps.map(({ transition, timeMs }) => [transition, timeMs - t]);
    expect(told).toHaveLength(100);
    expect(told.slice(0, 2)).toEqual([
      ["raised", 1_800_000],
      ["updated", 3],
    ]);
    expect(told.at(-1)).toEqual(["cleared", 101]);
  });

  it("gives the steps of an alarm as they came also where the clock of whoever stored them was set back", async () => {
    const { put, list } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t), t);
    await put(alertEvent("wt-1", "acknowledged", t + 1), t - 5_000);
    await put(alertEvent("wt-1", "cleared", t + 2), t - 4_000);
    const [alarm] = await list();
    expect(alarm!.steps.map(({ transition }) => transition)).toEqual(["raised", "acknowledged", "cleared"]);
  });

  it("takes an alert event once, by its id, and gives it back exactly", async () => {
    const { record, put } = await openAlarms();
    const alert = alertEvent("wt-1", "raised", t);
    await put(alert);
    await put({ ...alert, time: new Date(t + 5).toISOString() });
    const step = {
      eventId: alert.id,
      gateway: "gw-1",
      transition: "raised",
      timeMs: t,
      receivedMs: t,
      probability: 0.972,
    };
    expect(await record.alarms(all)).toMatchObject({ total: 1, items: [{ event: alert, steps: [step] }] });
  });

  it("gives each event of an alarm back whole, with its arrival, whatever came after it", async () => {
    const { record, put } = await openAlarms();
    const raised = alertEvent("wt-1", "raised", t);
    const model = { name: "bearing-vibration", version: "9.9.9", digest: "f".repeat(64) };
    const updated = alertEvent("wt-1", "updated", t + 60_000, { model });
    for (const each of [raised, updated, alertEvent("wt-2", "raised", t)]) await put(each);
    const { items } = await record.alarms({ ...all, turbine: "wt-1" });
    const { alarm } = items[0]!;
    const found = await record.alertEvents({ ...all, alarm });
    expect(found).toMatchObject({ total: 2, items: [{ timeMs: t, event: raised }, { event: updated }] });
    expect(found.items.map(({ receivedMs }) => receivedMs)).toEqual(
      items[0]!.steps.map((step) => step.receivedMs),
    );
    expect(await record.alertEvents({ alarm, event: raised.id, limit: 9, offset: 0 })).toMatchObject({
      total: 1,
      items: [{ event: raised }],
    });
    expect((await record.alertEvents({ alarm, limit: 1, offset: 1 })).items[0]?.event).toEqual(updated);
    for (const query of [{ alarm: 999 }, { alarm, event: "none" }])
      expect(await record.alertEvents({ ...all, ...query })).toEqual({ total: 0, items: [] });
  });

  it("lets nobody's event stand in the way of another turbine's by having its id first", async () => {
    const { record, put } = await openAlarms();
    const alert = alertEvent("wt-1", "raised", t);
    const forged = alertEvent("wt-9", "raised", t, { site: "elsewhere" });
    await put({ ...forged, id: alert.id });
    await put({ ...alertEvent("wt-9", "raised", t), id: alert.id });
    await put(alert);
    await put(alert);
    const own = await record.alarms({ ...all, ...northSea });
    expect(own).toMatchObject({
      total: 1,
      items: [{ active: true, event: alert, steps: [{ eventId: alert.id }] }],
    });
    expect((await record.alarms(all)).total).toBe(3);
  });

  it("is not turned back by an event that comes late, but keeps it in the alarm's life", async () => {
    const { put, list } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t));
    await put(alertEvent("wt-1", "cleared", t + 2000));
    await put(alertEvent("wt-1", "updated", t + 1000));
    const [alarm] = await list();
    expect(alarm).toMatchObject({ active: false, event: { type: "io.aurora.alert.cleared.v1" } });
    expect(alarm!.steps).toHaveLength(3);
  });

  it("ends an alarm although a clock was set back meanwhile, and begins anew", async () => {
    const { put, list, countActive } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t + hour), t);
    await put(alertEvent("wt-1", "cleared", t + 2000), t + 2000);
    expect(await countActive()).toBe(0);
    await put(alertEvent("wt-1", "raised", t + 3000), t + 3000);
    expect(await countActive()).toBe(1);
    expect(await list()).toHaveLength(2);
  });

  it("shows what people make of an alarm that is over, and leaves it over", async () => {
    const { put, list, countActive } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t));
    await put(alertEvent("wt-1", "cleared", t + 1, { state: "shelved" }));
    for (const [index, state] of (["normal", "shelved", "returned-unacknowledged"] as const).entries()) {
      await put(alertEvent("wt-1", "updated", t + 2 + index, { state }));
      expect(await list()).toMatchObject([{ active: false, event: { data: { state } } }]);
    }
    await put(alertEvent("wt-2", "updated", t, { state: "normal" }));
    expect(await countActive()).toBe(0);
  });

  it("leaves an alarm over when somebody acknowledges it afterwards", async () => {
    const { put, list } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t));
    await put(alertEvent("wt-1", "cleared", t + 1, { state: "returned-unacknowledged" }));
    // Acknowledged while it stood: that has come late.
    await put(alertEvent("wt-1", "acknowledged", t + 2, { state: "acknowledged" }));
    expect(await list()).toMatchObject([{ active: false, event: { type: "io.aurora.alert.cleared.v1" } }]);
    await put(alertEvent("wt-1", "acknowledged", t + 3, { state: "normal" }));
    expect(await list()).toMatchObject([
      { active: false, event: { type: "io.aurora.alert.acknowledged.v1", data: { state: "normal" } } },
    ]);
  });

  it("ends an alarm that nobody ended when its failure mode raises another", async () => {
    const { put, list } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t));
    await put(alertEvent("wt-1", "raised", t + 5000));
    expect((await list()).map((alarm) => alarm.active)).toEqual([true, false]);
  });

  it("keeps failure modes, components and turbines apart, and lists by turbine and in parts", async () => {
    const { record, put } = await openAlarms();
    await put(alertEvent("wt-1", "raised", t));
    await put(alertEvent("wt-1", "raised", t + 1, { failureMode: "ball" }));
    await put(alertEvent("wt-1", "raised", t + 2, { component: "generator" }));
    await put(alertEvent("wt-2", "raised", t + 3));
    expect((await record.alarms(all)).total).toBe(4);
    expect((await record.alarms({ ...all, turbine: "wt-1" })).total).toBe(3);
    expect((await record.alarms({ ...all, site: "elsewhere" })).total).toBe(0);
    const rest = await record.alarms({ limit: 2, offset: 2 });
    expect(rest.items.map((alarm) => alarm.lastMs)).toEqual([t + 1, t]);
    await put(alertEvent("wt-1", "cleared", t + 4));
    await put(alertEvent("wt-3", "raised", t + 5));
    await put(alertEvent("wt-3", "cleared", t + 6));
    expect(await record.alarmingTurbines()).toEqual([
      { site: "north-sea", turbine: "wt-1", alarms: 2 },
      { site: "north-sea", turbine: "wt-2", alarms: 1 },
    ]);
  });
}

function describeMeasurements(open: Open): void {
  it("keeps predictions as they were sent, and once although a batch is repeated in another life", async () => {
    const record = await open();
    const batch = predictionBatch("wt-1", t, { rows: 5, stepMs: 1000 });
    await createSender(record)([batch, batch]);
    const range = { ...northSea, fromMs: 0, toMs: t, bucketMs: 1 };
    const [series, ...others] = await record.predictions(range);
    expect(others).toEqual([]);
    expect(series).toMatchObject({
      component: batch.component,
      failureModes: ["ball", "inner-race", "outer-race"],
      timesMs: batch.timesMs,
      windows: batch.windows,
      modelVersion: "1.2.0",
    });
    for (const [mode, column] of series!.mean.entries()) {
      expect(column).toEqual(batch.timesMs.map((_, row) => batch.meanProbability[row * 3 + mode]));
    }
    expect(series!.max[2]![4]).toBe(batch.maxProbability[14]);
    for (const [row, rpm] of series!.shaftRpm.entries()) expect(rpm).toBeCloseTo(batch.shaftRpm[row]!, 9);
  });

  it("gives a range, sums long steps up by their windows, and has a hole where nothing was sent", async () => {
    const record = await open();
    const row = (timeMs: number, windows: number, mean: number, modes = ["a"]) => ({
      ...predictionBatch("wt-1", timeMs, { rows: 1, stepMs: 1 }),
      failureModes: modes,
      timesMs: [timeMs],
      windows: [windows],
      meanProbability: modes.map(() => mean),
      maxProbability: modes.map(() => mean),
      shaftRpm: [timeMs === 2_100 ? Number.NaN : 1_000],
    });
    await createSender(record)([row(1_000, 3, 0.2), row(1_400, 1, 0.6), row(2_100, 1, 0.5, ["a", "b"])]);
    const read = async (fromMs: number, toMs: number, bucketMs: number) =>
      (await record.predictions({ ...northSea, fromMs, toMs, bucketMs }))[0]!;
    const summed = await read(0, 10_000, 1_000);
    expect(summed).toMatchObject({
      failureModes: ["a", "b"],
      timesMs: [1_400, 2_100],
      windows: [4, 1],
      max: [
        [0.6, 0.5],
        [null, 0.5],
      ],
      shaftRpm: [1_000, null],
    });
    expect(summed.mean[0]![0]).toBeCloseTo(0.3, 12);
    expect((await read(1_001, 1_999, 1)).timesMs).toEqual([1_400]);
    expect(await read(5_000, 6_000, 1)).toMatchObject({ timesMs: [], failureModes: [], modelVersion: null });
  });

  it("keeps what is known of risks and learning, and takes nothing unknown for a risk of 0", async () => {
    const record = await open();
    const batch = { ...predictionBatch("wt-1", t, { rows: 4, stepMs: 1000 }), failureModes: ["a"] };
    const four = { meanProbability: [0.5, 0.5, 0.5, 0.5], maxProbability: [0.5, 0.5, 0.5, 0.5] };
    await createSender(record)([
      {
        ...batch,
        ...four,
        windows: [3, 1, 2, 2],
        meanRisk: [0.02, 0.06, null, 0],
        maxRisk: [0.03, 0.07, null, 0],
        isLearning: [false, false, true, null],
      },
      { ...batch, ...four, component: "older" },
    ]);
    const read = (bucketMs: number) => record.predictions({ ...northSea, fromMs: 0, toMs: t, bucketMs });
    const [each, older] = await read(1);
    expect(each).toMatchObject({
      meanRisk: [[0.02, 0.06, null, 0]],
      maxRisk: [[0.03, 0.07, null, 0]],
      isLearning: [false, false, true, null],
    });
    expect(older).toMatchObject({
      meanRisk: [[null, null, null, null]],
      maxRisk: [[null, null, null, null]],
      isLearning: [null, null, null, null],
    });
    const [summed] = await read(10 * t);
    expect(summed!.meanRisk[0]![0]).toBeCloseTo((3 * 0.02 + 0.06) / 6, 12);
    expect(summed!.maxRisk).toEqual([[0.07]]);
    expect(summed!.isLearning).toEqual([true]);
  });

  it("tells points apart, and where a turbine's predictions end", async () => {
    const record = await open();
    const batch = predictionBatch("wt-1", t, { rows: 2, stepMs: 1000 });
    await createSender(record)([batch, { ...batch, component: "generator", timesMs: [t + 1, t + 2] }]);
    const range = { ...northSea, fromMs: 0, toMs: t + hour, bucketMs: 1 };
    const components = async (query: object): Promise<string[]> =>
      (await record.predictions({ ...range, ...query })).map(({ component }) => component);
    expect(await components({})).toEqual([batch.component, "generator"]);
    expect(await components({ component: "generator" })).toEqual(["generator"]);
    expect(await components({ turbine: "wt-9" })).toEqual([]);
    expect(await record.newestPredictionMs({ ...northSea, untilMs: t + hour })).toBe(t + 2);
    expect(await record.newestPredictionMs({ ...northSea, untilMs: t })).toBe(t);
    expect(await record.newestPredictionMs({ ...northSea, turbine: "wt-9", untilMs: t })).toBe(0);
  });

  it("merges the drift sketches of a day, and leaves the day as it was when bins do not fit", async () => {
    const record = await open();
    const report = driftReport("wt-1", t, "d", { windows: 50, shift: 0 });
    const other = {
      ...report,
      sketches: report.sketches.map((sketch, index) => (index === 5 ? { ...sketch, counts: [50] } : sketch)),
    };
    const { records } = await createSender(record)([report, other, report]);
    expect(records).toMatchObject([
      ok("drift-report"),
      { ok: false, error: { reason: "drift-bins" } },
      ok("drift-report"),
    ]);
    const [day, ...others] = await record.driftOfDay({ day: dayOfT });
    expect(others).toEqual([]);
    expect(day).toMatchObject({ ...northSea, day: dayOfT, modelDigest: "d", reports: 2, toMs: t });
    for (const [index, sketch] of day!.sketches.entries()) {
      expect(sketch.feature).toBe(index);
      expect(sketch.counts).toEqual(report.sketches[index]!.counts.map((count) => 2 * count));
    }
    expect((await record.quarantine(10)).items).toMatchObject([{ reason: "drift-bins", messages: 1 }]);
  });

  it("keeps days, models and turbines of drift apart, and knows the newest day", async () => {
    const record = await open();
    const midnight = Date.UTC(2023, 10, 15);
    await createSender(record)([
      driftReport("wt-2", t, "d", { windows: 5, shift: 0 }),
      driftReport("wt-1", t, "e", { windows: 5, shift: 0 }),
      driftReport("wt-1", t, "d", { windows: 5, shift: 0 }),
      // An interval belongs to the day that its middle lies in.
      driftReport("wt-1", midnight + 299_000, "d", { windows: 5, shift: 0 }),
      driftReport("wt-1", midnight + 300_000, "d", { windows: 5, shift: 0 }),
    ]);
    const days = await record.driftOfDay({ day: dayOfT });
    expect(days.map((day) => [day.turbine, day.modelDigest, day.reports])).toEqual([
      ["wt-1", "d", 2],
      ["wt-1", "e", 1],
      ["wt-2", "d", 1],
    ]);
    expect(await record.driftOfDay({ day: dayOfT, turbine: "wt-2" })).toHaveLength(1);
    expect(await record.driftOfDay({ day: dayOfT, site: "elsewhere" })).toEqual([]);
    expect(await record.newestDriftDay("2023-11-30")).toBe("2023-11-15");
    expect(await record.newestDriftDay(dayOfT)).toBe(dayOfT);
    expect(await record.newestDriftDay("2023-01-01")).toBeNull();
  });

  it("keeps sketches of an interval without finite values", async () => {
    const record = await open();
    const report = driftReport("wt-1", t, "d", { windows: 5, shift: 0 });
    const none = { mean: Number.NaN, sumSquares: Number.NaN, min: Number.NaN, max: Number.NaN };
    const empty = { ...report.sketches[0]!, ...none, counts: [0, 0], invalid: 5 };
    await createSender(record)([{ ...report, sketches: [empty] }]);
    const [day] = await record.driftOfDay({ day: dayOfT });
    expect(day!.sketches).toEqual([{ ...empty, mean: 0, sumSquares: 0, min: 0, max: 0 }]);
  });
}

function describeMachines(open: Open): void {
  it("knows turbines by their records and states, whichever comes first", async () => {
    const record = await open();
    const state = turbineState("wt-2", t, "d");
    const turbines = [{ state, seenMs: t - 5 }];
    await record.storeStates({ nowMs: t, turbines, gateways: [], setAside: [] });
    await createSender(record)([
      predictionBatch("wt-1", t, { rows: 1, stepMs: 1 }),
      { kind: "alert", event: alertEvent("wt-2", "raised", t) },
    ]);
    const heard = { gateway: "gw-1", lastSeenMs: t, unwatchedMs: null, twinnedMs: null, twins: [] };
    const known = { site: "north-sea", ...heard };
    expect(await record.turbines()).toEqual([
      { ...known, turbine: "wt-1", state: null },
      { ...known, turbine: "wt-2", state },
    ]);
    await record.storeStates({ nowMs: t, turbines, gateways: [], setAside: [] });
    expect((await record.turbines())[1]!.lastSeenMs).toBe(t);
  });

  it("reads the machines that are named alone, and of all turbines briefly what they said last", async () => {
    const record = await open();
    const condition = { component: "gearbox", health: "good", reason: null, sinceMs: null } as const;
    const store = (turbine: string, seenMs: number, reason: string | null = null) =>
      record.storeStates({
        nowMs: t,
        turbines: [
          { state: turbineState(turbine, t, "d", { components: [{ ...condition, reason }] }), seenMs },
        ],
        gateways: [],
        setAside: [],
      });
    for (const turbine of ["wt-2", "wt-1"]) await store(turbine, t);
    await createSender(record)([predictionBatch("wt-1", t, { rows: 1, stepMs: 1 })]);
    const [first, second] = await record.turbines();
    const { site } = second!;
    expect(await record.turbines([second!, { site, turbine: "wt-9" }])).toEqual([second]);
    expect(await record.turbines([])).toEqual([]);
    expect(await record.countTurbines()).toBe(2);
    const { components, model } = first!.state!;
    const look = async () => (await record.turbineBriefs()).map(({ state }) => state);
    expect(await record.turbineBriefs()).toMatchObject([
      { ...first, state: { components, model, dataQuality: { windowsProcessed: 0 } } },
      { ...second, state: { components } },
    ]);
    expect((await look())[0]!.lastScores).toHaveLength(1);
    // What was seen at the same moment counts as well.
    await store("wt-1", t, "other");
    expect(await look()).toMatchObject([{ components: [{ reason: "other" }] }, { components }]);
    await record.storeStates({
      nowMs: t,
      turbines: [],
      gateways: [],
      setAside: [],
      unwatched: [{ ...second!, seenMs: t }],
    });
    expect((await look())[1]).toBeNull();
    // A state is a word of its gateway.
    await store("wt-1", t + 7);
    expect(await record.gateways(["gw-1", "gw-9"])).toMatchObject([{ gateway: "gw-1", lastSeenMs: t + 7 }]);
    expect(await record.gateways(["gw-9"])).toEqual([]);
  });

  it("says when a turbine was heard of last by the clock as it is, whatever it said before it was set back", async () => {
    const record = await open();
    const store = (seenMs: number, nowMs: number) =>
      record.storeStates({
        nowMs,
        turbines: [{ state: turbineState("wt-1", t, "d"), seenMs }],
        gateways: [],
        setAside: [],
      });
    const send = createSender(record);
    const lastSeenMs = async () => (await record.turbines())[0]!.lastSeenMs;
    const [aheadMs, earlierMs] = [t + 5 * 3_600_000, t - 3_600_000];
    await store(aheadMs, aheadMs);
    await store(t, t);
    expect(await lastSeenMs()).toBe(t);
    // A retained one is of its own time.
    await store(earlierMs, t + 1);
    expect(await lastSeenMs()).toBe(t);
    await send([predictionBatch("wt-1", t, { rows: 1, stepMs: 1 })], aheadMs);
    expect(await lastSeenMs()).toBe(aheadMs);
    await send([predictionBatch("wt-1", t, { rows: 1, stepMs: 1 })], t + 9_000);
    expect(await lastSeenMs()).toBe(t + 9_000);
  });

  it("keeps no state of a turbine that nobody watches any more, until it has one again", async () => {
    const record = await open();
    const state = turbineState("wt-1", t, "d");
    const store = (batch: Partial<StateBatch>) =>
      record.storeStates({ nowMs: t, turbines: [], gateways: [], setAside: [], ...batch });
    await store({ turbines: [{ state, seenMs: t }] });
    const unwatched = ["wt-1", "never-heard-of"].map((turbine) => ({ ...state, turbine, seenMs: t + 7 }));
    await store({ unwatched });
    // What is sent later was heard before.
    await createSender(record)([predictionBatch("wt-1", t, { rows: 1, stepMs: 1 })], t + 9);
    expect(await record.turbines()).toMatchObject([
      { turbine: "wt-1", gateway: "gw-1", state: null, unwatchedMs: t + 7 },
    ]);
    await store({ turbines: [{ state, seenMs: t + 10 }] });
    expect(await record.turbines()).toMatchObject([{ lastSeenMs: t + 10, state, unwatchedMs: null }]);
  });

  it("sets one state aside that cannot be kept, says which, and keeps its neighbours", async () => {
    const record = await open();
    const status = { online: true, time: null, config: null };
    const gateways = ["gw-1", "gw-2", "gw-3"].map((gateway) => ({
      status: { ...status, gateway, version: gateway === "gw-2" ? "0.1\u0000.0" : "0.1.0" },
      seenMs: t,
      message: { topic: `aurora/v1/gateway/${gateway}/status`, payload },
    }));
    const turbines = [{ state: turbineState("wt-1", t, "d"), seenMs: t }];
    // What is said of it may quote it.
    const fault = { reason: "state-invalid", detail: "what\u0000ever \ud800" } as const;
    const refused = await record.storeStates({
      nowMs: t,
      turbines,
      gateways,
      setAside: [{ topic, payload, fault }],
    });
    expect(refused).toMatchObject([
      { topic: "aurora/v1/gateway/gw-2/status", fault: { reason: "not-storable" } },
    ]);
    const online = (await record.gateways()).filter((gateway) => gateway.online === true);
    expect(online.map(({ gateway }) => gateway)).toEqual(["gw-1", "gw-3"]);
    expect(await record.turbines()).toHaveLength(1);
    const { total, items } = await record.quarantine(10);
    expect(total).toBe(2);
    expect(items.map((entry) => entry.topic).sort()).toEqual([topic, "aurora/v1/gateway/gw-2/status"]);
  });

  it("knows gateways by any envelope, their status and their last health", async () => {
    const record = await open();
    const send = createSender(record);
    await send([health(1, t + hour), health(2), health(3, t - hour)]);
    const { kind: _, ...last } = health(3, t - hour);
    expect(await record.gateways()).toEqual([
      {
        gateway: "gw-1",
        online: null,
        version: null,
        lastSeenMs: t,
        offlineMs: null,
        clonedMs: null,
        health: last,
      },
    ]);
    const status = { gateway: "gw-1", online: true, time: null, version: "0.1.0", config: { a: 1 } };
    const store = (changes: object, seenMs: number) =>
      record.storeStates({
        nowMs: t,
        turbines: [],
        gateways: [{ status: { ...status, ...changes }, seenMs }],
        setAside: [],
      });
    await store({}, t + 10);
    expect((await record.gateways())[0]).toMatchObject({
      online: true,
      version: "0.1.0",
      lastSeenMs: t + 10,
      offlineMs: null,
    });
    // A last will is the broker's word: it does not count as having heard of the gateway.
    await store({ online: false, version: null }, t + 20);
    await store({ gateway: "gw-0", online: false }, t + 20);
    expect(await record.gateways()).toMatchObject([
      { gateway: "gw-0", online: false, version: null, lastSeenMs: 0, offlineMs: t + 20, health: null },
      { gateway: "gw-1", online: false, version: "0.1.0", lastSeenMs: t + 10, offlineMs: t + 20 },
    ]);
    // Who hears a retained one does not hear when; who heard it knows.
    await store({ online: false }, 0);
    expect((await record.gateways())[1]?.offlineMs).toBe(t + 20);
    await store({}, t + 30);
    expect((await record.gateways())[1]?.offlineMs).toBeNull();
    await store({ online: false }, 0);
    expect((await record.gateways())[1]).toMatchObject({ online: false, offlineMs: null });
  });

  it("knows of two gateways under one id, and tells of it once while it goes on", async () => {
    const record = await open();
    const status = { gateway: "gw-1", online: true, time: null, version: null, config: null };
    const hear = (seenMs: number, cloned: boolean) =>
      record.storeStates({
        nowMs: seenMs,
        turbines: [],
        gateways: [{ status, seenMs, cloned }],
        setAside: [],
      });
    const told = async (): Promise<number> => (await record.events({ ...all, name: "gateway.cloned" })).total;
    await hear(t, false);
    expect([(await record.gateways())[0]?.clonedMs, await told()]).toEqual([null, 0]);
    await hear(t + 1, true);
    await hear(t + twoForMs, true);
    await hear(t + twoForMs + 1, false);
    expect([(await record.gateways())[0]?.clonedMs, await told()]).toEqual([t + twoForMs, 1]);
    await hear(t + 2 * twoForMs, true);
    expect(await told()).toBe(2);
    const { items } = await record.events({ ...all, name: "gateway.cloned" });
    expect(items[0]).toMatchObject({ gateway: "(collector)", subject: "gw-1", timeMs: t + 2 * twoForMs });
  });

  it("keeps what the collector itself has to say", async () => {
    const record = await open();
    const event = {
      kind: "event",
      timeMs: t,
      name: "own",
      subject: "s",
      detail: "said by nobody else",
    } as const;
    await record.storeOwnEvent(event, t);
    const { total, items } = await record.events({ ...all, name: "own" });
    expect([total, items[0]]).toMatchObject([1, { gateway: "(collector)", subject: "s", believedMs: t }]);
  });

  it("finds alarms, events and updates by words in their names or texts, whatever their case and order", async () => {
    const record = await open();
    const update = {
      kind: "update",
      timeMs: t,
      modelName: "bearing",
      fromVersion: "1",
      step: "refused",
    } as const;
    await createSender(record)([
      { kind: "alert", event: alertEvent("wt-1", "raised", t) },
      { kind: "alert", event: alertEvent("wt-2", "raised", t, { failureMode: "ball" }) },
      { ...event("a"), detail: "The Schema of wt_1 is 100% new" },
      event("b"),
      { ...update, toVersion: "2.0.0", detail: "a digest differs" },
      { ...update, toVersion: "3.0.0", detail: "" },
    ]);
    const countAlarms = async (search: string): Promise<number> =>
      (await record.alarms({ ...all, search })).total;
    const texts = ["", "WT-1", "inner-race", "gearbox", "nowhere", "wt%1", " ball  wt-2", "ball wt-1"];
    expect(await Promise.all(texts.map(countAlarms))).toEqual([2, 1, 1, 2, 0, 0, 1, 0]);
    const countEvents = async (search: string): Promise<number> =>
      (await record.events({ ...all, search })).total;
    const words = ["", "schema", "100%", "gw-1", "wt-1", "new SCHEMA gw-1", "schema old"];
    expect(await Promise.all(words.map(countEvents))).toEqual([2, 1, 1, 2, 0, 1, 0]);
    const found = await record.updates({ ...all, search: "DIGEST 2.0.0" });
    expect(found).toMatchObject({ total: 1, items: [{ toVersion: "2.0.0" }] });
  });

  it("finds of each moment the nearest event of its gateway, name and subject, however many came since", async () => {
    const record = await open();
    const told = (detail: string, timeMs: number, changes: Partial<EventRecord> = {}): EventRecord => ({
      ...event("alarm.acknowledged", timeMs),
      detail,
      ...changes,
    });
    const send = createSender(record);
    await send([
      told("near", t + 20),
      told("nearer", t - 10),
      told("another time", t + 60_000),
      told("another subject", t, { subject: "o" }),
      told("another name", t, { name: "alarm.shelved" }),
      // Of a clock that cannot be right: by its arrival.
      told("undated", 0, { subject: "u" }),
      told("waited for long", t - 29 * 24 * hour, { subject: "w" }),
      ...Array.from({ length: 600 }, (_, index) => event("device-diagnosis", t + index)),
    ]);
    const other = [envelopeOf([told("another gateway", t)], { gateway: "gw-2" })];
    await record.storeEnvelopes({ nowMs: t, envelopes: other, setAside: [] });
    // Its clock is half an hour ahead: of the day after.
    const midnight = Math.ceil(t / (24 * hour)) * 24 * hour;
    await send([told("of tomorrow", midnight + hour / 3)], midnight - hour / 6);
    const moment = { alertId: "a", gateway: "gw-1", name: "alarm.acknowledged", subject: "s", atMs: t };
    const found = await record.eventsAt([
      moment,
      { ...moment, atMs: t + 65_000 },
      { ...moment, atMs: t + 65_001 },
      { ...moment, atMs: t - 5_011 },
      { ...moment, gateway: "gw-2" },
      { ...moment, gateway: "gw-3" },
      moment,
      { ...moment, subject: "u" },
      { ...moment, subject: "w", atMs: t - 29 * 24 * hour },
      { ...moment, atMs: midnight + hour / 3 },
    ]);
    expect(found.map((each) => each?.detail ?? null)).toEqual([
      "nearer",
      "another time",
      null,
      null,
      "another gateway",
      null,
      "nearer",
      "undated",
      "waited for long",
      "of tomorrow",
    ]);
    expect(found[0]).toMatchObject({ gateway: "gw-1", name: "alarm.acknowledged", believedMs: t - 10 });
    expect(await record.eventsAt([])).toEqual([]);
  });

  it("finds the event of a deed by the alert that it names, whatever its clock says, of the alert's gateway alone", async () => {
    const record = await open();
    const deed = (by: string, timeMs: number): EventRecord => ({
      ...event("alarm.shelved", timeMs),
      detail: `by ${by}`,
    });
    const senders = new Map<string, ReturnType<typeof createLane>>();
    const send = async (gateway: string, records: readonly EventRecord[], nowMs = t): Promise<void> => {
      const lane = senders.get(gateway) ?? createLane(record, { gateway, nowMs: t });
      senders.set(gateway, lane);
      await lane(records, nowMs);
    };
    const claims = ["before", "at", "behind", "nobody's", "older"].map((id) => deed(`zoe; alert ${id}`, t));
    await send("gw-9", claims, t - hour);
    await send("gw-1", [
      deed("ana; alert before", t - 400),
      deed("bo; alert at", t),
      deed("bo again; alert at", t),
      deed("cy; alert after", t + 300),
      // Its clock is 5 hours behind, while the alert goes by a device's clock; it was never set.
      deed("di; alert behind", t - 5 * hour),
      deed("eve; alert unset", 0),
      deed("flo: as told in; alert 7 and; alert words", t),
      deed(`gus; alert ${"x".repeat(10_000)}`, t - 60_000),
    ]);
    await send("gw-9", [...claims, deed("zoe; alert after", t), deed("zoe; alert unset", t)], t + hour / 2);
    const moment = { gateway: "gw-1", name: "alarm.shelved", subject: "s", atMs: t };
    const find = async (alertId: string, changes: Partial<EventMoment> = {}) =>
      (await record.eventsAt([{ ...moment, alertId, ...changes }]))[0]?.detail.split("; alert")[0];
    const ids = ["before", "at", "after", "behind", "unset", "words"];
    expect(await Promise.all(ids.map((id) => find(id)))).toEqual([
      "by ana",
      "by bo",
      "by cy",
      "by di",
      "by eve",
      "by flo: as told in",
    ]);
    // What names another alert is no event of this one, however near, and a claim of another gateway is none.
    expect(await find("nobody's")).toBeUndefined();
    expect(await find("at", { subject: "o" })).toBeUndefined();
    expect(await find("at", { name: "alarm.unshelved" })).toBeUndefined();
    // What names no alert counts only where nothing names this one.
    await send("gw-1", [deed("an older gateway's", t + 900)]);
    expect(await find("older")).toBe("by an older gateway's");
    expect(await find("behind")).toBe("by di");
    expect(await find("at")).toBe("by bo");
  });

  it("says of each step of an alarm which gateway sent it", async () => {
    const record = await open();
    const alert = (transition: "raised" | "updated", timeMs: number): StorableRecord => ({
      kind: "alert",
      event: alertEvent("wt-1", transition, timeMs),
    });
    const send = (gateway: string) => createLane(record, { gateway, lane: "alert", nowMs: t });
    await send("gw-1")([alert("raised", t)]);
    // What comes again is the same, whoever sends it.
    await send("gw-2")([alert("raised", t), alert("updated", t + 60_000)]);
    const [alarm] = (await record.alarms(all)).items;
    expect(alarm!.steps.map(({ gateway }) => gateway)).toEqual(["gw-1", "gw-2"]);
  });

  it("lists events, declared gaps and updates by gateway, newest first and in parts", async () => {
    const record = await open();
    const update = {
      kind: "update",
      timeMs: t,
      modelName: "m",
      fromVersion: "1.0.0",
      toVersion: "1.1.0",
      step: "refused",
      detail: "a digest differs",
    } as const;
    await createSender(record)([
      event("late", t + 5),
      event("early", t - 5),
      { kind: "gap", lane: "prediction", records: 12, fromMs: t - 1000, toMs: t },
      update,
    ]);
    const envelopes = [envelopeOf([event("other")], { gateway: "gw-2" })];
    await record.storeEnvelopes({ nowMs: t, envelopes, setAside: [] });
    expect(await eventNames(record)).toEqual(["early", "gap.prediction", "other", "late"]);
    const own = await record.events({ gateway: "gw-1", limit: 1, offset: 1 });
    expect(own).toMatchObject({
      total: 3,
      items: [
        {
          name: "gap.prediction",
          subject: "prediction",
          timeMs: t,
          detail: expect.stringMatching(
            /^12 records .*2023-11-14T22:13:19\.000Z to 2023-11-14T22:13:20\.000Z$/,
          ),
        },
      ],
    });
    const { kind: _, ...step } = update;
    expect(await record.updates(all)).toMatchObject({ total: 1, items: [{ ...step, gateway: "gw-1" }] });
    expect(await record.events({ ...all, name: "late" })).toMatchObject({
      total: 1,
      items: [{ name: "late" }],
    });
    expect((await record.events({ ...all, name: "late", gateway: "gw-2" })).total).toBe(0);
    expect((await record.updates({ ...all, gateway: "gw-2" })).total).toBe(0);
  });
}

const never: Readonly<Record<PrunedClass, number>> = {
  predictions: 0,
  drift: 0,
  verdicts: 0,
  events: 0,
  updates: 0,
};

function describeKeeping(open: Open, createStorage: () => RecordStorage): void {
  it("removes what is older than its class's time, and nothing else", async () => {
    const record = await open();
    const send = createSender(record);
    const day = 24 * hour;
    const update = { kind: "update", modelName: "m", fromVersion: "", toVersion: "1", detail: "" } as const;
    for (const timeMs of [t - 3 * day, t]) {
      await send(
        [
          predictionBatch("wt-1", timeMs, { rows: 1, stepMs: 1 }),
          driftReport("wt-1", timeMs, "d", { windows: 5, shift: 0 }),
          // Of a wrong clock: it goes by when it arrived.
          event(`arrived ${timeMs === t ? "now" : "before"}`, 5),
          { ...update, timeMs, step: "proved" },
          { kind: "alert", event: alertEvent("wt-1", timeMs === t ? "cleared" : "raised", timeMs) },
        ],
        timeMs,
      );
    }
    expect(await record.prune(never)).toBe(0);
    await record.prune({ ...never, predictions: t - day });
    const range = { ...northSea, fromMs: 0, toMs: t, bucketMs: 1 };
    expect((await record.predictions(range))[0]!.timesMs).toEqual([t]);
    expect(await eventNames(record)).toEqual(["arrived before", "arrived now"]);
    const old = t - day;
    await record.prune({ predictions: old, drift: old, verdicts: old, events: old, updates: old });
    expect((await record.predictions(range))[0]!.timesMs).toEqual([t]);
    expect(await record.driftOfDay({ day: "2023-11-11" })).toEqual([]);
    expect(await record.driftOfDay({ day: dayOfT })).toHaveLength(1);
    expect(await eventNames(record)).toEqual(["arrived now"]);
    expect((await record.updates(all)).total).toBe(1);
    expect((await record.alarms(all)).items[0]!.steps).toHaveLength(2);
  });

  it("removes of each class what is of before its own time, and of no other", async () => {
    const record = await open();
    const update = { kind: "update", modelName: "m", fromVersion: "", toVersion: "1", detail: "" } as const;
    await createSender(record)(
      [
        predictionBatch("wt-1", t, { rows: 1, stepMs: 1 }),
        driftReport("wt-1", t, "d", { windows: 5, shift: 0 }),
        event("other"),
        event(outcomeEventName),
        { ...update, timeMs: t, step: "proved" },
      ],
      t,
    );
    const counts: Readonly<Record<PrunedClass, () => Promise<number>>> = {
      predictions: async () =>
        (await record.predictions({ ...northSea, fromMs: 0, toMs: t, bucketMs: 1 })).flatMap(
          ({ timesMs }) => timesMs,
        ).length,
      drift: async () => (await record.driftOfDay({ day: dayOfT })).length,
      verdicts: async () => (await record.events({ ...all, name: outcomeEventName })).total,
      events: async () => (await record.events({ ...all, name: "other" })).total,
      updates: async () => (await record.updates(all)).total,
    };
    const left = new Set(Object.keys(counts) as PrunedClass[]);
    for (const pruned of [...left]) {
      // An engine may remove whole days alone.
      await record.prune({ ...never, [pruned]: t + 48 * hour });
      left.delete(pruned);
      for (const [name, count] of Object.entries(counts))
        expect([pruned, name, await count()]).toEqual([pruned, name, left.has(name as PrunedClass) ? 1 : 0]);
    }
  });

  it("keeps what says who decided, and finds it by its moment, when other events of its day have gone", async () => {
    const record = await open();
    const kept = ["alarm.acknowledged", "baseline-renewed", "bundle-published", outcomeEventName];
    await createSender(record)(
      [
        ...["other", ...kept].map((name) => event(name)),
        { ...event(kept[0]!, t + 60_000), detail: "by ana; alert kept" },
      ],
      t,
    );
    // An engine may remove whole days alone.
    const later = t + 48 * hour;
    await record.prune({ ...never, predictions: later, drift: later, events: later });
    await record.prune({ ...never, events: later });
    expect(await eventNames(record)).toEqual([...kept, kept[0]]);
    const moment = { alertId: "a", gateway: "gw-1", name: kept[0]!, subject: "s", atMs: t };
    expect(await record.eventsAt([moment])).toMatchObject([{ name: kept[0], timeMs: t }]);
    expect(await record.eventsAt([{ ...moment, alertId: "kept", atMs: 0 }])).toMatchObject([
      { detail: "by ana; alert kept" },
    ]);
    await record.prune({ ...never, verdicts: later });
    expect(await eventNames(record)).toEqual([]);
  });

  it("has everything after it was closed and opened again", async () => {
    const storage = createStorage();
    const first = await storage.open();
    await first.storeEnvelopes({
      nowMs: t,
      envelopes: [
        envelopeOf([event("a"), { kind: "alert", event: alertEvent("wt-1", "raised", t) }]),
        envelopeOf([predictionBatch("wt-1", t, { rows: 2, stepMs: 1 }), health(1)], { lane: "prediction" }),
        envelopeOf([driftReport("wt-1", t, "d", { windows: 5, shift: 0 })], { lane: "drift" }),
      ],
      setAside: [{ topic, payload, fault: { reason: "envelope-invalid", detail: "" } }],
    });
    const read = async (record: FleetRecord): Promise<unknown[]> => [
      await record.turbines(),
      await record.gateways(),
      await record.alarms(all),
      await record.events(all),
      await record.predictions({ ...northSea, fromMs: 0, toMs: t, bucketMs: 1 }),
      await record.driftOfDay({ day: dayOfT }),
      await record.quarantine(10),
    ];
    const before = await read(first);
    await first.close();
    await first.close();
    const again = await open(storage);
    expect(await read(again)).toEqual(before);
    const envelopes = [envelopeOf([event("a"), event("b"), event("c")])];
    const [stored] = await again.storeEnvelopes({ nowMs: t, envelopes, setAside: [] });
    expect(stored).toMatchObject({ watermark: 3, records: [ok("event")] });
  });

  it("lets one holder do a work at a time, until it gives it back or is not heard of", async () => {
    const record = await open();
    const hold = (holder: string, name = "prune", forMs = 60_000): Promise<boolean> =>
      record.holdLease(name, { holder, forMs });
    expect(await hold("a")).toBe(true);
    expect(await hold("a")).toBe(true);
    expect(await hold("b")).toBe(false);
    expect(await hold("b", "drift", 30)).toBe(true);
    await record.releaseLeases("a");
    expect(await hold("b")).toBe(true);
    expect(await hold("a")).toBe(false);
    await until(() => hold("a", "drift"), "the lease is over");
    expect(await hold("b", "drift")).toBe(false);
  });

  it("rejects once it is closed", async () => {
    const record = await createStorage().open();
    await record.check();
    await record.close();
    await expect(record.check()).rejects.toThrow();
    await expect(
      record.storeEnvelopes({ nowMs: t, envelopes: [envelopeOf([event("a")])], setAside: [] }),
    ).rejects.toThrow();
  });

  it("sets a damaged database aside, says so and begins anew (skipped where a server mends itself)", async ({
    skip,
  }) => {
    const storage = createStorage();
    if (storage.damage === null) return skip();
    const first = await storage.open();
    await createSender(first)([event("a")]);
    await first.close();
    storage.damage();
    const again = await open(storage);
    expect((await again.events(all)).items).toMatchObject([
      { name: "store.corrupted", gateway: "(collector)" },
    ]);
    expect(await createSender(again)([event("b")])).toMatchObject({ watermark: 1 });
  });
}
