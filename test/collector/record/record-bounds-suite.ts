/** What every engine refuses of a gateway that sends without bound: alone, counted, named, and its neighbours untouched. */
import { expect, it } from "vitest";
import type {
  FleetRecord,
  StorableRecord,
  StoredEnvelope,
} from "../../../src/collector/record/fleet-record.ts";
import { boundPredictions } from "../../../src/collector/record/prediction-share.ts";
import { recordBounds } from "../../../src/collector/record/record-bounds.ts";
import { ok } from "../../../src/core/contract/result.ts";
import type { PredictionBatch } from "../../../src/core/contract/uplink-record.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { envelopeOf } from "../envelope-of.ts";
import { alertEvent, predictionBatch, turbineState } from "../fleet-records.ts";

const t = 1_700_000_000_000;
const day = 86_400_000;

/** Stores records of a gateway as what follows in a life of its outbox. */
function createSender(
  record: FleetRecord,
  gateway = "gw-1",
): (
  records: readonly StorableRecord[],
  of?: { readonly bootId?: string; readonly nowMs?: number },
) => Promise<StoredEnvelope> {
  let firstSequence = 1;
  return async (records, { bootId = "sender", nowMs = t } = {}) => {
    const envelope = envelopeOf(records, { gateway, bootId, firstSequence });
    if (bootId === "sender") firstSequence += records.length;
    return (await record.storeEnvelopes({ nowMs, envelopes: [envelope], setAside: [] }))[0]!;
  };
}

function batchOf(turbine: string, component: string, failureModes: readonly string[]): PredictionBatch {
  const cells = failureModes.map(() => 0.5);
  return {
    ...predictionBatch(turbine, t, { rows: 1, stepMs: 1 }),
    component,
    failureModes,
    meanProbability: cells,
    maxProbability: cells,
  };
}

const event = { kind: "event", timeMs: t, name: "n", subject: "s", detail: "d" } as const;
const countRefused = ({ records }: StoredEnvelope): number => records.filter((each) => !each.ok).length;
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** Runs the cases over an engine. */
export function describeRecordBounds(open: () => Promise<FleetRecord>): void {
  it("takes the same numbers of windows of a row, and reads what it has taken", async () => {
    const record = await open();
    const send = createSender(record);
    const rows = [0, recordBounds.rowWindows, recordBounds.rowWindows + 1, 4_294_967_295].map((windows) => ({
      ...batchOf("wt-1", `of-${windows}`, ["a"]),
      windows: [windows],
    }));
    const stored = await send([...rows, event]);
    expect(stored.records.map((each) => (each.ok ? each.value : each.error.reason))).toEqual([
      "prediction-batch",
      "prediction-batch",
      "record-bounds",
      "record-bounds",
      "event",
    ]);
    expect(stored.records[3]).toMatchObject({ error: { detail: expect.stringContaining("gw-1") } });
    const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: t, bucketMs: 1 };
    const read = async (): Promise<number[][]> =>
      (await record.predictions(range)).map(({ windows }) => [...windows]);
    expect(await read()).toEqual([[0], [recordBounds.rowWindows]]);
    await record.thinPredictions({ receivedBeforeMs: t + 9 * day, rowMs: day });
    expect(await read()).toEqual([[0], [recordBounds.rowWindows]]);
  });

  it("keeps so many failure modes of a point and answers with them, whatever else is sent of it", async () => {
    const record = await open();
    const send = createSender(record);
    const flood = names("mode", recordBounds.modesPerPoint + 40);
    const stored = await send([...flood.map((mode) => batchOf("wt-1", "gearbox", [mode])), event]);
    expect(countRefused(stored)).toBe(40);
    expect(stored.records.at(-1)).toEqual(ok("event"));
    expect(stored.records.find((each) => !each.ok)).toMatchObject({
      error: { reason: "gateway-bounds", detail: expect.stringContaining("gw-1") },
    });
    // What is there is still taken, and so are others.
    expect(countRefused(await send([batchOf("wt-1", "gearbox", flood.slice(0, 32))]))).toBe(0);
    expect(countRefused(await send([batchOf("wt-1", "generator", flood.slice(0, 32))]))).toBe(0);
    const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: t, bucketMs: 1 };
    const [gearbox] = await record.predictions(range);
    expect(gearbox!.failureModes).toHaveLength(recordBounds.modesPerPoint);
    const { items } = await record.quarantine(9);
    expect(items).toMatchObject([{ topic: "aurora/v1/gateway/gw-1/up/update", messages: 40 }]);
  });

  it("takes so many predictions of a gateway a day, of all workers together, and refuses the rest alone", async () => {
    const record = await open();
    const share = { cells: 40, stepCells: 8 };
    const workers = [boundPredictions(record, share), boundPredictions(record, share)];
    const lives = workers.map((worker) => createSender(worker));
    const neighbour = createSender(workers[0]!, "gw-2");
    const batch = batchOf("wt-1", "gearbox", ["a", "b", "c", "d"]);
    let refused = 0;
    for (let round = 0; round < 16; round++) {
      const bootId = `life-${round}`;
      refused += countRefused(await lives[round % 2]!([event, batch], { bootId }));
    }
    // What workers have not told of: less than a step each, and the batch that reaches it.
    expect(refused).toBeGreaterThanOrEqual(16 - (40 + 2 * 8) / 4 - 1);
    expect(refused).toBeLessThanOrEqual(16 - 40 / 4);
    const later = await lives[0]!([event, batch, event], { bootId: "later" });
    expect(later.records).toMatchObject([
      ok("event"),
      {
        ok: false,
        error: { reason: "gateway-bounds", detail: expect.stringMatching(/^gw-1: more than 40 /) },
      },
      ok("event"),
    ]);
    expect(later.watermark).toBe(3);
    expect(countRefused(await neighbour([{ ...batch, turbine: "wt-2" }], { bootId: "other" }))).toBe(0);
    // A worker that begins anew hears of it with its first step.
    const next = createSender(boundPredictions(record, share));
    for (const [index, many] of [0, 0, 1].entries())
      expect(countRefused(await next([batch], { bootId: `next-${index}` }))).toBe(many);
    const { items } = await record.quarantine(9);
    expect(items).toMatchObject([{ topic: "aurora/v1/gateway/gw-1/up/update", messages: refused + 2 }]);
    // Another day, and one before, as a clock that is set says.
    for (const nowMs of [t + day, t - 3 * day])
      expect(countRefused(await lives[1]!([batch], { bootId: `at-${nowMs}`, nowMs }))).toBe(0);
  });

  it("counts what is new towards the predictions of a day, and not what is sent again or refused", async () => {
    const record = await open();
    const send = createSender(boundPredictions(record, { cells: 6, stepCells: 1 }));
    const batch = batchOf("wt-1", "gearbox", ["a", "b"]);
    const wrong = { ...batch, windows: [recordBounds.rowWindows + 1] };
    for (let again = 0; again < 9; again++)
      expect((await send([batch, batch], { bootId: "one" })).outcome).toBe(
        again === 0 ? "stored" : "duplicate",
      );
    expect(countRefused(await send([wrong, wrong, wrong], { bootId: "two" }))).toBe(3);
    expect(countRefused(await send([batch, batch], { bootId: "one" }))).toBe(0);
    expect(countRefused(await send([batch], { bootId: "three" }))).toBe(0);
    expect(countRefused(await send([batch], { bootId: "four" }))).toBe(1);
  });

  it("counts up to a number that every engine holds", async () => {
    const record = await open();
    const use = { gateway: "gw-1", cells: 1_999_999_999, nowMs: t };
    expect(await record.countPredictions(use)).toBe(1_999_999_999);
    expect(await record.countPredictions(use)).toBe(2_000_000_000);
    expect(await record.countPredictions({ ...use, cells: 9e15, nowMs: t + day })).toBe(2_000_000_000);
    expect(await record.countPredictions({ ...use, cells: 1, nowMs: t + 2 * day })).toBe(1);
  });

  it("refuses predictions whose names are long, or are no text, alone", async () => {
    const record = await open();
    const send = createSender(record);
    // Of three bytes each, and no two alike, which no engine packs into less.
    const long = Array.from({ length: 32 }, (_, mode) =>
      String.fromCharCode(
        ...Array.from({ length: 200 }, (_, at) => 0x4e00 + ((mode * 9_973 + at * 7_919) % 20_000)),
      ),
    );
    const stored = await send([
      event,
      batchOf("wt-1", "gearbox", long),
      batchOf("wt-1", "gearbox", long.slice(0, 3)),
      batchOf("wt-2", "gearbox", ["a"]),
    ]);
    expect(stored.records.map(({ ok }) => ok)).toEqual([true, false, true, true]);
    expect(stored.records[1]).toMatchObject({
      error: { reason: "record-bounds", detail: expect.stringContaining("gw-1") },
    });
    // Half a character is kept by an engine that can, and refused by one that cannot.
    const half = await send([
      batchOf("wt-3", "\ud800", ["\udfff"]),
      batchOf("wt-4", "gearbox", ["a"]),
      event,
    ]);
    expect(half.records.slice(1)).toEqual([ok("prediction-batch"), ok("event")]);
    expect((await record.turbines()).map(({ turbine }) => turbine)).toEqual(
      expect.arrayContaining(["wt-1", "wt-2", "wt-4"]),
    );
  });

  it("takes as many failure modes with as long names as the bound lets in, and refuses a letter more", async () => {
    const record = await open();
    const send = createSender(record);
    // No two alike, which no engine packs into less.
    const random = createRandom(7);
    const letters = (length: number): string =>
      Array.from({ length }, () => Math.floor(random.uniform() * 36).toString(36)).join("");
    const modes = (count: number, length: number) => Array.from({ length: count }, () => letters(length));
    const [many, most] = [modes(33, 63), modes(recordBounds.modesPerPoint, 29)];
    const room = recordBounds.labelBytes - recordBounds.modesPerPoint * (29 + 8);
    const stored = await send([
      batchOf("wt-1", "gearbox", many),
      { ...batchOf("wt-2", "gearbox", most), modelVersion: letters(room) },
      { ...batchOf("wt-3", "gearbox", most), modelVersion: letters(room + 1) },
      event,
    ]);
    expect(stored.records.map((each) => (each.ok ? each.value : each.error.reason))).toEqual([
      "prediction-batch",
      "prediction-batch",
      "record-bounds",
      "event",
    ]);
  });

  it("has room again for failure modes when those of before are no longer kept", async () => {
    const record = await open();
    const send = createSender(record);
    await send([batchOf("wt-1", "gearbox", names("old", recordBounds.modesPerPoint))]);
    const later = { nowMs: t + 100 * day };
    const never = { drift: 0, verdicts: 0, events: 0, updates: 0 };
    expect(countRefused(await send([batchOf("wt-1", "gearbox", ["new"])], later))).toBe(1);
    await record.prune({ ...never, predictions: t + 10 * day });
    expect(countRefused(await send([batchOf("wt-1", "gearbox", ["new"])], later))).toBe(0);
  });

  it("gives a turbine room for so many points, and a gateway for so many turbines", async () => {
    const record = await open();
    const send = createSender(record);
    const points = names("c", recordBounds.pointsPerTurbine + 5);
    expect(countRefused(await send(points.map((component) => batchOf("wt-1", component, ["m"]))))).toBe(5);
    const turbines = names("t", recordBounds.turbinesPerGateway + 5);
    const flood = [...turbines.map((turbine) => batchOf(turbine, "c", ["m"])), event];
    const stored = await send(flood);
    // One was there before.
    expect(countRefused(stored)).toBe(6);
    expect(stored.records.at(-1)).toEqual(ok("event"));
    expect(await record.turbines()).toHaveLength(recordBounds.turbinesPerGateway);
    expect(countRefused(await createSender(record, "gw-2")([batchOf("their-own", "c", ["m"])]))).toBe(0);
    expect(countRefused(await send([batchOf("t-0", "c", ["m"])]))).toBe(0);
  });

  it("takes so many alarms of a turbine, and goes on with those that it knows", async () => {
    const record = await open();
    const send = createSender(record);
    const kinds = names("mode", recordBounds.alarmKindsPerTurbine + 3);
    const raise = (failureMode: string, index: number): StorableRecord => ({
      kind: "alert",
      event: { ...alertEvent("wt-1", "raised", t + index, { failureMode }), id: `${failureMode}/${index}` },
    });
    expect(countRefused(await send(kinds.map(raise)))).toBe(3);
    expect((await record.alarms({ active: true, limit: 1, offset: 0 })).total).toBe(
      recordBounds.alarmKindsPerTurbine,
    );
    expect(countRefused(await send([raise("mode-0", 999_999)]))).toBe(0);
  });

  it("takes so many notices of a gateway a day, and the next day as many again", async () => {
    const record = await open();
    const send = createSender(record);
    const flood = Array.from({ length: recordBounds.noticesPerDay + 7 }, () => event);
    expect(countRefused(await send([...flood, batchOf("wt-1", "c", ["m"])]))).toBe(7);
    expect(countRefused(await createSender(record, "gw-2")([event]))).toBe(0);
    expect(countRefused(await send([event], { nowMs: t + day }))).toBe(0);
    expect((await record.events({ limit: 1, offset: 0 })).total).toBe(recordBounds.noticesPerDay + 2);
  });

  it("forgets the life of an outbox that was silent for longest, and no other", async () => {
    const record = await open();
    const send = createSender(record);
    const lives = names("life", recordBounds.livesPerGateway + 1);
    for (const [index, bootId] of lives.entries()) await send([event], { bootId, nowMs: t + index });
    const again = async (bootId: string): Promise<string> =>
      (await send([event], { bootId, nowMs: t + 1_000 })).outcome;
    expect(await again(lives.at(-1)!)).toBe("duplicate");
    expect(await again(lives[1]!)).toBe("duplicate");
    expect(await again(lives[0]!)).toBe("stored");
  });

  it("takes a batch in which a gateway begins more lives than it may have, and keeps its neighbour's", async () => {
    const record = await open();
    const lives = names("life", 3 * recordBounds.livesPerGateway);
    const envelopes = [
      ...lives.map((bootId) => envelopeOf([event], { bootId })),
      envelopeOf([event], { gateway: "gw-2" }),
    ];
    const stored = await record.storeEnvelopes({ nowMs: t, envelopes, setAside: [] });
    expect(new Set(stored.map(({ outcome }) => outcome))).toEqual(new Set(["stored"]));
    const again = await record.storeEnvelopes({ nowMs: t + 1, envelopes: envelopes.slice(-1), setAside: [] });
    expect(again[0]!.outcome).toBe("duplicate");
    expect((await record.events({ limit: 1, offset: 0 })).total).toBe(envelopes.length);
  });

  it("knows so many turbines by their states alone, and more once their gateways speak", async () => {
    const record = await open();
    const states = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => ({
        state: { ...turbineState(`${prefix}-${index}`, t, "d"), lastScores: [] },
        seenMs: t,
      }));
    const batch = { nowMs: t, gateways: [], setAside: [] };
    expect(
      await record.storeStates({ ...batch, turbines: states(recordBounds.unclaimedTurbines, "t") }),
    ).toEqual([]);
    const [refused] = await record.storeStates({ ...batch, turbines: states(1, "one-more") });
    expect(refused).toMatchObject({ fault: { reason: "gateway-bounds" } });
    await createSender(record)([batchOf("t-0", "c", ["m"])]);
    expect(await record.storeStates({ ...batch, turbines: states(1, "one-more") })).toEqual([]);
  });
}
