import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredEnvelope } from "../../../src/collector/record/fleet-record.ts";
import type { QuarantineEntry } from "../../../src/collector/record/quarantine-listing.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { alertEvent, alertRecord, driftReport, predictionBatch } from "../fleet-records.ts";
import { createIngestBench, type IngestBench, sentEnvelope } from "../ingest-bench.ts";

const event = (name: string, timeMs = 1_700_000_000_000): UplinkRecord => ({
  kind: "event",
  timeMs,
  name,
  subject: "wt-01",
  detail: "detail",
});
const names = async (bench: IngestBench): Promise<string[]> =>
  (await bench.record.events({ limit: 500, offset: 0 })).items.map((item) => item.name).reverse();
const quarantine = async (bench: IngestBench): Promise<readonly QuarantineEntry[]> =>
  (await bench.record.quarantine(10)).items;
const countSetAside = async (bench: IngestBench): Promise<number> =>
  (await bench.record.quarantine(0)).messages;
const away = new AuroraError("STORE", "the database is away", { op: "store" });
/** Lets every promise go on that can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the uplink's ingest", () => {
  it("acknowledges only what is stored, once a batch and after its commit", async () => {
    const bench = createIngestBench();
    expect(await bench.take([event("a"), event("b")])).toMatchObject([
      { bootId: "b", lane: "update", sequence: 2 },
    ]);
    expect(await names(bench)).toEqual(["a", "b"]);
    expect(await bench.take([event("c")], { firstSequence: 3 })).toMatchObject([{ sequence: 3 }]);
  });

  it("waits a moment so that many messages share a transaction", async () => {
    const bench = createIngestBench();
    const envelope = (firstSequence: number): Uint8Array =>
      encodeUplinkEnvelope(sentEnvelope([event(`e${firstSequence}`)], { firstSequence }));
    for (let sequence = 1; sequence <= 40; sequence++) {
      bench.ingest.accept("aurora/v1/gateway/gw-1/up/update", envelope(sequence));
    }
    expect(bench.acks).toEqual([]);
    bench.clock.advance(19);
    await settle();
    expect(bench.acks).toEqual([]);
    bench.clock.advance(1);
    await settle();
    expect(bench.acks).toEqual([{ gateway: "gw-1", bootId: "b", lane: "update", sequence: 40 }]);
    expect(await names(bench)).toHaveLength(40);
  });

  it("stores every record exactly once, in order, whatever is repeated, cut or reordered", async () => {
    const deliveries = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 })), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(deliveries, async (tries) => {
        const bench = createIngestBench();
        let acknowledged = 0;
        for (const [firstSequence, count] of tries) {
          const records = Array.from({ length: count }, (_, index) => event(`e${firstSequence + index}`));
          for (const ack of await bench.take(records, { firstSequence })) {
            expect(ack.sequence).toBeGreaterThanOrEqual(acknowledged);
            acknowledged = ack.sequence;
          }
        }
        expect(await names(bench)).toEqual(
          Array.from({ length: acknowledged }, (_, index) => `e${index + 1}`),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("brings an acknowledgement to each of a thousand gateways over a connection that takes a few at a time", async () => {
    const heard = new Map<string, number>();
    let underWay = 0;
    const bench = createIngestBench({
      maxPendingBytes: 4_000_000,
      acknowledge: async (gateway, { lane, sequence }) => {
        // As `maxInFlight` of the client.
        if (underWay >= 1_000) throw new Error("1000 publishes are under way already");
        underWay++;
        await settle();
        underWay--;
        heard.set(`${gateway}/${lane}`, sequence);
      },
    });
    for (let gateway = 0; gateway < 1_000; gateway++) {
      for (const lane of ["alert", "update", "drift", "prediction"] as const) {
        const envelope = sentEnvelope([event("a")], { gateway: `gw-${gateway}`, lane });
        bench.ingest.accept(`aurora/v1/gateway/gw-${gateway}/up/${lane}`, encodeUplinkEnvelope(envelope));
      }
    }
    await bench.ingest.flush();
    for (let turn = 0; turn < 40; turn++) {
      await settle();
      bench.clock.advance(250);
    }
    expect(heard.size).toBe(4_000);
  });

  it("waits for what another worker stores, also when nothing could be stored for longer than it waits", async () => {
    let works = false;
    const bench = createIngestBench({
      wrapRecord: (record) => ({
        ...record,
        storeEnvelopes: (batch) => (works ? record.storeEnvelopes(batch) : Promise.reject(away)),
      }),
    });
    const send = (firstSequence: number, onSettled?: () => void): void =>
      bench.ingest.accept(
        "aurora/v1/gateway/gw-1/up/update",
        encodeUplinkEnvelope(sentEnvelope([event(`e${firstSequence}`)], { firstSequence })),
        onSettled,
      );
    const pass = async (forMs: number): Promise<void> => {
      for (let passedMs = 0; passedMs < forMs; passedMs += 25) {
        bench.clock.advance(25);
        for (let turn = 0; turn < 4; turn++) await settle();
      }
    };
    let settled = 0;
    send(2, () => settled++);
    await pass(12_000);
    works = true;
    await pass(1_000);
    expect([settled, await names(bench)]).toEqual([0, []]);
    send(1);
    await pass(1_000);
    expect([settled, await names(bench)]).toEqual([1, ["e1", "e2"]]);
    // A hole that nobody fills is left to its gateway.
    send(9, () => settled++);
    await pass(9_000);
    expect(settled).toBe(1);
    await pass(2_000);
    expect([settled, (await names(bench)).length]).toEqual([2, 2]);
  });

  it("keeps the order of what waits for a database, so that nothing of it follows a hole", async () => {
    let works = false;
    const bench = createIngestBench({
      wrapRecord: (record) => ({
        ...record,
        storeEnvelopes: (batch) => (works ? record.storeEnvelopes(batch) : Promise.reject(away)),
      }),
    });
    let settled = 0;
    for (let sequence = 1; sequence <= 60; sequence++) {
      const envelope = sentEnvelope([event(`e${sequence}`)], { firstSequence: sequence });
      bench.ingest.accept(
        "aurora/v1/gateway/gw-1/up/update",
        encodeUplinkEnvelope(envelope),
        () => settled++,
      );
      // Some are tried in vain before the others come.
      if (sequence % 20 === 0) {
        bench.clock.advance(100);
        for (let turn = 0; turn < 4; turn++) await settle();
      }
    }
    works = true;
    for (let turn = 0; turn < 20; turn++) {
      bench.clock.advance(100);
      await settle();
    }
    expect([settled, bench.acks.at(-1)]).toMatchObject([60, { sequence: 60 }]);
    expect(await names(bench)).toEqual(Array.from({ length: 60 }, (_, index) => `e${index + 1}`));
  });

  it("lets of a gateway only so much wait behind a hole that others keep the broker's places", async () => {
    const bench = createIngestBench();
    const settled: string[] = [];
    const send = (gateway: string, firstSequence: number): void => {
      const envelope = sentEnvelope([event(`${gateway} ${firstSequence}`)], { firstSequence, gateway });
      const topic = `aurora/v1/gateway/${gateway}/up/update`;
      bench.ingest.accept(topic, encodeUplinkEnvelope(envelope), () => settled.push(gateway));
    };
    const pass = async (forMs: number): Promise<void> => {
      for (let passedMs = 0; passedMs < forMs; passedMs += 25) {
        bench.clock.advance(25);
        for (let turn = 0; turn < 4; turn++) await settle();
      }
    };
    send("gw-2", 2);
    for (let sequence = 2; sequence <= 101; sequence++) send("gw-1", sequence);
    await pass(1_000);
    expect(settled).toEqual(new Array<string>(68).fill("gw-1"));
    for (const gateway of ["gw-1", "gw-2"]) send(gateway, 1);
    await pass(1_000);
    expect([settled.length, (await names(bench)).length]).toEqual([103, 35]);
    // What has waited and is stored leaves room for the next.
    for (let sequence = 40; sequence < 72; sequence++) send("gw-1", sequence);
    await pass(1_000);
    expect(settled.length).toBe(103);
  });

  it("copies what waits behind a hole out of the memory that it came in, once", async () => {
    const seen = new Set<Uint8Array>();
    const bench = createIngestBench({
      wrapRecord: (record) => ({
        ...record,
        storeEnvelopes: (batch) => {
          for (const { payload } of batch.envelopes) seen.add(payload);
          return record.storeEnvelopes(batch);
        },
      }),
    });
    const envelope = encodeUplinkEnvelope(sentEnvelope([event("e2")], { firstSequence: 2 }));
    const packet = new Uint8Array(60_000);
    packet.set(envelope);
    bench.ingest.accept(
      "aurora/v1/gateway/gw-1/up/update",
      packet.subarray(0, envelope.length),
      () => undefined,
    );
    for (let passedMs = 0; passedMs < 500; passedMs += 25) {
      bench.clock.advance(25);
      for (let turn = 0; turn < 4; turn++) await settle();
    }
    expect([...seen].map(({ buffer }) => buffer.byteLength)).toEqual([60_000, envelope.length]);
  });

  it("looks once more at what waits behind a hole when it is closed, leaves the rest to its gateway and no timer", async () => {
    const other = createIngestBench();
    const bench = createIngestBench({ wrapRecord: () => other.record });
    const settled: string[] = [];
    for (const gateway of ["gw-1", "gw-2"]) {
      bench.ingest.accept(
        `aurora/v1/gateway/${gateway}/up/update`,
        encodeUplinkEnvelope(sentEnvelope([event(`e2 of ${gateway}`)], { firstSequence: 2, gateway })),
        () => settled.push(gateway),
      );
    }
    await bench.ingest.flush();
    expect([settled, bench.clock.pendingTimers]).toEqual([[], 1]);
    await other.take([event("e1 of gw-1")]);
    await bench.ingest.close();
    expect([settled, bench.clock.pendingTimers]).toEqual([["gw-1", "gw-2"], 0]);
    expect(await names(other)).toEqual(["e1 of gw-1", "e2 of gw-1"]);
    expect(bench.acks.findLast(({ gateway }) => gateway === "gw-1")).toMatchObject({ sequence: 2 });
  });

  describe("a message that our own code stumbles over", () => {
    /** Stumbles over gateways whose name begins with gw-bad, and cannot reach its database while `isAway` says so. */
    const createStumblingBench = (isAway = (): boolean => false) => {
      const bench = createIngestBench({
        wrapRecord: (record) => ({
          ...record,
          storeEnvelopes: async (batch) => {
            if (batch.envelopes.some(({ gateway }) => gateway.startsWith("gw-bad"))) {
              throw new TypeError("nobody thought of that");
            }
            if (isAway()) throw away;
            return record.storeEnvelopes(batch);
          },
        }),
      });
      const settled: string[] = [];
      const send = (gateway: string): void => {
        const envelope = sentEnvelope([event(gateway)], { firstSequence: 1, gateway });
        const topic = `aurora/v1/gateway/${gateway}/up/update`;
        bench.ingest.accept(topic, encodeUplinkEnvelope(envelope), () => settled.push(gateway));
      };
      return { bench, settled, send };
    };

    it.for([[["gw-1", "gw-bad", "gw-2"]], [["gw-bad"]], [["gw-bad", "gw-bad-2"]]])(
      "of %j is left to its gateway, its neighbours are stored, and nobody says that nothing can be",
      async ([gateways]) => {
        const { bench, settled, send } = createStumblingBench();
        for (const gateway of gateways!) send(gateway);
        await bench.ingest.flush();
        const good = gateways!.filter((gateway) => !gateway.startsWith("gw-bad"));
        expect(await names(bench)).toEqual(good);
        expect(bench.acks.map(({ gateway }) => gateway)).toEqual(good);
        expect([settled, bench.ingest.unstored]).toEqual([gateways, null]);
        const failed = gateways!.length - good.length;
        expect(await bench.metrics.render()).toContain(`outcome="store-failed"} ${failed}`);
        expect(await countSetAside(bench)).toBe(0);
      },
    );

    it("hides no database that is away", async () => {
      let isAway = true;
      const { bench, settled, send } = createStumblingBench(() => isAway);
      for (const gateway of ["gw-bad", "gw-1"]) send(gateway);
      const pass = async (): Promise<void> => {
        bench.clock.advance(500);
        for (let turn = 0; turn < 8; turn++) await settle();
      };
      await pass();
      expect([settled, bench.ingest.unstored]).toEqual([[], "all"]);
      isAway = false;
      for (let turn = 0; turn < 3; turn++) await pass();
      expect([settled.sort(), bench.ingest.unstored]).toEqual([["gw-1", "gw-bad"], null]);
      expect(await names(bench)).toEqual(["gw-1"]);
    });
  });

  it("goes on after a restart where it was, and does not wait for what a gateway dropped", async () => {
    const path = join(createTemporaryFolder(), "collector.sqlite");
    const first = createIngestBench({ path });
    await first.take([event("a"), event("b")]);
    await first.record.close();
    const second = createIngestBench({ path });
    expect(await second.take([event("a"), event("b"), event("c")])).toMatchObject([{ sequence: 3 }]);
    expect(await second.take([event("x")], { firstSequence: 9, oldestSequence: 2 })).toMatchObject([
      { sequence: 3 },
    ]);
    expect(await second.take([event("x")], { firstSequence: 9, oldestSequence: 9 })).toMatchObject([
      { sequence: 9 },
    ]);
    expect(await names(second)).toEqual(["a", "b", "c", "gap.update", "x"]);
  });

  it("keeps two lives of a gateway's outbox apart", async () => {
    const bench = createIngestBench();
    await bench.take([event("a")]);
    expect(await bench.take([event("b")], { bootId: "new" })).toMatchObject([{ bootId: "new", sequence: 1 }]);
    expect(await names(bench)).toEqual(["a", "b"]);
  });

  it("counts poison, keeps its start, and never lets it block what follows", async () => {
    const bench = createIngestBench();
    const topic = "aurora/v1/gateway/gw-1/up/update";
    for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 255, 255), new Uint8Array(2_000).fill(7)]) {
      bench.ingest.accept(topic, bytes);
    }
    bench.ingest.accept(
      "aurora/v1/gateway/someone-else/up/update",
      encodeUplinkEnvelope(sentEnvelope([event("forged")])),
    );
    expect(await bench.take([event("good")])).toMatchObject([{ sequence: 1 }]);
    expect(await names(bench)).toEqual(["good"]);
    const [set] = (await quarantine(bench)).filter((entry) => entry.reason === "envelope-invalid");
    expect(set).toMatchObject({ topic, messages: 3 });
    expect(set!.sample.length).toBe(256);
    expect((await quarantine(bench)).map((entry) => entry.reason)).toContain("topic-mismatch");
    expect(await countSetAside(bench)).toBe(4);
  });

  it("sets records of an invalid time aside, and takes health as it comes, whatever a clock did", async () => {
    const bench = createIngestBench();
    const timeMs = 9e15;
    const health = (at: number, uptimeMs: number): UplinkRecord => ({
      kind: "health",
      timeMs: at,
      uptimeMs,
      rssBytes: 1,
      windowsProcessed: 1,
      windowsQuarantined: 0,
      windowsDropped: 0,
      quarantined: {},
      outboxRecords: 0,
    });
    const ack = await bench.take([
      event("late", timeMs),
      {
        kind: "update",
        timeMs,
        modelName: "m",
        fromVersion: "",
        toVersion: "",
        step: "proved",
        detail: "",
      },
      { kind: "gap", lane: "raw", records: 1, fromMs: 0, toMs: timeMs },
      health(timeMs, 1),
      health(1_700_003_600_000, 2),
      health(1_700_000_000_000, 3),
      event("good"),
    ]);
    expect(ack).toMatchObject([{ sequence: 7 }]);
    expect(await names(bench)).toEqual(["good"]);
    expect(await countSetAside(bench)).toBe(4);
    expect(await bench.record.gateways()).toMatchObject([{ health: { uptimeMs: 3 } }]);
  });

  it("takes of a gateway that is bound to a site nothing about another", async () => {
    const bench = createIngestBench({ sites: new Map([["gw-1", "elsewhere"]]) });
    const timeMs = 1_700_000_000_000;
    const ack = await bench.take([
      alertRecord(alertEvent("wt-1", "raised", timeMs)),
      predictionBatch("wt-1", timeMs, { rows: 2, stepMs: 1000 }),
      driftReport("wt-1", timeMs, "0".repeat(64), { windows: 5, shift: 0 }),
      event("its own"),
    ]);
    expect(ack).toMatchObject([{ sequence: 4 }]);
    expect(await bench.record.turbines()).toEqual([]);
    expect(await quarantine(bench)).toMatchObject([{ reason: "foreign-site", messages: 3 }]);
    expect(await names(bench)).toEqual(["its own"]);
  });

  it("takes nothing of a gateway that is not enrolled, and does not tell it that it is stored", async () => {
    const sites = { get: (gateway: string) => (gateway === "gw-1" ? null : undefined) };
    const bench = createIngestBench({ sites });
    expect(await bench.take([event("of a stranger")])).toEqual([]);
    expect(await names(bench)).toEqual([]);
    expect(await quarantine(bench)).toMatchObject([{ reason: "not-enrolled", messages: 1 }]);
  });

  it("sets a bad record aside and acknowledges the lane all the same", async () => {
    const bench = createIngestBench();
    const bad = alertEvent("wt-1", "raised", 1_700_000_000_000, { probability: 7 });
    const acks = await bench.take(
      [
        { kind: "alert", id: "x", json: "{" },
        alertRecord(bad),
        alertRecord(alertEvent("../etc", "raised", 1_700_000_000_000)),
        alertRecord(alertEvent("wt-1", "raised", 1_700_000_000_000)),
      ],
      { lane: "alert" },
    );
    expect(acks).toMatchObject([{ lane: "alert", sequence: 4 }]);
    expect((await bench.record.alarms({ limit: 10, offset: 0 })).total).toBe(1);
    const reasons = (await quarantine(bench)).map((entry) => [entry.reason, entry.messages]);
    expect(Object.fromEntries(reasons)).toEqual({ "alert-invalid": 2, "id-invalid": 1 });
  });

  it("sets sketches of other bins aside and leaves the day as it was", async () => {
    const bench = createIngestBench();
    const report = driftReport("wt-1", 1_700_000_000_000, "d", { windows: 50, shift: 0 });
    const other = {
      ...report,
      sketches: report.sketches.map((sketch, index) => (index === 5 ? { ...sketch, counts: [50] } : sketch)),
    };
    const sent = { lane: "drift" } as const;
    await bench.take([report], sent);
    expect(await bench.take([other, report], { ...sent, firstSequence: 2 })).toMatchObject([{ sequence: 3 }]);
    const [day] = await bench.record.driftOfDay({ day: "2023-11-14" });
    expect(day!.reports).toBe(2);
    for (const [index, sketch] of day!.sketches.entries()) {
      expect(sketch.counts).toEqual(report.sketches[index]!.counts.map((count) => 2 * count));
    }
    expect(await quarantine(bench)).toMatchObject([{ reason: "drift-bins", messages: 1 }]);
  });

  it("acknowledges nothing while the disk is full, and goes on when there is room", async () => {
    let full = false;
    const bench = createIngestBench({
      wrapDatabase: (database) => ({
        ...database,
        transaction: (work) =>
          database.transaction(() => {
            const result = work();
            if (full) throw new AuroraError("STORE", "the disk is full", { op: "commit" });
            return result;
          }),
      }),
    });
    full = true;
    expect(await bench.take([event("a")])).toEqual([]);
    expect(await names(bench)).toEqual([]);
    expect(bench.ingest.unstored).toBe("all");
    full = false;
    expect(await bench.take([event("a")])).toMatchObject([{ sequence: 1 }]);
    expect(bench.ingest.unstored).toBeNull();
    expect(await names(bench)).toEqual(["a"]);
  });

  it("has one batch on its way at a time, and acknowledges each when it is stored", async () => {
    const sizes: number[] = [];
    const held: (() => void)[] = [];
    const bench = createIngestBench({
      wrapRecord: (record) => ({
        ...record,
        storeEnvelopes: async (batch): Promise<readonly StoredEnvelope[]> => {
          sizes.push(batch.envelopes.length);
          await new Promise<void>((resolve) => held.push(resolve));
          return record.storeEnvelopes(batch);
        },
      }),
    });
    const topic = "aurora/v1/gateway/gw-1/up/update";
    const send = (firstSequence: number): void => {
      const envelope = sentEnvelope([event(`e${firstSequence}`)], { firstSequence });
      bench.ingest.accept(topic, encodeUplinkEnvelope(envelope));
    };
    send(1);
    bench.clock.advance(20);
    for (let sequence = 2; sequence <= 9; sequence++) send(sequence);
    bench.clock.advance(1_000);
    await settle();
    expect([sizes, bench.acks]).toEqual([[1], []]);
    held.pop()!();
    await settle();
    expect(bench.acks).toMatchObject([{ sequence: 1 }]);
    // What came meanwhile waits a moment for company, as ever.
    expect(sizes).toEqual([1]);
    bench.clock.advance(20);
    const closing = bench.ingest.close();
    send(10);
    await settle();
    expect([sizes, bench.acks.length]).toEqual([[1, 8], 1]);
    held.pop()!();
    await closing;
    expect(bench.acks).toMatchObject([{ sequence: 1 }, { sequence: 9 }]);
    expect(await names(bench)).toEqual(Array.from({ length: 9 }, (_, index) => `e${index + 1}`));
  });

  it("does not wait for ever for a record that does not answer when it is closed", async () => {
    const bench = createIngestBench({
      wrapRecord: (record) => ({ ...record, storeEnvelopes: () => new Promise(() => {}) }),
    });
    bench.ingest.accept("aurora/v1/gateway/gw-1/up/raw", new Uint8Array(10));
    const closing = bench.ingest.close();
    bench.clock.advance(1_000);
    await closing;
    expect(bench.acks).toEqual([]);
  });

  it("counts what is on its way among what waits", async () => {
    const bench = createIngestBench({
      wrapRecord: (record) => ({ ...record, storeEnvelopes: () => new Promise(() => {}) }),
    });
    const topic = "aurora/v1/gateway/gw-1/up/raw";
    bench.ingest.accept(topic, new Uint8Array(60_000));
    bench.clock.advance(20);
    bench.ingest.accept(topic, new Uint8Array(60_000));
    expect(await bench.metrics.render()).toMatch(/uplink_messages_total\{outcome="overload"\} 1/);
  });

  it("drops messages unacknowledged rather than grow without bound", async () => {
    const bench = createIngestBench();
    const bytes = new Uint8Array(30_000);
    for (let index = 0; index < 10; index++) bench.ingest.accept("aurora/v1/gateway/gw-1/up/alert", bytes);
    expect(await bench.metrics.render()).toMatch(/uplink_messages_total\{outcome="overload"\} 7/);
    await bench.ingest.close();
    expect(await countSetAside(bench)).toBe(3);
  });

  it("keeps predictions, health, updates and gaps where they belong", async () => {
    const bench = createIngestBench();
    const endMs = 1_700_000_000_000;
    await bench.take(
      [
        predictionBatch("wt-1", endMs, { rows: 5, stepMs: 1000 }),
        {
          kind: "health",
          timeMs: endMs,
          uptimeMs: 5,
          rssBytes: 1e8,
          windowsProcessed: 9,
          windowsQuarantined: 1,
          windowsDropped: 0,
          quarantined: { gap: 1 },
          outboxRecords: 2,
        },
      ],
      { lane: "prediction" },
    );
    await bench.take([
      { kind: "gap", lane: "prediction", records: 12, fromMs: endMs - 1000, toMs: endMs },
      {
        kind: "update",
        timeMs: endMs,
        modelName: "m",
        fromVersion: "1.0.0",
        toVersion: "1.1.0",
        step: "refused",
        detail: "a digest differs",
      },
    ]);
    const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: endMs, bucketMs: 1 };
    const series = (await bench.record.predictions(range))[0]!;
    expect(series.timesMs).toHaveLength(5);
    expect(series.failureModes).toEqual(["ball", "inner-race", "outer-race"]);
    expect(series.mean[1]!.every((value) => value !== null && value >= 0 && value <= 1)).toBe(true);
    expect((await bench.record.gateways())[0]!.health).toMatchObject({
      rssBytes: 1e8,
      quarantined: { gap: 1 },
    });
    expect(await names(bench)).toEqual(["gap.prediction"]);
    expect((await bench.record.updates({ limit: 1, offset: 0 })).items[0]).toMatchObject({ step: "refused" });
  });
});
