/** Drift that cannot be: what a gateway's wrong clock or another model's bins bring is set aside, and no day suffers from it. */
import { describe, expect, it } from "vitest";
import { createDayReports } from "../../../scripts/drift/fleet-reports.ts";
import type { DriftReport } from "../../../src/core/contract/uplink-record.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { envelopeOf } from "../envelope-of.ts";
import { createIngestBench, sentEnvelope } from "../ingest-bench.ts";
import { smallReference } from "../known-model.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const point = { site: "north-sea", turbine: "wt-1", component: "generator-bearing" };

/** One report of an hour that ends at `toMs`. */
function reportAt(toMs: number, changes: Partial<DriftReport> = {}): DriftReport {
  const fromMs = Math.floor((toMs - hourMs) / hourMs) * hourMs;
  const [report] = createDayReports(smallReference, { point, fromMs: Math.max(0, fromMs), hours: [0, 1] });
  return { ...report!, fromMs: Math.max(0, toMs - hourMs), toMs, ...changes };
}

describe("a gateway's clock", () => {
  it.each([
    ["1970", 5_000, "before all that is kept"],
    ["2038", Date.UTC(2038, 0, 19), "which is to come"],
    ["the largest that JavaScript can say", 8.64e15, "which is to come"],
    ["tomorrow", 1_700_000_000_000 + dayMs, "which is to come"],
    ["before all that may have waited", 1_700_000_000_000 - 402 * dayMs, "before all that is kept"],
  ])("that says %s makes no day of it, and is named", async (_, toMs, why) => {
    const bench = createIngestBench({ driftKeptMs: 90 * dayMs });
    const acks = await bench.take([reportAt(toMs)], { lane: "drift" });
    // Acknowledged: it would be sent again for ever.
    expect(acks).toMatchObject([{ lane: "drift", sequence: 1 }]);
    const { items } = await bench.record.quarantine(10);
    expect(items).toMatchObject([
      { topic: "aurora/v1/gateway/gw-1/up/drift", reason: "drift-clock", messages: 1 },
    ]);
    expect(items[0]!.detail).toMatch(/^gw-1 dates a drift report /);
    expect(items[0]!.detail).toContain(why);
    expect(await bench.metrics.render()).toContain('aurora_uplink_messages_total{outcome="quarantined"} 1');
    expect(await bench.record.driftBacklog()).toEqual({ openPeriods: 0, lateReports: 0 });
    expect(await bench.record.newestDriftDay("2999-01-01")).toBeNull();
  });

  it.each([91, 400])("is not called wrong by a report that is %d days late", async (days) => {
    const bench = createIngestBench({ driftKeptMs: 90 * dayMs });
    await bench.take([reportAt(bench.clock.nowMs() - days * dayMs)], { lane: "drift" });
    const { items } = await bench.record.quarantine(10);
    expect(items).toMatchObject([{ reason: "drift-late", messages: 1 }]);
    expect((await bench.record.events({ limit: 10, offset: 0 })).total).toBe(0);
  });

  it("may be an hour ahead, and late by as much as is kept", async () => {
    const bench = createIngestBench({ driftKeptMs: 90 * dayMs });
    const nowMs = bench.clock.nowMs();
    await bench.take([reportAt(nowMs + hourMs), reportAt(nowMs - 89 * dayMs)], { lane: "drift" });
    expect((await bench.record.quarantine(0)).total).toBe(0);
    expect((await bench.record.driftBacklog()).openPeriods).toBe(2);
  });

  it("is not called wrong by a collector whose own clock has not been set yet", async () => {
    const bench = createIngestBench({ driftKeptMs: 90 * dayMs });
    const report = reportAt(bench.clock.nowMs());
    bench.clock.jump(-bench.clock.nowMs());
    await bench.take([report], { lane: "drift" });
    expect((await bench.record.quarantine(0)).total).toBe(0);
  });

  it("is not called wrong by a collector that knows its own clock to be behind", async () => {
    const bench = createIngestBench({ driftKeptMs: 90 * dayMs });
    const report = reportAt(bench.clock.nowMs() + 3 * hourMs);
    Object.assign(bench.clock, { isBehind: true });
    await bench.take([report], { lane: "drift" });
    expect((await bench.record.quarantine(0)).total).toBe(0);
  });
});

describe("a drift report", () => {
  const bins = smallReference.features.map(({ counts }) => counts.length);

  it("is set aside whose bins are not those of its model, or that has a column too many", async () => {
    const bench = createIngestBench({ driftBinsOf: (digest) => (digest === "d" ? bins : undefined) });
    const report = reportAt(bench.clock.nowMs());
    const coarse = (counts: readonly number[]) => [...counts.slice(2), counts[0]! + counts[1]!];
    const other = report.sketches.map((sketch) => ({ ...sketch, counts: coarse(sketch.counts) }));
    const more = [...report.sketches, { ...report.sketches[0]!, feature: 4 }];
    await bench.take(
      [
        { ...report, sketches: other },
        { ...report, sketches: more },
        { ...report, sketches: other, modelDigest: "not known here" },
        report,
      ],
      { lane: "drift" },
    );
    const { items, messages } = await bench.record.quarantine(10);
    expect(messages).toBe(2);
    expect(items).toMatchObject([{ reason: "drift-bins", messages: 2 }]);
    expect(items[0]!.detail).toBe("16 bins of column 4; the model's reference has no such column");
    expect((await bench.record.driftBacklog()).openPeriods).toBe(2);
  });

  it.each([
    ["an interval of ten years", { fromMs: 1_700_000_000_000 - 3_650 * dayMs }],
    ["an interval that ends before it begins", { fromMs: 1_700_000_000_000 + 60_000 }],
  ])("is set aside or stood in for when it has %s", async (_, changes) => {
    const bench = createIngestBench();
    const report = { ...reportAt(bench.clock.nowMs()), ...changes };
    // No encoder writes it: it comes as an envelope of another one would.
    expect(() => encodeUplinkEnvelope(sentEnvelope([report], { lane: "drift" }))).toThrow(RangeError);
    const envelopes = [envelopeOf([report], { lane: "drift" })];
    const [stored] = await bench.record.storeEnvelopes({ nowMs: 0, envelopes, setAside: [] });
    expect(stored!.records).toMatchObject([{ ok: false, error: { reason: "shape-invalid" } }]);
    expect((await bench.record.driftBacklog()).openPeriods).toBe(0);
  });
});
