/** When a gateway says that another start has more than it had to go without. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gatewayState } from "../../src/core/contract/config/state-names.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { openWhole } from "../../src/core/platform/daemon/closing.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { watchUnread } from "../../src/gateway/watch-unread.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/until.ts";
import { createInstallation } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

const lookMs = 600_000;

/** A watch over a store as `now` says it is. */
async function begin() {
  const now = { isUnread: true, isOpen: true, reads: true, isPublished: true, pendingRecords: 0 };
  const fault: { text: string | null } = { text: null };
  const timers = createManualClock();
  const seen = { reads: 0, events: [] as string[], faults: [] as unknown[], reason: "" };
  const given = {
    file: {
      isUnread: () => now.isUnread,
      isOpen: () => now.isOpen,
      canReadAll: async () => {
        seen.reads += 1;
        return now.reads;
      },
    },
    outbox: { flush: () => {}, counts: () => ({ pendingRecords: now.pendingRecords }) as never },
    isPublished: () => now.isPublished,
    findConfigFault: async () => fault.text,
    telemetry: { event: (name: string) => void seen.events.push(name) },
    timers,
    logger: {
      ...silentLogger,
      warn: (_: string, told?: { readonly fault?: unknown }) => void seen.faults.push(told?.fault),
    },
  };
  const watch = (): Promise<() => Promise<void>> =>
    openWhole(silentLogger, async (closers) => {
      void watchUnread(given, closers).then((reason) => {
        seen.reason = reason;
      });
      return closers.closeAll;
    });
  const pass = async (ms: number): Promise<void> => {
    timers.advance(ms);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  const close = await watch();
  onTestFinished(close);
  return { now, fault, timers, seen, pass, close, watch };
}

test("once the store is open and reads, and nothing waits in memory, another start has more, which is said once", async () => {
  const { now, seen, pass, timers } = await begin();
  for (const missing of [{ isOpen: false }, { isPublished: false }, { pendingRecords: 1 }]) {
    Object.assign(now, missing);
    await pass(lookMs);
    expect(seen).toMatchObject({ reads: 0, reason: "" });
    Object.assign(now, { isOpen: true, isPublished: true, pendingRecords: 0 });
  }
  await pass(lookMs);
  expect(seen.reason).toMatch(/another start can take up/);
  expect(seen.events).toEqual(["state.unread", "state.readable"]);
  expect(timers.pendingTimers).toBe(0);
});

test("what comes to wait while the store is read is waited for", async () => {
  const { now, seen, pass } = await begin();
  now.reads = false;
  await pass(lookMs);
  now.reads = true;
  const read = pass(2 * lookMs);
  now.isPublished = false;
  await read;
  expect(seen).toMatchObject({ reads: 2, reason: "" });
});

test("a disk that goes on failing is read ever more seldom, at least once a day", async () => {
  const { now, seen, pass } = await begin();
  now.reads = false;
  for (const [after, reads] of [
    [lookMs, 1],
    [lookMs, 1],
    [lookMs, 2],
    [2 * lookMs, 2],
    [2 * lookMs, 3],
  ] as const) {
    await pass(after);
    expect(seen.reads).toBe(reads);
  }
  for (let hour = 0; hour < 72; hour++) await pass(hourMs);
  const readBy = seen.reads;
  await pass(dayMs);
  expect(seen.reads).toBe(readBy + 1);
});

test("a configuration by which another start would fail is told, and that start is waited with", async () => {
  const { fault, seen, pass } = await begin();
  fault.text = "gateway.yaml:1: no";
  await pass(lookMs);
  expect(seen).toMatchObject({ reads: 0, reason: "", faults: ["gateway.yaml:1: no"] });
  fault.text = null;
  await pass(2 * lookMs);
  expect(seen.reason).not.toBe("");
});

test("where all was taken up, and once the gateway stops, nobody looks", async () => {
  const { now, close, timers, watch } = await begin();
  expect(timers.pendingTimers).toBe(1);
  await close();
  expect(timers.pendingTimers).toBe(0);
  now.isUnread = false;
  await watch();
  expect(timers.pendingTimers).toBe(0);
});

test("a gateway that could not read its state at its start knows once another start has more", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const { bearing } = createTurbine(41, { kind: "outer-race", onsetS: 5 });
  const plan = { id: "WT01", bearing, connect: "mqtt" };
  const begin = async (timers: ManualClock) => {
    const gateway = await installation.startGateway([plan], {}, { ...systemClock, after: timers.after });
    const seen = { reason: "" };
    void gateway.outdated?.then((reason) => {
      seen.reason = reason;
    });
    return { gateway, seen };
  };
  const timers = createManualClock();
  await (await begin(timers)).gateway.close();
  expect(timers.pendingTimers).toBe(0);
  // SQLite opens no database whose log is a folder.
  const log = join(installation.folder, "gateway", `${gatewayState.record}-wal`);
  mkdirSync(join(log, "x"), { recursive: true });
  const { seen } = await begin(timers);
  timers.advance(lookMs);
  rmSync(log, { recursive: true });
  await until(
    () => {
      timers.advance(lookMs);
      return seen.reason !== "";
    },
    "another start has more",
    30_000,
  );
});
