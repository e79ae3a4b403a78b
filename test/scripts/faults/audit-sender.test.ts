/** Whether the audit of a sender finds what is lost beside what a damage excuses. */
import { expect, test } from "vitest";
import { auditSender, type SenderClaim } from "../../../scripts/faults/audit-sender.ts";
import { alertId, rowsPerBatch } from "../../../scripts/faults/sender-records.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";

const sender = { name: "hurt", startMs: 1.8e12 };
const older = { alerts: 60, batches: 120 };
const all = { alerts: 70, batches: 140 };

/** A record that holds these alerts and batches of the sender, by their numbers. */
function recordOf(alerts: readonly number[], batches: readonly number[], gaps: readonly object[] = []) {
  const list = (items: readonly unknown[]) => async () => ({ total: items.length, items });
  const times = batches.flatMap((batch) =>
    Array.from({ length: rowsPerBatch }, (_, row) => sender.startMs + (batch * rowsPerBatch + row) * 1_000),
  );
  return {
    events: list(gaps),
    alarms: list(alerts.map((number) => ({ steps: [{ eventId: alertId(sender.name, number) }] }))),
    predictions: async ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) => {
      const timesMs = times.filter((timeMs) => timeMs >= fromMs && timeMs <= toMs);
      return [{ timesMs, windows: timesMs.map(() => 1) }];
    },
  } as unknown as FleetRecord;
}

function count(from: number, until: number): readonly number[] {
  return Array.from({ length: until - from }, (_, index) => from + index);
}

const forgiven: SenderClaim = { ...all, older: { ...older, isForgiven: true, changedRecords: 0 } };
const changed: SenderClaim = { ...all, older: { ...older, isForgiven: false, changedRecords: 64 } };
const newAlerts = count(older.alerts, all.alerts);
const newBatches = count(older.batches, all.batches);

test("what a declared damage took is forgiven, and nothing that was appended after it", async () => {
  const audit = (alerts: readonly number[], batches: readonly number[]) =>
    auditSender(recordOf(alerts, batches), sender, forgiven);
  expect(await audit(newAlerts, newBatches)).toEqual([]);
  expect(await audit(count(0, older.alerts), count(0, older.batches))).toEqual([
    "10 of 70 alerts are lost, the first is 60",
    "100 of 100 rows of hurt-t0 are neither stored nor declared",
  ]);
});

test("bytes that nobody could see changed excuse as many older records together, and none that is newer", async () => {
  const audit = (alerts: readonly number[], batches: readonly number[]) =>
    auditSender(recordOf(alerts, batches), sender, changed);
  expect(await audit(count(40, 70), count(24, 140))).toEqual([]);
  expect(await audit(count(40, 70), count(25, 140))).toEqual([
    "5 of 600 rows of hurt-t0 are neither stored nor declared",
  ]);
  expect(await audit(count(0, 69), count(1, 139))).toEqual([
    "1 of 70 alerts are lost, the first is 69",
    "5 of 100 rows of hurt-t0 are neither stored nor declared",
  ]);
});

test("a gap excuses as many rows as it tells of", async () => {
  const gap = {
    name: "gap.prediction",
    timeMs: sender.startMs + 5_000,
    detail: "2 records of the lane were dropped",
  };
  const audit = (from: number) => auditSender(recordOf(count(0, 70), count(from, 140), [gap]), sender, all);
  expect(await audit(2)).toEqual([]);
  expect(await audit(3)).toEqual(["5 of 700 rows of hurt-t0 are neither stored nor declared"]);
  // One that tells of older records excuses no newer one.
  const record = recordOf(count(0, 70), count(0, 138), [gap]);
  expect(await auditSender(record, sender, forgiven)).toEqual([
    "10 of 100 rows of hurt-t0 are neither stored nor declared",
  ]);
});
