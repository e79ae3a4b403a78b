/** What every engine must do with the list of raw evidence. */
import { describe, expect, it } from "vitest";
import type { EvidenceRecord, OldestEvidenceQuery } from "../../../src/collector/record/evidence-record.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import type { RecordedEvidence } from "../../../src/core/contract/evidence-list.ts";

const t = 1_700_000_000_000;
const all = { limit: 500, offset: 0 };

/** Evidence number `index`, stored a second after the one before it. */
export function evidenceNumber(index: number, changes: Partial<RecordedEvidence> = {}): RecordedEvidence {
  return {
    id: index.toString(16).padStart(64, "0"),
    kind: "alarm",
    gateway: "gw-1",
    site: "north-sea",
    turbine: "wt-1",
    component: "generator-bearing",
    fromMs: t,
    toMs: t + 10_000,
    storedMs: t + 1_000 * index,
    samples: 120_000,
    bytes: 240_500,
    npySha256: "ab".repeat(32),
    model: { name: "bearing-vibration", version: "1.0.0", digest: "cd".repeat(32) },
    said: { verdict: "alarm", failureModes: ["outer-race"], probability: 0.97 },
    alert: `alert-${index}`,
    request: null,
    ...changes,
  };
}

/** Runs the suite over an engine. @param open opens a storage, or an empty one */
export function describeEvidenceRecord<Storage>(
  open: (storage?: Storage) => Promise<FleetRecord>,
  createStorage: () => Storage,
): void {
  describe("raw evidence", () => {
    const idsOf = async (record: EvidenceRecord, query: Partial<Parameters<EvidenceRecord["evidence"]>[0]>) =>
      (await record.evidence({ ...all, ...query })).items.map(({ id }) => Number.parseInt(id, 16));

    it("keeps all that is known of it over a restart, once", async () => {
      const storage = createStorage();
      let record = await open(storage);
      const evidence = evidenceNumber(1, { alert: null, request: "r-1", kind: "request" });
      await record.putEvidence(evidence);
      await record.putEvidence({ ...evidence, bytes: 1 });
      await record.close();
      record = await open(storage);
      expect(await record.evidence(all)).toEqual({ total: 1, items: [evidence] });
      expect(await record.findEvidence(evidence.id)).toEqual(evidence);
      expect(await record.findEvidence("0".repeat(64))).toBeNull();
    });

    it("lists it newest first, in pages, by turbine, component, kind, alert and request", async () => {
      const record = await open();
      for (const index of [1, 2, 3]) await record.putEvidence(evidenceNumber(index));
      await record.putEvidence(evidenceNumber(4, { turbine: "wt-2", kind: "reference", alert: null }));
      await record.putEvidence(
        evidenceNumber(5, { site: "south", component: "gearbox", alert: null, request: "r-5" }),
      );
      expect(await idsOf(record, {})).toEqual([5, 4, 3, 2, 1]);
      expect(await idsOf(record, { limit: 2, offset: 1 })).toEqual([4, 3]);
      expect(await idsOf(record, { site: "north-sea", turbine: "wt-1" })).toEqual([3, 2, 1]);
      expect(await idsOf(record, { kind: "reference" })).toEqual([4]);
      expect(await idsOf(record, { alert: "alert-2" })).toEqual([2]);
      expect(await idsOf(record, { component: "gearbox" })).toEqual([5]);
      expect(await idsOf(record, { request: "r-5" })).toEqual([5]);
      expect(await idsOf(record, { request: "r-5", component: "generator-bearing" })).toEqual([]);
      expect((await record.evidence({ ...all, limit: 1, kind: "alarm" })).total).toBe(4);
    });

    it("lists the ids that begin with given digits", async () => {
      const record = await open();
      const ids = ["ab0", "abf", "aaf", "ac0"].map((digits) => digits.padEnd(64, "0"));
      for (const id of ids) await record.putEvidence(evidenceNumber(1, { id }));
      expect(await record.evidenceIds("ab")).toEqual([ids[0], ids[1]]);
      expect(await record.evidenceIds("ff")).toEqual([]);
    });

    it("says how much there is of each gateway and what of it is oldest, and forgets", async () => {
      const record = await open();
      const oldest = async (query: Partial<OldestEvidenceQuery>) =>
        (await record.oldestEvidence({ limit: 9, ...query })).map(({ id }) => Number.parseInt(id, 16));
      expect([await oldest({}), await record.evidenceShares()]).toEqual([[], []]);
      for (const index of [3, 1, 2]) await record.putEvidence(evidenceNumber(index, { bytes: 100 }));
      await record.putEvidence(evidenceNumber(4, { bytes: 50, gateway: "gw-0", kind: "reference" }));
      expect(await record.evidenceShares()).toEqual([
        { gateway: "gw-0", count: 1, bytes: 50 },
        { gateway: "gw-1", count: 3, bytes: 300 },
      ]);
      expect(await oldest({})).toEqual([1, 2, 3, 4]);
      expect(await oldest({ limit: 2 })).toEqual([1, 2]);
      expect(await oldest({ kind: "reference" })).toEqual([4]);
      expect(await oldest({ gateway: "gw-1", kind: "alarm" })).toEqual([1, 2, 3]);
      expect(await oldest({ gateway: "gw-0", kind: "alarm" })).toEqual([]);
      await record.forgetEvidence([evidenceNumber(1).id, evidenceNumber(2).id, "f".repeat(64)]);
      expect(await idsOf(record, {})).toEqual([4, 3]);
    });
  });
}
