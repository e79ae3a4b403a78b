import { describe, expect, it } from "vitest";
import { publishPeriod } from "../../../src/collector/fleet/publish-period.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { driftVerdict } from "../../core/contract/drift-verdicts.ts";
import { createDriftBench, dayMs, firstDayMs, point } from "../drift-bench.ts";
import { storeVerdicts } from "../store-verdicts.ts";

const names = ["wt-1", "wt-2", "wt-3", "wt-4"];
const moving = { shift: { columns: [0], by: 6 } };

/** A fleet of four that has learnt, assessed until day `days` − 1; `wt-1` moves on the days that are named. */
async function fleetOf(days: number, movesOn: readonly number[]) {
  const bench = createDriftBench();
  for (let day = 0; day < days; day++) {
    for (const name of names) {
      const changes = name === "wt-1" && movesOn.includes(day) ? moving : {};
      await bench.sendDay(point(name), day, changes, `gw-${name}`);
    }
    await bench.runAt(day + 1, 3);
  }
  return bench;
}

describe("a period that is read together", () => {
  it("tells of the point that moved once, with its cause, and when it ended", async () => {
    const bench = await fleetOf(20, [10, 11, 12]);
    const events = await bench.events();
    expect(events.map(({ name, subject }) => [name, subject])).toEqual([
      ["drift.drift", "north-sea/wt-1/generator-bearing"],
      ["drift.ended", "north-sea/wt-1/generator-bearing"],
    ]);
    expect(events[0]!.detail).toMatch(/^2023-11-25; .*feature\.0: mean .* p = /);
    expect(events[1]!.detail).toMatch(/^drift since 2023-11-25T00:00:00\.000Z has ended/);
    const [moved, ...others] = await bench.verdicts(11);
    expect(moved).toMatchObject({ turbine: "wt-1", level: "drift" });
    expect(moved!.cause).toMatchObject({
      kind: expect.stringMatching(/./),
      title: expect.stringMatching(/wt-1/),
    });
    expect(others.map(({ cause }) => cause)).toEqual([null, null, null]);
    const { items } = await bench.record.events({ limit: 9, offset: 0 });
    expect(items.every(({ gateway }) => gateway === "(collector)")).toBe(true);
    expect(await bench.metrics.render()).toContain('aurora_drift_events_total{name="drift.drift"} 1');
  });

  it("waits for the points that are still to come, until the time of grace is over", async () => {
    const bench = await fleetOf(10, []);
    for (const name of names.slice(0, 3)) {
      await bench.sendDay(point(name), 10, name === "wt-1" ? moving : {}, `gw-${name}`);
      await bench.sendDay(point(name), 11, { hours: [0, 1] }, `gw-${name}`);
    }
    expect(await bench.runAt(11, 1)).toEqual({ verdicts: 3, periods: 0, events: 0 });
    expect(await bench.events()).toEqual([]);
    expect(await bench.runAt(11, 2)).toEqual({ verdicts: 0, periods: 1, events: 1 });
    // The last one comes late: the period is read again, and nobody is told twice.
    await bench.sendDay(point("wt-4"), 10, {}, "gw-wt-4");
    expect(await bench.runAt(11, 4.1)).toEqual({ verdicts: 1, periods: 1, events: 0 });
    expect(await bench.events()).toHaveLength(1);
  });

  it("tells nobody of a point that does not survive the budget of so many", async () => {
    const bench = await fleetOf(10, []);
    // As many as make one warning nothing to speak of.
    for (let turbine = 5; turbine < 60; turbine++) {
      await bench.sendDay(point(`wt-${turbine}`), 9, {}, `gw-wt-${turbine}`);
    }
    for (const name of names) {
      await bench.sendDay(
        point(name),
        10,
        name === "wt-1" ? { shift: { columns: [0], by: 2 } } : {},
        `gw-${name}`,
      );
    }
    await bench.runAt(11, 3);
    const [moved] = await bench.verdicts(10);
    expect(["warning", "drift"]).toContain(moved!.level);
    expect(moved!.cause).not.toBeNull();
    expect(await bench.events()).toEqual([]);
  });
});

describe("a period of many points", () => {
  const period = { fromMs: firstDayMs, toMs: firstDayMs + dayMs };

  /** Sixty points that all moved, in a record whose `failing`th part is not written, from 1. */
  async function openMoved(failing: number) {
    const bench = createDriftBench();
    const moved = Array.from({ length: 60 }, (_, index) =>
      driftVerdict({ ...point(`wt-${index}`), ...period, pValue: 1e-9, cause: null }),
    );
    await storeVerdicts(bench.record, moved, bench.nowMs);
    let parts = 0;
    const record: FleetRecord = {
      ...bench.record,
      publishPeriod: async (step) => {
        if (++parts === failing) throw new Error("the disk is full");
        await bench.record.publishPeriod(step);
      },
    };
    const publish = () =>
      publishPeriod(period, {
        record,
        nowMs: bench.nowMs,
        falseShare: 0.1,
        pause: async () => {},
        clock: { monotonicMs: () => 0 },
        logger: silentLogger,
      });
    return { bench, publish, partsOf: () => parts };
  }

  it("is written in parts, and read again as a whole when one of them fails: nobody is told twice", async () => {
    const { bench, publish, partsOf } = await openMoved(2);
    await expect(publish()).rejects.toThrow("disk is full");
    const told = await bench.events();
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(60);
    expect((await publish()).length).toBe(60 - told.length);
    const subjects = (await bench.events()).map(({ subject }) => subject);
    expect(subjects).toHaveLength(60);
    expect(new Set(subjects).size).toBe(60);
    expect(partsOf()).toBe(5);
    expect(await publish()).toEqual([]);
  });
});
