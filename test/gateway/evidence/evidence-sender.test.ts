import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createEvidenceIntake } from "../../../src/collector/evidence/evidence-intake.ts";
import { openFolderStore } from "../../../src/collector/evidence/folder-store.ts";
import { openIncomingFiles } from "../../../src/collector/evidence/incoming-files.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { failed } from "../../../src/core/contract/result.ts";
import type { EvidencePiece } from "../../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { decodeRecord, encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { openByteBudget } from "../../../src/gateway/evidence/byte-budget.ts";
import { createEvidenceSender } from "../../../src/gateway/evidence/evidence-sender.ts";
import { makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { createFakeState } from "../fakes.ts";

const dailyBytes = 20_971_520;

test("a collector without room costs a hundredth of the day's bytes, and gets the samples as soon as it has some", async () => {
  const clock = createManualClock();
  const folder = createTemporaryFolder();
  const record = await openSqliteRecord({ path: join(folder, "c.db"), clock, logger: silentLogger });
  onTestFinished(() => record.close());
  const incoming = await openIncomingFiles({ dir: join(folder, "incoming"), clock });
  let hasRoom = false;
  const intake = createEvidenceIntake({
    incoming: {
      ...incoming,
      begin: async (...given) =>
        hasRoom ? await incoming.begin(...given) : failed("too much evidence is under way"),
    },
    store: await openFolderStore(join(folder, "evidence")),
    record,
    sites: new Map(),
    clock,
    timers: clock,
    logger: silentLogger,
    tell: async (_gateway, receipt) => sender.receive(receipt),
  });
  const made = { ...(await makeEvidence({}, 60_000)), kind: "alarm" as const };
  const kept = new Set([made.id]);
  const pieces: EvidencePiece[] = [];
  let laneBytes = 0;
  let answering = Promise.resolve();
  const budget = openByteBudget({ dailyBytes, state: createFakeState(), clock, logger: silentLogger });
  const sender = createEvidenceSender({
    spool: {
      next: async () => (kept.has(made.id) ? made : null),
      has: (id) => kept.has(id),
      remove: async (id) => void kept.delete(id),
    },
    budget,
    append: (piece) => {
      pieces.push(piece);
      const bytes = encodeRecord(piece);
      laneBytes += bytes.length;
      const sent = decodeRecord(bytes);
      if (sent.kind !== "evidence-piece") throw new Error("it is a piece");
      answering = answering.then(async () => void (await intake.take("gw-1", sent)));
    },
    lane: () => ({ records: 0, pending: 0 }),
    withdraw: () => {},
    laneBytesSent: () => laneBytes,
    acknowledgements: () => pieces.length,
    clock,
    logger: silentLogger,
    onRefused: (_evidence, reason) => expect.unreachable(reason),
    onHeld: (_evidence, reason) => expect.unreachable(reason),
  });
  onTestFinished(() => sender.close());
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 10) {
      sender.tick();
      // The answer is prompt.
      await new Promise((resolve) => setImmediate(resolve));
      await answering;
      clock.advance(10_000);
    }
  };
  await pass(23 * 3_600);
  expect(dailyBytes - budget.left).toBeLessThan(dailyBytes / 100);
  expect(new Set(pieces.slice(1).map(({ bytes }) => bytes.length))).toEqual(new Set([1]));
  hasRoom = true;
  const asked = pieces.length;
  await pass(1_200);
  await until(() => kept.size === 0, "it is stored");
  // What was put off tells nothing of how large the next may be.
  expect(pieces.slice(asked, asked + 2).map(({ bytes }) => bytes.length)).toEqual([1, 8_192]);
  expect(sender.stored).toBe(1);
});

test("what was to be sent again when the day's bytes were used up pauses nothing once its late answer has come", async () => {
  const clock = createManualClock();
  const made = { ...(await makeEvidence({}, 500)), kind: "alarm" as const };
  const kept = new Set([made.id]);
  const pieces: EvidencePiece[] = [];
  const budget = openByteBudget({
    dailyBytes: 65_536,
    state: createFakeState(),
    clock,
    logger: silentLogger,
  });
  // Enough for one attempt.
  budget.charge(65_536 - (made.packed.length + made.about.length + 300));
  const sender = createEvidenceSender({
    spool: {
      next: async () => (kept.has(made.id) ? made : null),
      has: (id) => kept.has(id),
      remove: async (id) => void kept.delete(id),
    },
    budget,
    append: (piece) => void pieces.push(piece),
    lane: () => ({ records: 0, pending: 0 }),
    withdraw: () => {},
    laneBytesSent: () => 0,
    acknowledgements: () => 0,
    clock,
    logger: silentLogger,
    onRefused: (_evidence, reason) => expect.unreachable(reason),
    onHeld: (_evidence, reason) => expect.unreachable(reason),
  });
  onTestFinished(() => sender.close());
  sender.tick();
  await until(() => pieces.length === 1, "it is sent");
  expect(sender.pausedUntilMs).toBeNull();
  clock.advance(30_000);
  sender.tick();
  expect(pieces).toHaveLength(1);
  expect(sender.pausedUntilMs).toBe(budget.renewsMs);
  sender.receive({ type: "receipt", id: made.id, state: "stored", have: made.packed.length, reason: "" });
  await until(() => kept.size === 0, "it is stored");
  expect(sender.pausedUntilMs).toBeNull();
});
