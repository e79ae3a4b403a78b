import { describe, expect, it } from "vitest";
import type { NormalBehaviourSpec } from "../../../../src/core/contract/bundle/normal-behaviour.ts";
import {
  createResidualMonitor,
  reliveResiduals,
} from "../../../../src/core/decision/normal-behaviour/residual-monitor.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";

const phase = (channel: string) => ({
  channel,
  component: "transformer",
  siblings: "phases",
  location: 0,
  scale: 1,
});
const spec: Pick<NormalBehaviourSpec, "residuals" | "statistics" | "guard"> = {
  residuals: [
    { channel: "oil", component: "gearbox", siblings: null, location: 0, scale: 1 },
    phase("phase-1"),
    phase("phase-2"),
    phase("phase-3"),
  ],
  statistics: {
    minRowsPerDay: 20,
    historyDays: 100,
    gapDays: 10,
    minHistoryDays: 20,
    relearnDays: 30,
    excludeDays: 30,
    minScale: 0.3,
    clip: 8,
    ewmaDays: 7,
  },
  guard: { frozenRows: 3, fall: 15, siblingsWithin: 5, beforeDays: 7 },
};

/** Runs `days` days; `medians` gives each day's. */
function run(
  days: number,
  medians: (day: number) => number[],
  monitor = createResidualMonitor(spec),
  from = 0,
) {
  let last = monitor.update(from, medians(from));
  for (let day = from + 1; day < days; day++) last = monitor.update(day, medians(day));
  return last;
}

describe("the residual monitor", () => {
  const noise = (): ((day: number) => number[]) => {
    const random = createRandom(7);
    return () => [random.normal(), random.normal(), random.normal(), random.normal()];
  };

  it("knows nothing before it has seen enough days, and then that nothing is wrong", () => {
    expect([...run(25, noise()).scores].every(Number.isNaN)).toBe(true);
    const later = run(90, noise());
    expect(Math.max(...later.scores)).toBeLessThan(1.5);
    expect(later.sensorFaults).toEqual([]);
  });

  it("sees a component that grows warm, and no other", () => {
    const healthy = noise();
    const day = run(120, (at) => {
      const row = healthy(at);
      if (at >= 100) row[0]! += 5;
      return row;
    });
    expect(day.scores[0]).toBeGreaterThan(3);
    expect(day.scores[1]).toBeLessThan(1.5);
  });

  it("takes one phase that falls by 20 K for the sensor, and scores the component by the others", () => {
    const healthy = noise();
    const day = run(120, (at) => {
      const row = healthy(at);
      if (at >= 100) row[3]! -= 20;
      return row;
    });
    expect(day.sensorFaults).toEqual([3]);
    expect(day.scores[1]).toBeLessThan(1.5);
    // Later the sensor is measured against its own new level.
    const settled = run(140, (at) => {
      const row = healthy(at);
      if (at >= 100) row[3]! -= 20;
      return row;
    });
    expect(settled.sensorFaults).toEqual([]);
    expect(settled.scores[1]).toBeLessThan(2);
  });

  it("takes a component back to its new normal after a repair", () => {
    const healthy = noise();
    const shifted = (at: number): number[] => {
      const row = healthy(at);
      if (at >= 100) row[0]! += 5;
      return row;
    };
    const monitor = createResidualMonitor(spec);
    run(100, shifted, monitor);
    monitor.repaired("gearbox", 100);
    expect(run(140, shifted, monitor, 100).scores[0]).toBeLessThan(1.5);
    expect(run(140, shifted).scores[0]).toBeGreaterThan(1.5);
  });

  const commissioned = {
    ...spec,
    statistics: { ...spec.statistics, reference: "commissioning" as const },
  };

  it("keeps what creeps in over months in sight when it measures against commissioning", () => {
    const healthy = noise();
    const creeping = (at: number): number[] => {
      const row = healthy(at);
      if (at >= 100) row[0]! += (at - 100) * 0.02;
      return row;
    };
    const fixed = run(300, creeping, createResidualMonitor(commissioned)).scores[0]!;
    // 4 K above a commissioning whose days differ by 1 K; its own past has come along.
    expect(fixed).toBeGreaterThan(3);
    expect(fixed).toBeGreaterThan(1.5 * run(300, creeping).scores[0]!);
  });

  it("keeps the reference of commissioning over a repair and a restart, and begins it anew after a sensor's step", () => {
    const healthy = noise();
    const stepped = (at: number): number[] => {
      const row = healthy(at);
      if (at >= 150) row[3]! -= 20;
      return row;
    };
    const monitor = createResidualMonitor(commissioned);
    run(120, stepped, monitor);
    monitor.repaired("gearbox", 120);
    const kept = monitor.snapshot();
    expect(kept.reference?.every((each) => each !== null && Math.abs(each.scale - 1) < 0.25)).toBe(true);
    const again = createResidualMonitor(commissioned, JSON.parse(JSON.stringify(kept)));
    const rows = Array.from({ length: 80 }, (_, day) => stepped(120 + day));
    for (const [day, row] of rows.entries()) {
      expect(again.update(120 + day, row)).toEqual(monitor.update(120 + day, row));
    }
    const after = monitor.snapshot().reference;
    expect(after?.slice(0, 3)).toEqual(kept.reference?.slice(0, 3));
    expect(after?.[3]).toBeNull();
    expect(monitor.update(200, stepped(200)).scores[1]).toBeLessThan(2.5);
  });

  it.each([
    ["its own past", spec, 118],
    ["commissioning, which lasts", commissioned, 98],
  ])("lives through its days anew with another logbook, against %s", (_, own, length) => {
    const healthy = noise();
    const rows = Array.from({ length }, (__, day) => {
      const row = healthy(day);
      if (day >= 60) row[0]! += 5;
      if (day >= 40) row[3]! -= 20;
      return day % 17 === 5 ? row.map(() => Number.NaN) : row;
    });
    const repairAt = (day: number) => [{ component: "gearbox", day }];
    const told = (repairDay: number) => {
      const monitor = createResidualMonitor(own);
      for (const [at, row] of rows.entries()) {
        if (at === repairDay + 1) monitor.repaired("gearbox", 1000 + repairDay);
        monitor.update(1000 + at, row);
      }
      return JSON.parse(JSON.stringify(monitor.snapshot()));
    };
    const never = told(Number.NaN);
    expect(told(70).z).not.toEqual(never.z);
    expect(reliveResiduals(own, told(70), [])).toEqual(never);
    expect(reliveResiduals(own, told(40), [...repairAt(1070), ...repairAt(1400)])).toEqual(told(70));
  });

  it("keeps a reference of commissioning that is over, whose days are gone", () => {
    const healthy = noise();
    const monitor = createResidualMonitor(commissioned);
    run(400, (at) => healthy(at).map((value) => value + (at >= 300 ? 4 : 0)), monitor);
    monitor.repaired("gearbox", 390);
    const kept = monitor.snapshot();
    const anew = reliveResiduals(commissioned, kept, []);
    expect([anew.reference, anew.repairs]).toEqual([kept.reference, []]);
    expect(anew.z[0]).toBeCloseTo(kept.z[0]!, 3);
  });

  it("gives the same after a restart from its snapshot, and refuses days out of order", () => {
    const random = createRandom(3);
    const rows = Array.from({ length: 80 }, (_, day) =>
      spec.residuals.map(() => (day % 9 === 4 ? Number.NaN : random.normal())),
    );
    const whole = createResidualMonitor(spec);
    const first = createResidualMonitor(spec);
    for (let day = 0; day < 50; day++) {
      whole.update(day, rows[day]!);
      first.update(day, rows[day]!);
    }
    const again = createResidualMonitor(spec, JSON.parse(JSON.stringify(first.snapshot())));
    for (let day = 50; day < 80; day++) {
      expect(again.update(day, rows[day]!)).toEqual(whole.update(day, rows[day]!));
    }
    expect(() => again.update(79, rows[0]!)).toThrow(RangeError);
  });
});
