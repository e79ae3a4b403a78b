import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { longestWaitMs } from "../../../src/collector/record/clock-rules.ts";
import { keptLanes, type Lane, lanes } from "../../../src/core/contract/topics.ts";
import type { GapRecord, PredictionBatch, UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { dayMs, hourMs } from "../../../src/core/maths/durations.ts";
import {
  expiryStepMs,
  type LanePolicies,
  lanePolicies,
  sendingOrder,
  sheddingOrder,
} from "../../../src/gateway/record/lane-policy.ts";
import { createOutboxBuffer } from "../../../src/gateway/record/outbox-buffer.ts";
import { fillDisk, mountSmallDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, type OutboxRig, openOutbox } from "./outbox-rig.ts";

const newPath = (): string => join(createTemporaryFolder(), "store.db");
/** A record of about a hundred bytes for each lane that has any. */
const detail = "x".repeat(90);
const event: UplinkRecord = { kind: "event", timeMs: 1, name: "n", subject: "s", detail };
const alert: UplinkRecord = { kind: "alert", id: "a", json: detail };
const batch: PredictionBatch = {
  kind: "prediction-batch",
  site: detail,
  turbine: "t",
  component: "c",
  modelName: "m",
  modelVersion: "1",
  failureModes: [],
  timesMs: [1],
  windows: [1],
  meanProbability: [],
  maxProbability: [],
  shaftRpm: [1],
};

describe("the policy of the lanes", () => {
  const change = (changes: Partial<LanePolicies>): LanePolicies => ({ ...lanePolicies, ...changes });

  it("has every lane, with a priority of its own, and no alert or update makes room", () => {
    expect(Object.keys(lanePolicies).sort()).toEqual([...lanes].sort());
    expect(new Set(lanes.map((lane) => lanePolicies[lane].priority)).size).toBe(lanes.length);
    const kept = { isExpendable: false, timeToLiveMs: null, quotaBytes: null };
    expect([lanePolicies.alert, lanePolicies.update]).toEqual([
      { priority: 1, ...kept },
      { priority: 2, ...kept },
    ]);
  });

  it("keeps the lanes that the contract says are kept, and drops of them last, far above what memory may hold", () => {
    expect(lanes.filter((lane) => !lanePolicies[lane].isExpendable)).toEqual([...keptLanes]);
    const policies = change({ drift: lanePolicies.update, update: lanePolicies.drift });
    const buffer = createOutboxBuffer(1_000, policies);
    const push = (lane: Lane): void =>
      buffer.push({ lane, monotonicMs: 1, span: { fromMs: 1, toMs: 1 }, body: new Uint8Array(1_000) });
    const kept = ["alert", "drift"] as const;
    for (const lane of [...kept, ...kept, ...kept, ...kept, "update"] as const) push(lane);
    expect(buffer.trim()).toEqual([{ lane: "update", records: 1 }]);
    for (const lane of kept) push(lane);
    expect(buffer.trim()).toEqual([{ lane: "drift", records: 2 }]);
    expect(buffer.gaps).toMatchObject([
      { lane: "update", records: 1 },
      { lane: "drift", records: 2, reason: "disk-full" },
    ]);
  });

  it("keeps nothing for longer than a collector believes that it has waited", () => {
    for (const lane of lanes)
      expect((lanePolicies[lane].timeToLiveMs ?? 0) + expiryStepMs).toBeLessThanOrEqual(longestWaitMs);
  });

  it("sends alerts first and drops raw windows first", () => {
    expect(sendingOrder(lanePolicies)).toEqual(["alert", "update", "drift", "prediction", "raw"]);
    expect(sheddingOrder(lanePolicies)).toEqual(["raw", "prediction", "drift"]);
  });

  /** Fills an outbox with as many predictions as events; gives how many of each were dropped. */
  const fill = (policies: LanePolicies): readonly number[] => {
    const { outbox } = openOutbox(newPath(), { policies, maxBytes: 120_000 }, { survives: "crash" });
    for (let count = 0; count < 500; count++) {
      outbox.append(event);
      outbox.append(batch);
      if (count % 5 === 0) outbox.append(alert);
    }
    outbox.flush();
    const dropped = lanes.map((lane) => outbox.counts().lanes[lane].dropped);
    outbox.close();
    return dropped;
  };

  it("is what the outbox drops by", () => {
    const dropping = { isExpendable: true, timeToLiveMs: null, quotaBytes: null } as const;
    const keeping = { isExpendable: false, timeToLiveMs: null, quotaBytes: null } as const;
    const [alerts, updates, , predictions] = fill(change({ prediction: { ...dropping, priority: 4 } }));
    expect([alerts, updates, predictions! > 50]).toEqual([0, 0, true]);
    const kept = fill(
      change({ prediction: { ...keeping, priority: 4 }, update: { ...dropping, priority: 2 } }),
    );
    expect([kept[0], kept[1]! > 50, kept[3]]).toEqual([0, true, 0]);
    const swapped = fill(
      change({ prediction: { ...dropping, priority: 2 }, update: { ...dropping, priority: 4 } }),
    );
    expect(swapped[1]).toBeGreaterThan(swapped[3]!);
  });

  it("drops, and declares, what is over a lane's quota or too old", () => {
    const policies = change({
      prediction: { priority: 4, isExpendable: true, timeToLiveMs: null, quotaBytes: 1000 },
      drift: { priority: 3, isExpendable: true, timeToLiveMs: dayMs, quotaBytes: null },
      alert: { priority: 1, isExpendable: true, timeToLiveMs: 10 * dayMs, quotaBytes: null },
    });
    let isClockConfirmed = false;
    const { clock, outbox } = openOutbox(newPath(), { policies, isClockConfirmed: () => isClockConfirmed });
    for (let count = 0; count < 20; count++) outbox.append(batch);
    outbox.append(alert);
    outbox.flush();
    const { bytes, dropped } = outbox.counts().lanes.prediction;
    expect([bytes <= 1000, bytes > 500, dropped > 5]).toEqual([true, true, true]);
    const gaps = (): readonly UplinkRecord[] =>
      contents(outbox, "update")?.records.filter(({ kind }) => kind === "gap") ?? [];
    const declared = gaps() as readonly GapRecord[];
    expect(declared.reduce((sum, { records }) => sum + records, 0)).toBe(dropped);
    clock.advance(9.9 * dayMs);
    outbox.append(alert);
    expect(outbox.counts().lanes.alert).toMatchObject({ records: 2, dropped: 0 });
    clock.advance(1.2 * dayMs);
    outbox.append(event);
    outbox.flush();
    expect(outbox.counts().lanes.alert).toMatchObject({ records: 2, dropped: 0 });
    isClockConfirmed = true;
    outbox.append(event);
    outbox.flush();
    expect(outbox.counts().lanes.alert).toMatchObject({ records: 1, dropped: 1 });
    expect(contents(outbox, "alert")?.first).toBe(2);
    clock.advance(10 * dayMs);
    outbox.append(event);
    outbox.flush();
    expect(outbox.counts().lanes.alert).toMatchObject({ records: 0, dropped: 2 });
    expect(gaps()).toContainEqual(expect.objectContaining({ lane: "alert", records: 1, reason: "expired" }));
  });

  it("declares one gap a day of what is too old, however many records a day has", () => {
    const keptMs = lanePolicies.prediction.timeToLiveMs!;
    const { clock, outbox } = openOutbox(newPath(), { isClockConfirmed: () => true });
    const days = keptMs / dayMs + 5;
    for (let hour = 0; hour < 24 * days; hour++) {
      clock.advance(dayMs / 24);
      outbox.append({ ...batch, timesMs: [clock.nowMs()] });
      if (hour % 6 === 0) outbox.flush();
    }
    outbox.flush();
    const { records, dropped } = outbox.counts().lanes.prediction;
    expect(records).toBeGreaterThanOrEqual(keptMs / (dayMs / 24));
    const gaps = contents(outbox, "update")!.records as readonly GapRecord[];
    expect(gaps).toHaveLength(4);
    expect(gaps.every(({ lane, reason }) => lane === "prediction" && reason === "expired")).toBe(true);
    expect(gaps.reduce((sum, gap) => sum + gap.records, 0)).toBe(dropped);
    expect(records + dropped).toBe(24 * days);
  });

  describe("goes by a clock that was wrong when a record was written", () => {
    const hourly = (rig: OutboxRig, hours: number): void => {
      for (let hour = 0; hour < hours; hour++) {
        rig.clock.advance(hourMs);
        rig.outbox.append({ ...batch, timesMs: [rig.clock.nowMs()] });
        rig.outbox.flush();
      }
    };
    const predictions = ({ outbox }: OutboxRig) => outbox.counts().lanes.prediction;

    it.each([-120, -19_000])("%i days off: nothing is too old when it is set right", (days) => {
      let isClockConfirmed = false;
      const rig = openOutbox(newPath(), { isClockConfirmed: () => isClockConfirmed });
      rig.clock.jump(days * dayMs);
      hourly(rig, 48);
      rig.outbox.append(batch);
      rig.clock.jump(-days * dayMs);
      isClockConfirmed = true;
      hourly(rig, 1);
      expect(predictions(rig)).toMatchObject({ records: 50, dropped: 0 });
      hourly(rig, 91 * 24);
      expect(predictions(rig)).toMatchObject({ records: 2183, dropped: 51 });
    });

    it("in a run before: nothing of it is too old, until what came after it is", () => {
      const path = newPath();
      const former = openOutbox(path);
      former.clock.jump(-120 * dayMs);
      hourly(former, 48);
      former.outbox.close();
      former.file.close();
      const rig = openOutbox(path, { isClockConfirmed: () => true });
      rig.clock.advance(2 * dayMs);
      hourly(rig, 1);
      expect(predictions(rig)).toMatchObject({ records: 49, dropped: 0 });
      hourly(rig, 92 * 24);
      expect(predictions(rig).dropped).toBeGreaterThan(48);
    });

    it("ages what a run before wrote under a confirmed clock", () => {
      const path = newPath();
      const former = openOutbox(path, { isClockConfirmed: () => true });
      hourly(former, 48);
      former.outbox.close();
      former.file.close();
      const rig = openOutbox(path, { isClockConfirmed: () => true });
      rig.clock.advance(100 * dayMs);
      hourly(rig, 1);
      expect(predictions(rig)).toMatchObject({ records: 1, dropped: 48 });
    });

    it("ages what a run before wrote by the clock that it had in the end", () => {
      const path = newPath();
      const former = openOutbox(path, { isClockConfirmed: () => true });
      former.clock.jump(-120 * dayMs);
      hourly(former, 48);
      former.clock.jump(120 * dayMs);
      hourly(former, 1);
      former.outbox.close();
      former.file.close();
      const rig = openOutbox(path, { isClockConfirmed: () => true });
      rig.clock.advance(3 * dayMs);
      hourly(rig, 1);
      expect(predictions(rig)).toMatchObject({ records: 50, dropped: 0 });
      hourly(rig, 91 * 24);
      const gaps = contents(rig.outbox, "update")!.records as readonly GapRecord[];
      expect(predictions(rig).dropped).toBeGreaterThan(48);
      expect(rig.clock.nowMs() - gaps[0]!.fromMs).toBeLessThan(100 * dayMs);
    });

    it("on a full disk: alerts reach it all the same", ({ skip }) => {
      const disk = mountSmallDisk(16 * 1024);
      if (disk === null) return skip("nobody may mount a disk here");
      const reserve = { reserveBytes: 1024 * 1024 };
      const rig = openOutbox(join(disk, "store.db"), { isClockConfirmed: () => true }, reserve);
      const large = { ...event, detail: "x".repeat(1_500) };
      for (let index = 0; index < 3_000; index++) rig.outbox.append(large);
      rig.outbox.flush();
      rig.file.use((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
      fillDisk(disk);
      rig.clock.jump(120 * dayMs);
      for (let index = 0; index < 5; index++) {
        rig.outbox.append({ kind: "alert", id: `${index}`, json: "x" });
        rig.clock.advance(1_000);
      }
      expect(rig.outbox.counts()).toMatchObject({ pendingRecords: 0, lanes: { alert: { records: 5 } } });
    });

    it("does not age what a run before wrote after its clock was set wrong", () => {
      const path = newPath();
      let isClockConfirmed = true;
      const former = openOutbox(path, { isClockConfirmed: () => isClockConfirmed });
      hourly(former, 24);
      former.clock.jump(-200 * dayMs);
      isClockConfirmed = false;
      hourly(former, 24);
      former.outbox.close();
      former.file.close();
      const rig = openOutbox(path, { isClockConfirmed: () => true });
      rig.clock.advance(2 * dayMs);
      hourly(rig, 1);
      expect(predictions(rig)).toMatchObject({ records: 49, dropped: 0 });
    });
  });
});
