import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseBundle } from "../../src/core/serving/choose-bundle.ts";
import { openSlots } from "../../src/core/serving/slots.ts";
import { ProofError } from "../../src/gateway/updates/prove-bundle.ts";
import { createTufClient } from "../../src/gateway/updates/tuf-client.ts";
import type { ActiveBundle } from "../../src/gateway/updates/update-look.ts";
import type { LookOutcome } from "../../src/gateway/updates/update-states.ts";
import type { Updater } from "../../src/gateway/updates/updater.ts";
import { sampleContents } from "../core/bundle/sample-bundle.ts";
import { createUpdateFixture, type UpdateFixture } from "../gateway/updates/update-fixture.ts";
import { createMemoryDisk, type Fault, type MemoryDisk, PowerCut } from "../support/memory-disk.ts";

/** A gateway's life between two power cuts. */
interface Life {
  readonly updater: Updater;
  /** Version that served at the start. */
  readonly startedWith: string;
  serving(): ActiveBundle;
  story(): string[];
  events(): readonly string[];
}

let fixture: UpdateFixture;
let stateDir: string;
/** Disks before an update: the first one ever, and one that overwrites a slot which has served. */
let disks: { readonly name: string; readonly disk: MemoryDisk; readonly old: string }[];

beforeAll(async () => {
  fixture = await createUpdateFixture();
  stateDir = join(fixture.base, "state");
  const disk = createMemoryDisk();
  const fresh = disk.copy();
  for (const version of ["1.1.0", "1.2.0"]) {
    await fixture.publish(sampleContents({ version }));
    fixture.clock.pass(60_000);
    const life = await start(disk);
    expect(await life.updater.checkNow()).toMatchObject({ kind: "activated", version });
  }
  await fixture.publish(sampleContents({ version: "1.3.0" }));
  fixture.clock.pass(60_000);
  disks = [
    { name: "the first update", disk: fresh, old: "1.0.0" },
    { name: "an update over a slot that has served", disk, old: "1.2.0" },
  ];
});
afterAll(() => fixture.close());

/**
 * Starts a gateway as the daemon does: what serves is what the disk says. Its proofs succeed, differ (false) or crash
 * (null).
 */
async function start(
  files: MemoryDisk,
  proof: boolean | null = true,
  fails: "to fit" | "to be taken" | "nowhere" = "nowhere",
): Promise<Life> {
  const runtime = { runtimeVersion: "0.1.0" };
  const trustedKeys = [fixture.release.publicKey];
  const shippedDir = join(fixture.base, "shipped");
  const { dir, bundle, refused } = await chooseBundle({ stateDir, shippedDir, trustedKeys, runtime, files });
  expect(refused).toEqual([]);
  const { name, version } = bundle.manifest;
  let serving: ActiveBundle = { name, version, digest: bundle.digest, dir };
  const proved = new Set<string>();
  const { updater, story, events } = await fixture.gateway({
    stateDir,
    files,
    active: () => serving,
    findMisfit: () => (fails === "to fit" ? "it takes samples in m/s2" : null),
    prove: async ({ digest, cases }) => {
      if (proof !== true) throw new ProofError("no", "slot", proof === false);
      proved.add(digest);
      return { formatVersion: 1, ok: true, digest, engine: "test", cases, failed: 0, detail: "fine" };
    },
    onActivate: async (slotDir, next) => {
      expect(proved).toContain(next.digest);
      if (fails === "to be taken") throw new Error("no memory");
      serving = { name, version: next.manifest.version, digest: next.digest, dir: slotDir };
    },
  });
  return { updater, story, events: () => events, startedWith: version, serving: () => serving };
}

/** The update is over: the new bundle serves now and after a restart, and nothing of the way is left. */
async function expectDone(disk: MemoryDisk, life: Life): Promise<void> {
  expect(life.serving().version).toBe("1.3.0");
  expect((await openSlots(stateDir, disk).active())?.digest).toBe(life.serving().digest);
  expect(JSON.parse(disk.text(join(stateDir, "journal.json")))).toEqual({ pending: null, refused: [] });
  expect(await disk.list(join(stateDir, "download"))).toEqual([]);
  expect((await start(disk.copy())).startedWith).toBe("1.3.0");
}

/** Every operation of an undisturbed update from `disk`. */
async function operationsOf(disk: MemoryDisk): Promise<readonly string[]> {
  const whole = disk.copy();
  const life = await start(whole);
  const before = whole.operations.length;
  expect(await life.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.3.0" });
  await expectDone(whole, life);
  return whole.operations.slice(before);
}

/** A life whose update meets `fault` at its operation number `index`. */
async function meet(disk: MemoryDisk, index: number, fault: Fault): Promise<Life> {
  const life = await start(disk);
  disk.breakAt(disk.operations.length + index, fault);
  return life;
}

/** What a gateway knows about the time when it comes up without a network and with its clock in 1970. */
async function earliestMs(files: MemoryDisk): Promise<number> {
  const client = createTufClient({
    dir: join(stateDir, "tuf"),
    files,
    initialRoot: fixture.keys.root,
    metadataUrl: "http://127.0.0.1:1",
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    limits: { stallMs: 100, deadlineMs: 100 },
  });
  await expect(client.refresh()).rejects.toMatchObject({ code: "UPDATE_SOURCE" });
  return client.earliestMs();
}

/** Operations that can be left half done. */
const halves = /^(writeAtomic|makeFolder|remove|append) /;
const changes = /^(writeAtomic|makeFolder|rename|remove|openPart|append|close) /;
const steps = ["fetched", "verified", "staged", "proved", "activated"];

describe("a power cut at any operation", () => {
  it("leaves the old bundle or the new one, and the next look ends where the first would have", async () => {
    let cuts = 0;
    const endings = { old: 0, new: 0 };
    for (const { name, disk, old } of disks) {
      const floorMs = await earliestMs(disk.copy());
      for (const [index, operation] of (await operationsOf(disk)).entries()) {
        // A cut before a read leaves what a cut before the next change leaves.
        if (!changes.test(operation)) continue;
        for (const fault of halves.test(operation) ? (["cut", "torn"] as const) : (["cut"] as const)) {
          const where = `${name}: ${fault} at ${operation}`;
          const broken = disk.copy();
          const first = await meet(broken, index, fault);
          await expect(first.updater.checkNow(), where).rejects.toThrow(PowerCut);
          const after = broken.copy();
          const second = await start(after);
          expect([old, "1.3.0"], where).toContain(second.startedWith);
          expect(await earliestMs(after), where).toBeGreaterThanOrEqual(floorMs);
          const isNew = second.startedWith === "1.3.0";
          const outcome = await second.updater.checkNow();
          expect(outcome.kind, where).toBe(isNew ? "current" : "activated");
          await expectDone(after, second);
          const told = [...first.story(), ...second.story()];
          expect(new Set(told), where).toEqual(new Set(steps.map((step) => `${step} 1.3.0`)));
          cuts += 1;
          endings[isNew ? "new" : "old"] += 1;
        }
      }
    }
    expect(cuts).toBeGreaterThan(120);
    expect(endings.new).toBeGreaterThan(4);
  }, 300_000);
});

describe.each(["to fit", "to be taken"] as const)(
  "a power cut at any operation of an update that fails %s",
  (fails) => {
    /** Looks until 1.3.0 is not tried again, or something else comes of a look. */
    const lookToTheEnd = async (life: Life): Promise<LookOutcome> => {
      for (let look = 0; look < 4; look++) {
        const outcome = await life.updater.checkNow();
        if (outcome.kind !== "refused" || outcome.final || outcome.version !== "1.3.0") return outcome;
      }
      throw new Error("it is tried for ever");
    };

    it("leaves the old bundle serving, at every start, and it is refused in the end", async () => {
      let cuts = 0;
      for (const { name, disk, old } of disks) {
        const whole = disk.copy();
        const life = await start(whole, true, fails);
        const before = whole.operations.length;
        expect(await lookToTheEnd(life)).toMatchObject({ kind: "refused", version: "1.3.0", final: true });
        for (const [index, operation] of whole.operations.slice(before).entries()) {
          if (!changes.test(operation)) continue;
          const where = `${name}: cut at ${operation}`;
          const broken = disk.copy();
          const first = await start(broken, true, fails);
          broken.breakAt(broken.operations.length + index, "cut");
          await expect(lookToTheEnd(first), where).rejects.toThrow(PowerCut);
          const after = broken.copy();
          const second = await start(after, true, fails);
          expect(second.startedWith, where).toBe(old);
          expect((await lookToTheEnd(second)).kind, where).not.toBe("activated");
          expect(second.serving().version, where).toBe(old);
          expect((await start(after.copy())).startedWith, where).toBe(old);
          cuts += 1;
        }
      }
      expect(cuts).toBeGreaterThan(20);
    }, 300_000);
  },
);

describe("a disk that fails at any operation", () => {
  it("stops nothing: the gateway serves on, and the look after it brings the update", async () => {
    let failures = 0;
    for (const { name, disk, old } of disks) {
      for (const [index, operation] of (await operationsOf(disk)).entries()) {
        const where = `${name}: EIO at ${operation}`;
        const failing = disk.copy();
        const life = await meet(failing, index, changes.test(operation) ? "ENOSPC" : "EIO");
        const outcome = await life.updater.checkNow();
        expect(["activated", "refused", "unreachable"], where).toContain(outcome.kind);
        if (outcome.kind === "refused") expect(outcome.final, where).toBe(false);
        expect([old, "1.3.0"], where).toContain(life.serving().version);
        await life.updater.checkNow();
        await expectDone(failing, life);
        failures += 1;
      }
    }
    expect(failures).toBeGreaterThan(150);
  }, 300_000);
});

describe("a journal that cannot be read", () => {
  it.each(["EIO", "EACCES"] as const)(
    "for %s is told and tried again, and nothing is forgotten",
    async (code) => {
      const disk = createMemoryDisk();
      const journal = join(stateDir, "journal.json");
      const refusing = await start(disk, false);
      expect(await refusing.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
      const before = disk.text(journal);
      expect(JSON.parse(before)).toMatchObject({ refused: [{ reason: expect.any(String) }] });
      disk.refuse("read " + journal, code);
      const life = await start(disk);
      for (let look = 0; look < 3; look++) {
        const outcome = await life.updater.checkNow();
        expect(outcome).toMatchObject({ kind: "unreachable", reason: expect.stringContaining(code) });
      }
      expect(life.events()).toEqual([expect.stringMatching(new RegExp(`^update.failed .*${code}`))]);
      expect([disk.text(journal), life.story()]).toEqual([before, []]);
      disk.refuse(null);
      // Still refused: the next best is taken.
      expect(await life.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.2.0" });
    },
  );
});

describe("a damaged journal", () => {
  const journal = (): string => join(stateDir, "journal.json");

  it("is set aside and told once, and the next update has one attempt", async () => {
    const disk = disks[0]!.disk.copy();
    await disk.makeFolder(stateDir);
    await disk.writeAtomic(journal(), '{"pending":nul');
    const life = await start(disk, null);
    expect(await life.updater.checkNow()).toMatchObject({ kind: "refused", version: "1.3.0", final: true });
    expect(life.events()).toEqual([expect.stringMatching(/^update.journal-damaged .*JSON/)]);
    expect(disk.text(`${journal()}.damaged`)).toBe('{"pending":nul');
    expect(await life.updater.checkNow()).toMatchObject({ kind: "refused", version: "1.2.0", final: false });
    expect(life.events()).toHaveLength(1);
  });

  it("is still doubtful after a power cut anywhere in between", async () => {
    for (let index = 0; index < 8; index++) {
      const disk = disks[0]!.disk.copy();
      await disk.makeFolder(stateDir);
      await disk.writeAtomic(journal(), "");
      fixture.reachable(false);
      const life = await meet(disk, index, "cut");
      await life.updater.checkNow().catch(() => undefined);
      fixture.reachable(true);
      const again = await start(disk.copy(), null);
      expect(await again.updater.checkNow(), String(index)).toMatchObject({ version: "1.3.0", final: true });
    }
  });

  it("is larger than any of ours", async () => {
    const disk = disks[0]!.disk.copy();
    await disk.makeFolder(stateDir);
    await disk.writeAtomic(journal(), "x".repeat(300_000));
    const life = await start(disk);
    expect(await life.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.3.0" });
    expect(life.events()).toHaveLength(1);
  });
});
