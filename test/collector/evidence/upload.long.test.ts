import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { openBucketStore } from "../../../src/collector/evidence/bucket-store.ts";
import {
  createEvidenceIntake,
  type EvidenceIntake,
} from "../../../src/collector/evidence/evidence-intake.ts";
import { openIncomingFiles } from "../../../src/collector/evidence/incoming-files.ts";
import { keepEvidence } from "../../../src/collector/evidence/keep-evidence.ts";
import { createEvidenceReader } from "../../../src/collector/evidence/read-evidence.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { keptEvidenceSchema } from "../../../src/core/contract/config/kept-evidence-config.ts";
import type { EvidenceReceipt } from "../../../src/core/contract/evidence.ts";
import { systemClock, systemTimers, type Timers } from "../../../src/core/platform/clock.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { type MadeEvidence, makeEvidence } from "./make-evidence.ts";

const day = 86_400_000;

/** A collector's evidence with a bucket; `start` is a new process over the same disk. */
async function createPlace() {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = createTemporaryFolder();
  const record = await openSqliteRecord({
    path: join(folder, "collector.sqlite"),
    clock: systemClock,
    logger: silentLogger,
  });
  onTestFinished(() => record.close());
  const receipts: (EvidenceReceipt & { readonly to: string })[] = [];
  const config = keptEvidenceSchema().parse({ s3: server.settings });
  // A failure is tried again at once: the test does not wait for it.
  const timers: Timers = { after: (_, callback) => systemTimers.after(5, callback) };
  const incomingDir = join(folder, "incoming");
  const openIncoming = () => openIncomingFiles({ dir: incomingDir, clock: systemClock });
  const openStore = async () => {
    const store = await openBucketStore(config.s3!, { timers: systemTimers, logger: silentLogger });
    onTestFinished(() => store.close());
    return store;
  };
  const start = async (): Promise<EvidenceIntake & { kill(): Promise<void> }> => {
    const store = await openStore();
    const intake = createEvidenceIntake({
      incoming: await openIncoming(),
      store,
      record,
      sites: new Map(),
      clock: systemClock,
      timers,
      logger: silentLogger,
      tell: async (to, receipt) => void receipts.push({ to, ...receipt }),
    });
    const kill = (): Promise<void> => {
      store.close();
      return intake.close();
    };
    onTestFinished(kill);
    return Object.assign(Object.create(intake), { kill });
  };
  const kept = async (): Promise<readonly string[]> =>
    (await record.evidence({ limit: 99, offset: 0 })).items.map(({ id }) => id);
  const underWay = (): string[] => readdirSync(incomingDir);
  return { server, record, receipts, start, openStore, openIncoming, kept, underWay };
}

async function send(intake: EvidenceIntake, { pieces }: MadeEvidence, gateway = "gw-1"): Promise<void> {
  for (const piece of pieces(4_000))
    expect(await intake.take(gateway, piece)).toEqual({ ok: true, value: null });
}

/** Of a bucket's folder: the digests in the names of its files. */
const inBucket = ({ dir }: S3Server): string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .flatMap((name) => /([0-9a-f]{64})\.(?:npy|json)/.exec(name)?.[1] ?? [])
    .sort();

it("puts evidence into the bucket, and says that it is stored when it is", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const evidence = await makeEvidence();
  await send(intake, evidence);
  // All is here, which is not yet stored.
  const { length } = evidence.packed;
  expect(place.receipts.findLast(({ state }) => state === "partial")).toMatchObject({ have: length });
  await until(async () => (await place.kept()).length > 0, "it is stored");
  await until(() => place.receipts.at(-1)?.state === "stored", "its gateway is told");
  expect(place.receipts.at(-1)).toMatchObject({ to: "gw-1", id: evidence.id, have: length });
  expect(place.underWay()).toEqual([]);
  const store = await place.openStore();
  const json = await buffer((await store.open(evidence.id, "json"))!.body);
  expect(sha256Hex(json)).toBe(evidence.id);
  const npy = await buffer((await store.open(evidence.id, "npy"))!.body);
  expect(sha256Hex(npy)).toBe(JSON.parse(String(json)).evidence.npySha256);
});

it("keeps what is whole while the bucket is away, takes more meanwhile, and stores each once when it is back", async () => {
  const place = await createPlace();
  await place.server.kill();
  const intake = await place.start();
  const all = await Promise.all(
    [1, 2, 3].map((index) => makeEvidence({ request: `r-${index}`, gateway: `gw-${index}` })),
  );
  for (const [index, evidence] of all.entries()) await send(intake, evidence, `gw-${index + 1}`);
  await until(() => intake.failures > 3, "it was tried again");
  expect(intake.waiting).toBe(3);
  expect(await place.kept()).toEqual([]);
  expect(place.receipts.filter(({ state }) => state !== "partial")).toEqual([]);
  // Its gateway asks with the last piece, and with none: nothing of it is written or acknowledged as stored.
  const [first] = all;
  const pieces = first!.pieces(4_000);
  const told = place.receipts.length;
  const end = { ...pieces.at(-1)!, offset: first!.packed.length, about: "", bytes: new Uint8Array() };
  expect((await intake.take("gw-1", pieces.at(-1)!)).ok).toBe(true);
  expect((await intake.take("gw-1", end)).ok).toBe(true);
  expect(place.receipts.slice(told)).toMatchObject([{ state: "partial", have: first!.packed.length }]);
  await place.server.start();
  await until(async () => (await place.kept()).length === 3, "all are stored");
  await until(() => intake.waiting === 0, "nothing waits");
  const stored = place.receipts.filter(({ state }) => state === "stored").map(({ id }) => id);
  expect(stored.sort()).toEqual(all.map(({ id }) => id).sort());
  expect(place.underWay()).toEqual([]);
  // Once more it is only told.
  expect((await intake.take("gw-1", end)).ok).toBe(true);
  expect(place.receipts.at(-1)).toMatchObject({ id: first!.id, state: "stored" });
});

it("goes on after a kill with what waited, whoever sends next", async () => {
  const place = await createPlace();
  await place.server.kill();
  const killed = await place.start();
  const waiting = await makeEvidence();
  await send(killed, waiting);
  await until(() => killed.failures > 0, "an attempt failed");
  await killed.kill();
  await place.server.start();
  const intake = await place.start();
  const other = await makeEvidence({ gateway: "gw-2" });
  await intake.take("gw-2", other.pieces(60_000)[0]!);
  await until(async () => (await place.kept()).length === 2, "both are stored");
  expect([...(await place.kept())].sort()).toEqual([waiting.id, other.id].sort());
});

it("is asked by a gateway that was cut off before it heard, and says that it is stored", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const evidence = await makeEvidence();
  await send(intake, evidence);
  await until(async () => (await place.kept()).length > 0, "it is stored");
  await until(() => place.receipts.at(-1)?.state === "stored", "its gateway is told");
  const again = await place.start();
  expect((await again.take("gw-1", evidence.pieces(4_000)[0]!)).ok).toBe(true);
  expect(place.receipts.at(-1)).toMatchObject({ id: evidence.id, state: "stored" });
  expect(place.underWay()).toEqual([]);
});

it("refuses what is not as its digests say before anything is put into the bucket", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const bad = await makeEvidence({ npySha256: "a".repeat(64) });
  const taken = await intake.take("gw-1", bad.pieces(60_000)[0]!);
  expect(taken).toMatchObject({ ok: false, error: expect.stringContaining("not that of its digest") });
  expect(place.receipts.at(-1)).toMatchObject({ id: bad.id, state: "refused" });
  expect(inBucket(place.server)).toEqual([]);
  expect(intake.waiting).toBe(0);
});

it("removes from the bucket what is too old, from its record only then", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const all = await Promise.all([1, 2].map((index) => makeEvidence({ request: `r-${index}` })));
  for (const evidence of all) await send(intake, evidence);
  await until(async () => (await place.kept()).length === 2, "both are stored");
  expect(new Set(inBucket(place.server))).toEqual(new Set(all.map(({ id }) => id)));
  const keep = async (): Promise<number> =>
    keepEvidence({
      record: place.record,
      store: await place.openStore(),
      incoming: await place.openIncoming(),
      bounds: { maxBytes: 1e9, days: 1 },
      clock: { nowMs: () => Date.now() + 2 * day },
      logger: silentLogger,
    });
  await place.server.kill();
  await expect(keep()).rejects.toMatchObject({ code: "STORE" });
  expect(await place.kept()).toHaveLength(2);
  await place.server.start();
  expect(await keep()).toBe(2);
  expect(await place.kept()).toEqual([]);
  expect(inBucket(place.server)).toEqual([]);
});

it("gives out a file whole or not at all: one that was changed in the bucket is damaged", async () => {
  const place = await createPlace();
  const intake = await place.start();
  // More than one piece of a stream.
  const evidence = await makeEvidence({}, 200_000);
  await send(intake, evidence);
  await until(async () => (await place.kept()).length > 0, "it is stored");
  const reader = createEvidenceReader({
    store: await place.openStore(),
    record: place.record,
    clock: systemClock,
    logger: silentLogger,
  });
  const read = async (kind: "npy" | "json"): Promise<Buffer> => {
    const file = await reader.read(evidence.id, kind);
    if (!Buffer.isBuffer(file)) throw new Error(String(file));
    return file;
  };
  const npy = await read("npy");
  expect(sha256Hex(npy)).toBe(JSON.parse(evidence.about).evidence.npySha256);
  expect(String(await read("json"))).toBe(evidence.about);
  const store = await place.openStore();
  npy[npy.length - 1]! ^= 1;
  await store.put(evidence.id, "npy", npy);
  await expect(read("npy")).rejects.toThrow("damaged");
  await store.put(evidence.id, "npy", npy.subarray(0, 100));
  await expect(read("npy")).rejects.toThrow("damaged");
  const told = await place.record.events({ limit: 9, offset: 0 });
  expect(told.items).toMatchObject([
    { name: "evidence-damaged", detail: expect.stringContaining(evidence.id) },
  ]);
  await store.remove(evidence.id);
  await expect(read("npy")).rejects.toThrow("missing");
  // Nobody knows of it: it is not given out.
  await place.record.forgetEvidence([evidence.id]);
  expect(await reader.read(evidence.id, "json")).toBeNull();
});
