import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createEvidenceIntake } from "../../../src/collector/evidence/evidence-intake.ts";
import { openFolderStore } from "../../../src/collector/evidence/folder-store.ts";
import { openIncomingFiles } from "../../../src/collector/evidence/incoming-files.ts";
import { takePieces } from "../../../src/collector/evidence/take-pieces.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import type { EvidenceReceipt } from "../../../src/core/contract/evidence.ts";
import type { EvidencePiece, UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { fillDisk, mountSmallDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createIngestBench, sentEnvelope } from "../ingest-bench.ts";
import { describeMade, type MadeEvidence, makeEvidence } from "./make-evidence.ts";

const sites = new Map([
  ["gw-1", "north-sea"],
  ["gw-2", "south"],
]);

/** A collector's ingest with evidence in `dir`. */
async function createBench(dir = createTemporaryFolder()) {
  const store = await openFolderStore(dir);
  const incoming = await openIncomingFiles({ dir: join(dir, "incoming"), clock: systemClock });
  const receipts: (EvidenceReceipt & { readonly to: string })[] = [];
  const faults: (string | null)[] = [];
  let intake: ReturnType<typeof createEvidenceIntake> | null = null;
  const open = (record: FleetRecord) =>
    createEvidenceIntake({
      incoming,
      store,
      record,
      sites,
      clock: systemClock,
      timers: systemTimers,
      logger: silentLogger,
      tell: async (to, receipt) => void receipts.push({ to, ...receipt }),
    });
  const bench = createIngestBench({
    sites,
    maxPendingBytes: 10_000_000,
    beforeStore: (envelopes) => {
      intake ??= open(bench.record);
      return takePieces(envelopes, {
        intake,
        onTaken: (_gateway, fault) => void faults.push(fault?.message ?? null),
      });
    },
  });
  const next = new Map<string, number>();
  /** Puts a message of the last lane before the collector. */
  const send = (records: readonly UplinkRecord[], gateway = "gw-1"): void => {
    const firstSequence = next.get(gateway) ?? 1;
    next.set(gateway, firstSequence + records.length);
    const envelope = sentEnvelope(records, { gateway, lane: "raw", firstSequence });
    bench.ingest.accept(`aurora/v1/gateway/${gateway}/up/raw`, encodeUplinkEnvelope(envelope));
  };
  const stored = async (): Promise<string[]> =>
    (await bench.record.evidence({ limit: 99, offset: 0 })).items.map(({ id }) => id).sort();
  return { ...bench, dir, send, receipts, faults, stored };
}

const whole = ({ pieces }: MadeEvidence): EvidencePiece => pieces(60_000)[0]!;
const event: UplinkRecord = { kind: "event", timeMs: Date.now(), name: "e", subject: "s", detail: "" };

/** A description of which a part is put in as text, with the id that fits it. */
async function describeAs(change: (about: string) => string): Promise<EvidencePiece> {
  const { about, packed, counts } = await makeEvidence();
  return whole(describeMade(change(about), packed, counts));
}

it("sets each bad piece aside with the name of its sender, and stores those before and after it", async () => {
  const bench = await createBench();
  const [mine, next, theirs] = [
    await makeEvidence({ request: "r-1" }),
    await makeEvidence({ request: "r-2" }),
    await makeEvidence({ gateway: "gw-2", site: "south" }),
  ];
  const [first, second] = mine.pieces(3_000);
  const bad: EvidencePiece[] = [
    { ...whole(next), id: "e".repeat(64) },
    { ...first!, offset: 9_000, about: "" },
    { ...second!, id: "f".repeat(64) },
    { ...second!, bytes: new Uint8Array(65_536) },
    whole(theirs),
    { ...second!, offset: Number.MAX_SAFE_INTEGER },
  ];
  bench.send([first!, ...bad, event, ...mine.pieces(3_000).slice(1), whole(next)]);
  bench.send([whole(theirs)], "gw-2");
  await bench.ingest.flush();

  expect(await bench.stored()).toEqual([mine.id, next.id, theirs.id].sort());
  expect((await bench.record.events({ name: "e", limit: 9, offset: 0 })).total).toBe(1);
  expect(bench.acks.map(({ gateway, sequence }) => [gateway, sequence])).toEqual([
    ["gw-1", bad.length + 2 + mine.pieces(3_000).length],
    ["gw-2", 1],
  ]);
  const { messages, items } = await bench.record.quarantine(9);
  expect(messages).toBe(bad.length);
  expect(items).toMatchObject([
    { topic: "aurora/v1/gateway/gw-1/up/raw", reason: "evidence-refused", messages: bad.length },
  ]);
  expect(items[0]!.detail).toMatch(/^gw-1: /);
  expect(await bench.metrics.render()).toMatch(
    new RegExp(`uplink_refused_total\\{reason="evidence-refused"\\} ${bad.length}\\b`),
  );
});

it("takes overlapping pieces as long as they make the announced bytes, and refuses them for good when they do not", async () => {
  const bench = await createBench();
  const [good, bad] = [await makeEvidence({ request: "r-1" }), await makeEvidence({ request: "r-2" })];
  const overlapping = ({ packed, pieces }: MadeEvidence): EvidencePiece[] =>
    pieces(1_000).map((piece) => ({ ...piece, bytes: packed.slice(piece.offset, piece.offset + 1_700) }));
  bench.send(overlapping(good));
  // What was there is overwritten by something else, also when it is asked for once more.
  for (let time = 0; time < 2; time++) {
    bench.send(
      overlapping(bad).map((piece, index) =>
        index === 1 ? { ...piece, bytes: piece.bytes.fill(7) } : piece,
      ),
    );
  }
  await bench.ingest.flush();
  expect(await bench.stored()).toEqual([good.id]);
  const refusals = bench.receipts.filter(({ state }) => state === "refused");
  expect(refusals.map(({ id }) => id)).toEqual([bad.id]);
});

describe("a hostile description", () => {
  it.each<readonly [string, (about: string) => string]>([
    ["no object", () => "[]"],
    ["nothing", () => "null"],
    ["two thousand arrays in one another", () => "[".repeat(2_000) + "]".repeat(2_000)],
    ["a prototype", (about) => about.replace('"evidence":', '"__proto__":{"evidence":1},"e":')],
    ["a path as its gateway", (about) => about.replace('"gateway":"gw-1"', '"gateway":"../../gw-1"')],
    ["a NUL", (about) => about.replace('"outer-race"', '"outer\\u0000race"')],
    ["a day that is none", (about) => about.replace("2026-06-01T12:00:00.500Z", "2026-02-30T12:00:00Z")],
    [
      "an offset of 99 hours",
      (about) => about.replace("2026-06-01T12:00:00.500Z", "2026-06-01T12:00:00+99:99"),
    ],
    ["a negative size", (about) => about.replace(/"samples":\d+/, '"samples":-1')],
    ["more samples than any capture", (about) => about.replace(/"samples":\d+/, '"samples":480001')],
    ["an infinite scale", (about) => about.replace(/"scale":[\d.e-]+/, '"scale":1e999')],
    ["another version", (about) => about.replace('"version":1', '"version":2')],
    ["another codec", (about) => about.replace("split-brotli", "gzip")],
  ])("%s: is refused by its sender's name, and the next one is stored", async (_, change) => {
    const bench = await createBench();
    const good = await makeEvidence();
    const hostile = await describeAs(change);
    bench.send([hostile, event, whole(good)]);
    await bench.ingest.flush();
    expect(await bench.stored()).toEqual([good.id]);
    expect((await bench.record.events({ name: "e", limit: 9, offset: 0 })).total).toBe(1);
    expect(bench.acks.at(-1)).toMatchObject({ gateway: "gw-1", sequence: 3 });
    expect(bench.ingest.unstored).toBeNull();
    const { total, items } = await bench.record.quarantine(9);
    expect(total).toBe(1);
    expect(items[0]).toMatchObject({ reason: "evidence-refused", detail: expect.stringMatching(/^gw-1: /) });
  });
});

it("on a full disk acknowledges no piece, keeps storing what needs none, and takes it when there is room", async (context) => {
  const disk = mountSmallDisk(1_024);
  if (disk === null) return context.skip("nobody may mount a small disk here");
  const bench = await createBench(join(disk, "evidence"));
  const evidence = await makeEvidence({}, 60_000);
  const pieces = evidence.pieces(30_000);
  bench.send([pieces[0]!]);
  await bench.ingest.flush();
  const empty = fillDisk(disk, 4);
  bench.send([pieces[1]!]);
  bench.send([event], "gw-2");
  await bench.ingest.flush();
  expect(bench.acks.filter(({ gateway }) => gateway === "gw-1").at(-1)).toMatchObject({ sequence: 1 });
  expect(bench.acks.filter(({ gateway }) => gateway === "gw-2").at(-1)).toMatchObject({ sequence: 1 });
  expect((await bench.record.events({ name: "e", limit: 9, offset: 0 })).total).toBe(1);
  expect((await bench.record.quarantine(9)).total).toBe(0);
  expect(bench.faults).toEqual([null, expect.stringContaining("ENOSPC")]);
  empty();
  // The gateway has no answer and sends it again.
  const again = sentEnvelope(pieces.slice(1), { lane: "raw", firstSequence: 2, oldestSequence: 2 });
  bench.ingest.accept("aurora/v1/gateway/gw-1/up/raw", encodeUplinkEnvelope(again));
  await bench.ingest.flush();
  expect(await bench.stored()).toEqual([evidence.id]);
  expect(existsSync(join(disk, "evidence", evidence.id.slice(0, 2), `${evidence.id}.npy`))).toBe(true);
  expect(bench.receipts.at(-1)).toMatchObject({ to: "gw-1", state: "stored" });
  expect(bench.faults.at(-1)).toBeNull();
});
