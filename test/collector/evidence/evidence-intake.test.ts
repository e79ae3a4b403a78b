import { randomBytes } from "node:crypto";
import {
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import { parseNpy } from "../../../scripts/parse-npy.ts";
import {
  createEvidenceIntake,
  type EvidenceIntake,
} from "../../../src/collector/evidence/evidence-intake.ts";
import { openFolderStore } from "../../../src/collector/evidence/folder-store.ts";
import { openIncomingFiles } from "../../../src/collector/evidence/incoming-files.ts";
import { keepEvidence } from "../../../src/collector/evidence/keep-evidence.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import type { EvidenceReceipt } from "../../../src/core/contract/evidence.ts";
import type { EvidencePiece } from "../../../src/core/contract/uplink-record.ts";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { describeMade, makeEvidence } from "./make-evidence.ts";

const day = 86_400_000;

interface Place {
  readonly folder: string;
  readonly record: FleetRecord;
  readonly receipts: (EvidenceReceipt & { readonly to: string })[];
  readonly clock: { ms: number };
  /** A new process over the same disk. */
  start(): Promise<EvidenceIntake>;
  keep(bounds: { readonly maxBytes: number; readonly days: number }): Promise<number>;
}

async function createPlace(): Promise<Place> {
  const folder = createTemporaryFolder();
  const clock = { ms: Date.now() };
  const nowMs = (): number => clock.ms;
  const receipts: Place["receipts"] = [];
  const record = await openSqliteRecord({
    path: join(folder, "collector.sqlite"),
    clock: { nowMs },
    logger: silentLogger,
  });
  onTestFinished(() => record.close());
  const open = async () => ({
    store: await openFolderStore(join(folder, "evidence")),
    incoming: await openIncomingFiles({ dir: join(folder, "incoming"), clock: { nowMs } }),
  });
  return {
    folder,
    record,
    receipts,
    clock,
    start: async () =>
      createEvidenceIntake({
        ...(await open()),
        record,
        sites: new Map([
          ["gw-1", "north-sea"],
          ["stranger", null],
        ]),
        clock: { nowMs },
        timers: systemTimers,
        logger: silentLogger,
        tell: async (to, receipt) => void receipts.push({ to, ...receipt }),
      }),
    keep: async (bounds) =>
      keepEvidence({ ...(await open()), record, bounds, clock: { nowMs }, logger: silentLogger }),
  };
}

const listed = async (record: FleetRecord) => record.evidence({ limit: 10, offset: 0 });

it("takes no piece of a gateway that is not enrolled", async () => {
  const place = await createPlace();
  const [piece] = (await makeEvidence()).pieces(60_000);
  const taken = await (await place.start()).take("stranger", piece!);
  expect(taken).toEqual({ ok: false, error: "stranger: it is not an enrolled gateway" });
  expect(readdirSync(join(place.folder, "incoming"))).toEqual([]);
});

it("puts pieces together, over restarts and repetitions, into a file that holds the same samples", async () => {
  const place = await createPlace();
  const evidence = await makeEvidence();
  for (const piece of evidence.pieces(1_000)) {
    const intake = await place.start();
    expect(await intake.take("gw-1", piece)).toEqual({ ok: true, value: null });
    // The acknowledgement was lost.
    expect(await intake.take("gw-1", piece)).toEqual({ ok: true, value: null });
  }
  expect((await listed(place.record)).items).toMatchObject([
    {
      id: evidence.id,
      kind: "alarm",
      gateway: "gw-1",
      turbine: "wt-1",
      alert: "alert-1",
      model: { name: "bearing-vibration", version: "1.0.0" },
      said: { verdict: "alarm", failureModes: ["outer-race"] },
    },
  ]);
  const path = join(place.folder, "evidence", evidence.id.slice(0, 2), evidence.id);
  expect(parseNpy(readFileSync(`${path}.npy`), "npy").data).toEqual(evidence.counts);
  expect(sha256Hex(readFileSync(`${path}.json`))).toBe(evidence.id);
  expect([statSync(`${path}.npy`).mode & 0o777, statSync(join(path, "..")).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
  expect(place.receipts.at(-1)).toMatchObject({ to: "gw-1", id: evidence.id, state: "stored" });
  expect(readdirSync(join(place.folder, "incoming"))).toEqual([]);
});

it("writes the last bytes again, of which a power cut may have left the length alone", async () => {
  const place = await createPlace();
  const evidence = await makeEvidence();
  const intake = await place.start();
  const [first, second, ...rest] = evidence.pieces(1_000);
  await intake.take("gw-1", first!);
  await intake.take("gw-1", second!);
  const part = join(place.folder, "incoming", `${evidence.id}.part`);
  truncateSync(part, 1_000);
  truncateSync(part, 2_000);
  for (const piece of [second!, ...rest]) expect((await intake.take("gw-1", piece)).ok).toBe(true);
  expect((await listed(place.record)).total).toBe(1);
});

it("asks once more for what its own disk has changed, and stores it then", async () => {
  const place = await createPlace();
  const evidence = await makeEvidence();
  const intake = await place.start();
  const pieces = evidence.pieces(1_000);
  for (const piece of pieces.slice(0, -1)) await intake.take("gw-1", piece);
  const part = join(place.folder, "incoming", `${evidence.id}.part`);
  const bytes = readFileSync(part);
  bytes[100]! ^= 1;
  writeFileSync(part, bytes);
  expect((await intake.take("gw-1", pieces.at(-1)!)).ok).toBe(false);
  // Its gateway begins anew, and gives up nothing.
  expect(place.receipts.at(-1)).toMatchObject({ id: evidence.id, state: "partial", have: 0 });
  for (const piece of pieces) expect((await intake.take("gw-1", piece)).ok).toBe(true);
  expect((await listed(place.record)).total).toBe(1);
});

it("refuses what cannot be what it says, names the sender, and lets a neighbour go on", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const good = await makeEvidence();
  const pieces = good.pieces(1_000);
  await intake.take("gw-1", pieces[0]!);

  const refused = async (gateway: string, piece: EvidencePiece): Promise<string> => {
    const taken = await intake.take(gateway, piece);
    return taken.ok ? "taken" : taken.error;
  };
  const first = (about: string, packed: Uint8Array): EvidencePiece =>
    describeMade(about, packed, good.counts).pieces(60_000)[0]!;

  // Out of order, past its end, another's id, never begun.
  expect(await refused("gw-1", pieces[2]!)).toBe("gw-1: a piece at 2000 where 1000 bytes are there");
  expect(place.receipts.at(-1)).toMatchObject({ state: "partial", have: 1_000 });
  expect(await refused("gw-2", pieces[1]!)).toBe("gw-2: another gateway's evidence");
  expect(await refused("gw-2", pieces[0]!)).toBe("gw-2: another gateway's evidence");
  expect(await refused("gw-1", { ...pieces[1]!, bytes: randomBytes(60_000) })).toMatch(
    /^gw-1: 61000 bytes, /,
  );
  expect(await refused("gw-1", { ...pieces[1]!, id: "f".repeat(64) })).toMatch("was not begun");
  // A description that is not that of the id, is none, speaks of another site, or names a path.
  expect(await refused("gw-1", { ...pieces[0]!, id: "e".repeat(64) })).toMatch("not the one of its id");
  expect(await refused("gw-1", first("no JSON", good.packed))).toMatch("not JSON");
  const elsewhere = await makeEvidence({ site: "south" });
  expect(await refused("gw-1", elsewhere.pieces(60_000)[0]!)).toMatch("may only speak of site north-sea");
  const path = await makeEvidence({ turbine: "../../etc" });
  expect(await refused("gw-1", path.pieces(60_000)[0]!)).toMatch("evidence.turbine");
  // Samples that are not those of the digests, or a few bytes that unpack to very many.
  const lie = await makeEvidence({
    packed: { codec: "split-brotli", bytes: good.packed.length, sha256: "a".repeat(64) },
  });
  expect(await refused("gw-1", lie.pieces(60_000)[0]!)).toMatch("not those of its digest");
  const bomb = brotliCompressSync(Buffer.alloc(4 * 1024 * 1024));
  const bombAbout = await makeEvidence({
    packed: { codec: "split-brotli", bytes: bomb.length, sha256: sha256Hex(bomb) },
  });
  expect(await refused("gw-1", first(bombAbout.about, bomb))).toMatch("packed samples");
  const other = await makeEvidence({ npySha256: "a".repeat(64) });
  expect(await refused("gw-1", other.pieces(60_000)[0]!)).toMatch("not that of its digest");
  expect(place.receipts.at(-1)).toMatchObject({ to: "gw-1", id: other.id, state: "refused" });

  expect((await listed(place.record)).total).toBe(0);
  for (const piece of pieces.slice(1)) expect((await intake.take("gw-1", piece)).ok).toBe(true);
  expect((await listed(place.record)).total).toBe(1);
  expect(await refused("gw-2", pieces[0]!)).toBe("gw-2: another gateway's evidence");
});

it("has no more under way of a gateway than a few, and gives up what nobody goes on with", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const begin = async (index: number) =>
    intake.take("gw-1", (await makeEvidence({ request: `r-${index}` })).pieces(100)[0]!);
  const underWay = (): number =>
    readdirSync(join(place.folder, "incoming")).filter((name) => name.endsWith(".part")).length;
  for (let index = 0; index < 9; index++) expect((await begin(index)).ok).toBe(true);
  expect(underWay()).toBe(4);
  place.clock.ms += 8 * day;
  await place.keep({ maxBytes: 1e9, days: 30 });
  expect(underWay()).toBe(0);
});

it("writes into no file that a link leads to", async () => {
  const place = await createPlace();
  const intake = await place.start();
  const evidence = await makeEvidence();
  const victim = join(place.folder, "victim");
  writeFileSync(victim, "mine");
  const [first, second] = evidence.pieces(1_000);
  await intake.take("gw-1", first!);
  const part = join(place.folder, "incoming", `${evidence.id}.part`);
  rmSync(part);
  symlinkSync(victim, part);
  await expect(intake.take("gw-1", { ...second!, offset: 0 })).rejects.toMatchObject({ code: "STORE" });
  expect(readFileSync(victim, "utf8")).toBe("mine");
});
