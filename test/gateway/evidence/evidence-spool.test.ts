import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { EvidenceKind } from "../../../src/core/contract/evidence.ts";
import { type Clock, systemClock } from "../../../src/core/platform/clock.ts";
import { openEvidenceSpool } from "../../../src/gateway/evidence/evidence-spool.ts";
import type { MadeEvidence } from "../../../src/gateway/evidence/make-evidence.ts";
import { makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

/** A spool's folder, and what its spools tell. */
function createPlace(dir = createTemporaryFolder()) {
  const faults: unknown[] = [];
  const dropped: string[] = [];
  const reserve = { isHeld: true };
  return {
    reserve,
    dir,
    faults,
    dropped,
    open: (maxBytes = 1e6, clock: Pick<Clock, "nowMs"> = systemClock) =>
      openEvidenceSpool({
        dir,
        maxBytes,
        allowed: ["alarm", "reference"],
        clock,
        reserve,
        onDropped: (_id, kind, reason) => void dropped.push(kind === null ? reason : `${kind}: ${reason}`),
        onFault: (error) => void faults.push(error),
      }),
  };
}

async function make(samples: number, kind: EvidenceKind = "alarm"): Promise<MadeEvidence> {
  const { id, about, packed } = await makeEvidence({ kind }, samples);
  return { id, kind, about, packed: Uint8Array.from(packed) };
}

/** Puts a folder where the file is, which cannot be read then; returns what puts the file back. */
function hideFile(path: string): () => void {
  const bytes = readFileSync(path);
  rmSync(path);
  mkdirSync(path);
  return () => {
    rmdirSync(path);
    writeFileSync(path, bytes);
  };
}

test("a folder that cannot be used is told once, keeps nothing from starting, and is used as soon as it can be", async () => {
  const dir = join(createTemporaryFolder(), "evidence");
  writeFileSync(dir, "no folder");
  const { open, faults } = createPlace(dir);
  const spool = await open();
  const evidence = await make(600);
  await expect(spool.add(evidence)).rejects.toMatchObject({ code: "STORE", subject: dir });
  expect(await spool.next()).toBeNull();
  expect(faults).toEqual([expect.objectContaining({ code: "STORE" })]);
  rmSync(dir);
  await Promise.all([spool.next(), spool.add(evidence)]);
  expect([spool.waiting, spool.bytes]).toEqual([1, evidence.packed.length]);
});

test("a folder that was removed since is made again, and what was in it is given up with its reason", async () => {
  const dir = join(createTemporaryFolder(), "evidence");
  const { open, dropped, faults } = createPlace(dir);
  const spool = await open();
  await spool.add(await make(600));
  rmSync(dir, { recursive: true });
  const later = await make(601);
  expect(await spool.add(later)).toBe(true);
  expect((await spool.next())?.id).toBe(later.id);
  expect([dropped, faults]).toEqual([["alarm: its files are gone or damaged"], []]);
});

test("what has no room is not kept, and says so; what comes at once keeps the bound as well", async () => {
  const { open, dropped } = createPlace();
  const [one, other, reference] = [await make(4_000), await make(4_001), await make(4_002, "reference")];
  const maxBytes = one.packed.length + other.packed.length - 1;
  const spool = await open(maxBytes);
  expect(await spool.add(one)).toBe(true);
  expect(await spool.add(one)).toBe(true);
  expect(await spool.add(reference)).toBe(false);
  await spool.remove(one.id);
  expect(await Promise.all([spool.add(one), spool.add(other)])).toEqual([true, false]);
  expect([spool.bytes, dropped]).toEqual([one.packed.length, []]);
});

test("nothing more is kept while the disk has no room, and what waits stays", async () => {
  const { reserve, open, dropped } = createPlace();
  const spool = await open();
  await spool.add(await make(601));
  reserve.isHeld = false;
  expect(await spool.add(await make(602))).toBe(false);
  expect([spool.waiting, dropped]).toEqual([1, []]);
  reserve.isHeld = true;
  expect(await spool.add(await make(602))).toBe(true);
});

test("what came first by the clock it is given is sent first", async () => {
  const clock = createManualClock();
  const spool = await createPlace().open(1e6, clock);
  const [later, earlier] = [await make(600), await make(601)];
  await spool.add(later);
  clock.jump(-1000);
  await spool.add(earlier);
  expect((await spool.next())?.id).toBe(earlier.id);
});

test("for what has no room whatever goes nothing that waits is given up", async () => {
  const { open, dropped } = createPlace();
  const alarm = await make(4_000);
  const references = [await make(1_000, "reference"), await make(1_001, "reference")];
  const large = await make(8_000);
  const spool = await open(large.packed.length - 1 + alarm.packed.length);
  for (const each of [alarm, ...references]) expect(await spool.add(each)).toBe(true);
  expect(await spool.add(large)).toBe(false);
  expect([spool.waiting, dropped]).toEqual([3, []]);
});

test("what cannot be read for a while is not given up: others are sent, and it is when it can be read", async () => {
  const { dir, open, faults, dropped } = createPlace();
  const spool = await open();
  const [first, second] = [await make(600), await make(601)];
  await spool.add(first);
  await spool.add(second);
  const putBack = hideFile(join(dir, `${first.id}.pack`));
  expect(await spool.next()).toEqual(second);
  await spool.remove(second.id);
  expect(await spool.next()).toBeNull();
  expect(await spool.next()).toBeNull();
  expect([faults.length, spool.waiting]).toEqual([2, 1]);
  putBack();
  expect(await spool.next()).toEqual(first);
  expect(dropped).toEqual([]);
});

test("what cannot be read when the folder is opened is sent when it can be", async () => {
  const { dir, open, faults, dropped } = createPlace();
  const evidence = await make(600);
  await (await open()).add(evidence);
  const putBack = hideFile(join(dir, `${evidence.id}.json`));
  const spool = await open();
  expect([await spool.next(), spool.waiting]).toEqual([null, 1]);
  expect(faults).toEqual([expect.objectContaining({ code: "STORE" })]);
  putBack();
  expect(await spool.next()).toEqual(evidence);
  expect(dropped).toEqual([]);
});

test("what could not be read when the folder was opened ranks by its own kind as soon as it has been read", async () => {
  const { dir, open, dropped } = createPlace();
  const [alarm, reference] = [await make(4_000), await make(4_001, "reference")];
  await (await open()).add(alarm);
  const putBack = hideFile(join(dir, `${alarm.id}.json`));
  const spool = await open(alarm.packed.length + 1);
  putBack();
  expect(await spool.next()).toEqual(alarm);
  expect(await spool.add(reference)).toBe(false);
  await spool.add(await make(600));
  expect([spool.has(alarm.id), dropped]).toEqual([true, []]);
});

test("what is damaged is given up, and half of what was being written when the power went", async () => {
  const { dir, open, faults, dropped } = createPlace();
  const [one, other, half] = [await make(600), await make(601), await make(602)];
  let spool = await open();
  await spool.add(one);
  await spool.add(other);
  writeFileSync(join(dir, `${one.id}.json`), "{}");
  writeFileSync(join(dir, `.${half.id}.pack.1-1.tmp`), "");
  writeFileSync(join(dir, `${half.id}.json`), half.about);
  spool = await open();
  rmSync(join(dir, `${other.id}.pack`));
  expect(await spool.next()).toBeNull();
  // The first one's description does not say any more what it is of.
  const damaged = "its files are gone or damaged";
  expect(dropped.toSorted()).toEqual([`alarm: ${damaged}`, `alarm: ${damaged}`, damaged]);
  expect([readdirSync(dir), faults]).toEqual([[], []]);
});
