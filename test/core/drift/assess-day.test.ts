import { describe, expect, it } from "vitest";
import { createColumnsTask, createRows, summariseRows } from "../../../scripts/drift/correlated-days.ts";
import type { DriftLoad } from "../../../src/core/contract/drift-verdict.ts";
import { assessDay, type DayVerdict } from "../../../src/core/drift/assess-day.ts";
import type { DaySummary } from "../../../src/core/drift/day-summary.ts";
import type { DriftTask } from "../../../src/core/drift/drift-task.ts";
import { createDriftTask } from "../../../src/core/drift/drift-task.ts";
import { describeMove, describeValues } from "../../../src/core/drift/drift-words.ts";
import {
  beginSiteReference,
  carryColumns,
  type SiteReference,
  siteReferenceSchema,
} from "../../../src/core/drift/site-reference.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const task = createColumnsTask(3, 14);

/** A point that has learnt `days` days, its next day's number, and its rows. */
function learn(days: number, seed = 1) {
  const next = createRows(createRandom(seed), { columns: 3, rho: 0.5, common: 0 });
  const verdicts: DayVerdict[] = [];
  let reference = beginSiteReference();
  for (let day = 0; day < days; day++) {
    const assessed = assessDay(task, reference, summariseRows(task, day, { next })!);
    reference = assessed.reference;
    verdicts.push(assessed.verdict);
  }
  return { reference, verdicts, next };
}

const moved =
  (next: (row: Float64Array) => void, change: (row: Float64Array) => void) => (row: Float64Array) => {
    next(row);
    change(row);
  };

/** A day that was heard at one load. */
function atLoad(day: DaySummary, load: DriftLoad | null): DaySummary {
  const features = day.features.map(({ sketch, cells }) => ({
    sketch,
    cells: cells.map((cell) => ({ ...cell, load })),
  }));
  return { ...day, features };
}

describe("assessing a day", () => {
  it("learns first, and then finds ordinary days stable", () => {
    const { verdicts, reference } = learn(20);
    expect(verdicts.map(({ level }) => level)).toEqual([
      ...new Array<string>(14).fill("learning"),
      ...new Array<string>(6).fill("stable"),
    ]);
    expect(verdicts[3]!.reason).toMatch(/of 14 days/);
    expect(verdicts[19]).toMatchObject({ reason: null, rows: 144, shifts: [], distances: [] });
    expect(siteReferenceSchema().parse(JSON.parse(JSON.stringify(reference)))).toEqual(reference);
  });

  it("never learns the day on which a drift began, though nothing was to be seen of it yet", () => {
    let { reference, next } = learn(20);
    const levels: string[] = [];
    for (let day = 20; day < 26; day++) {
      const by = day === 20 ? 0.15 : 1.5;
      const shifted = moved(next, (row) => {
        row[1]! += by;
      });
      const assessed = assessDay(task, reference, summariseRows(task, day, { next: shifted })!);
      reference = assessed.reference;
      levels.push(assessed.verdict.level);
    }
    expect(levels).toEqual(["stable", ...new Array<string>(5).fill("drift")]);
    for (const { days } of reference.columns) expect(days.at(-1)![0]).toBeLessThan(20);
  });

  it("tells what moved, which way, how far and since when", () => {
    const { reference, next } = learn(20);
    const shifted = moved(next, (row) => {
      row[1]! -= 1.5;
    });
    const first = assessDay(task, reference, summariseRows(task, 20, { next: shifted })!);
    const second = assessDay(task, first.reference, summariseRows(task, 21, { next: shifted })!);
    expect(second.verdict.level).toBe("drift");
    const [shift] = second.verdict.shifts;
    expect(shift).toMatchObject({ feature: 1, name: "column.1", role: "feature", aspect: "mean" });
    expect(shift!.shift).toBeGreaterThan(-2);
    expect(shift!.shift).toBeLessThan(-1);
    expect(shift!.current - shift!.reference).toBeCloseTo(shift!.shift, 9);
    expect(shift!.sinceMs).toBe(20 * dayMs);
    const [distance] = second.verdict.distances;
    expect(distance!.wasserstein.value).toBeGreaterThan(1);
    expect(distance!.psi.low).toBeLessThan(distance!.psi.value);
    expect(distance!.psi.high).toBeGreaterThan(distance!.psi.value);
  });

  it("does not take a day that drifted into the reference", () => {
    const { next, ...learnt } = learn(20);
    let { reference } = learnt;
    const days = reference.columns[1]!.days.length;
    for (let day = 20; day < 30; day++) {
      const shifted = moved(next, (row) => {
        row[1]! += 2;
      });
      const assessed = assessDay(task, reference, summariseRows(task, day, { next: shifted })!);
      expect(assessed.verdict.level).toBe("drift");
      reference = assessed.reference;
    }
    expect(reference.columns[1]!.days.length).toBe(days);
  });

  /** Runs days of which some lie off by `by`; what is said of each, and the reference afterwards. */
  const live = (learnt: ReturnType<typeof learn>, days: readonly number[]) => {
    let { reference } = learnt;
    const levels = days.map((by, index) => {
      const shifted = moved(learnt.next, (row) => {
        row[1]! += by;
      });
      const assessed = assessDay(task, reference, summariseRows(task, 20 + index, { next: shifted })!);
      reference = assessed.reference;
      return assessed.verdict.level;
    });
    return { levels, reference };
  };

  it("learns a spell once the machine is as before by itself, so that the next one is no news", () => {
    const calm = new Array<number>(6).fill(0);
    const learnt = learn(20);
    const once = live(learnt, [2, ...calm]);
    expect(once.levels[0]).toBe("drift");
    const [spell] = once.reference.columns[1]!.days.filter(([period]) => period === 20);
    const others = once.reference.columns[1]!.days.filter(([period]) => period !== 20);
    // As far off as four standard deviations, and not as far as it was.
    expect(spell![3]).toBeLessThan(1);
    expect(spell![3]).toBeGreaterThan(Math.max(...others.map(([, , , level]) => level)));
    expect(once.reference.columns[1]!.spell).toEqual([]);
    const next = summariseRows(task, 27, {
      next: moved(learnt.next, (row) => {
        row[1]! += 1;
      }),
    })!;
    const ignorant = live(learn(20), [0, ...calm]).reference;
    expect(assessDay(task, ignorant, next).verdict.level).toBe("drift");
    expect(assessDay(task, once.reference, next).verdict.level).not.toBe("drift");
  });

  it("tells what one day had of itself once, and not as a third of it for two days more", () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { levels } = live(learn(20, seed), [2, 0, 0, 0]);
      expect(levels, `seed ${seed}`).toEqual(["drift", "stable", "stable", "stable"]);
    }
  });

  it("tells three days together on, where two of them show it without the furthest", () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { levels } = live(learn(20, seed), [2, 0.5, 0.5, 0.5, 0.5]);
      expect(levels.slice(0, 1), `seed ${seed}`).toEqual(["drift"]);
      expect(levels.slice(2), `seed ${seed}`).not.toContain("stable");
    }
  });

  it("learns what is usual at loads that it never heard, and compares days there and at the old ones", () => {
    const { next, ...learnt } = learn(20);
    let { reference } = learnt;
    const live = (day: number, load: DriftLoad | null, by = 0): DayVerdict => {
      const shifted = moved(next, (row) => {
        row[1]! += by;
      });
      const assessed = assessDay(task, reference, atLoad(summariseRows(task, day, { next: shifted })!, load));
      reference = assessed.reference;
      const written = JSON.stringify(reference);
      expect(JSON.stringify(siteReferenceSchema().parse(JSON.parse(written)))).toBe(written);
      return assessed.verdict;
    };
    // Nobody told the power before; the machine is louder where it is told now, by more than any drift.
    const told = { by: "power", band: 21 } as const;
    const first = Array.from({ length: 14 }, (_, day) => live(20 + day, told, 5));
    expect(new Set(first.map(({ level }) => level))).toEqual(new Set(["insufficient"]));
    expect(first[13]!.reason).toContain("at loads not heard before, of which 13 of 14 days are known");
    expect([34, 35, 36].map((day) => live(day, told, 5).level)).toEqual(["stable", "stable", "stable"]);
    expect([37, 38].map((day) => live(day, null).level)).toEqual(["stable", "stable"]);
    expect(live(39, told, 3.5)).toMatchObject({ level: "drift", shifts: [{ name: "column.1" }] });
    for (const { days } of reference.columns) {
      expect(days.map(([period]) => period)).toEqual(Array.from({ length: 37 }, (_, period) => period));
    }
  });

  it("goes on with a reference of before, which knew of no spells", () => {
    const { reference, next } = learn(20);
    const before = reference.columns.map(({ spell: _, ...column }) => column);
    const read = siteReferenceSchema().parse(JSON.parse(JSON.stringify({ ...reference, columns: before })));
    expect(read).toEqual(reference);
    expect(assessDay(task, read, summariseRows(task, 20, { next })!).verdict.level).toBe("stable");
  });

  it("does not learn more than a week that was off, and of a spell one day in ten that are known", () => {
    const off = (days: number): number[] => new Array<number>(days).fill(2);
    const periodsOf = ({ reference }: ReturnType<typeof live>): number[] =>
      reference.columns[1]!.days.map(([period]) => period).filter((period) => period >= 20);
    expect(periodsOf(live(learn(20), [...off(9), 0, 0, 0, 0, 0, 0])).every((period) => period >= 29)).toBe(
      true,
    );
    const { reference } = live(learn(20), off(5));
    expect(siteReferenceSchema().parse(JSON.parse(JSON.stringify(reference)))).toEqual(reference);
    const learnt = periodsOf(live(learn(20), [...off(5), 0, 0, 0, 0, 0, 0])).filter((period) => period < 25);
    expect(learnt.length).toBeGreaterThan(0);
    expect(learnt.length).toBeLessThanOrEqual(2);
  });

  it("sees a channel that makes more noise, one that stands still and one that is lost", () => {
    const { reference, next } = learn(20);
    const aspectOf = (change: (row: Float64Array) => void): string | undefined => {
      const day = summariseRows(task, 20, { next: moved(next, change) })!;
      const { verdict } = assessDay(task, reference, day);
      expect(verdict.level).toBe("drift");
      expect(verdict.shifts[0]!.feature).toBe(2);
      return verdict.shifts[0]!.aspect;
    };
    expect(
      aspectOf((row) => {
        row[2]! *= 2;
      }),
    ).toBe("spread");
    expect(
      aspectOf((row) => {
        row[2] = 0.25;
      }),
    ).toBe("stuck");
    const day = summariseRows(task, 20, { next })!;
    const lost: DaySummary = {
      ...day,
      features: day.features.map(({ sketch, cells }) =>
        sketch.feature === 2
          ? { sketch: { ...sketch, counts: sketch.counts.map(() => 0), invalid: 144 }, cells: [] }
          : { sketch, cells },
      ),
    };
    const { verdict } = assessDay(task, reference, lost);
    expect(verdict.level).toBe("drift");
    expect(verdict.shifts[0]).toMatchObject({ aspect: "invalid", feature: 2, current: 1 });
  });

  it("sees that other classes are decided by the logits that they are decided from", () => {
    const columns = task.columns.map((column, index) =>
      index === 2 ? { ...column, role: "score" as const } : column,
    );
    const random = createRandom(31);
    const next = createRows(random, { columns: 3, rho: 0.5, common: 0 });
    let reference = beginSiteReference();
    // A fault is decided where its logit is positive: once in two hundred windows, from day 20 on in one of six more.
    const decided: number[] = [];
    const levels: string[] = [];
    for (let day = 0; day < 23; day++) {
      let faults = 0;
      const score = moved(next, (row) => {
        row[2]! = 1.4 * row[2]! - 3.6 + (day >= 20 && random.uniform() < 1 / 6 ? 6 : 0);
        if (row[2]! > 0) faults++;
      });
      const assessed = assessDay({ ...task, columns }, reference, summariseRows(task, day, { next: score }));
      reference = assessed.reference;
      decided.push(faults / 144);
      if (day >= 14) levels.push(assessed.verdict.level);
      if (day < 20) continue;
      expect(assessed.verdict.level).toBe("drift");
      expect(new Set(assessed.verdict.shifts.map(({ name, role }) => `${name}, ${role}`))).toEqual(
        new Set(["column.2, score"]),
      );
    }
    expect(levels.slice(0, 6)).toEqual(new Array(6).fill("stable"));
    expect(Math.max(...decided.slice(0, 20))).toBeLessThan(0.05);
    expect(Math.min(...decided.slice(20))).toBeGreaterThan(0.1);
  });

  it("is paused without rows, and does not speak of a handful", () => {
    const { reference, next } = learn(20);
    const empty = { fromMs: 20 * dayMs, periodMs: dayMs, features: [] };
    expect(assessDay(task, reference, empty).verdict).toMatchObject({
      level: "paused",
      rows: 0,
      pValue: null,
    });
    const few = summariseRows(task, 20, { next, isHeard: (row) => row < 8 })!;
    expect(assessDay(task, reference, few).verdict).toMatchObject({ level: "insufficient", rows: 8 });
  });

  it("tells the value that a column is stuck at, and what it was on average", () => {
    const { reference, next } = learn(20);
    const stuck = moved(next, (row) => {
      row[1] = 3.25;
    });
    const { verdict } = assessDay(task, reference, summariseRows(task, 20, { next: stuck })!);
    expect(verdict.level).toBe("drift");
    const shift = verdict.shifts.find(({ aspect }) => aspect === "stuck")!;
    expect(shift).toMatchObject({ feature: 1, role: "feature" });
    expect(shift.current).toBeCloseTo(3.25, 6);
    expect(Math.abs(shift.reference)).toBeLessThan(1);
    expect(describeMove(shift)).toBe("stuck at 3.25");
    expect(describeValues(shift)).toMatch(/ → 3\.25$/);
  });

  it("never assesses a condition", () => {
    const { reference } = learn(20);
    const features = task.columns.map(({ name, edges }) => ({ name, edges }));
    const conditional: DriftTask = {
      ...task,
      columns: task.columns.map((each) => ({ ...each, role: "condition" })),
    };
    const day = summariseRows(task, 20, { next: (row) => row.fill(9) })!;
    const { verdict } = assessDay(conditional, { ...reference, columns: [] }, day);
    expect(verdict.level).toBe("learning");
    expect(verdict.shifts).toEqual([]);
    expect(carryColumns(reference, features.slice(1)).columns.map(({ name }) => name)).toEqual([
      "column.1",
      "column.2",
    ]);
  });

  it.each<[string, (day: DaySummary, reference: SiteReference) => unknown, RegExp]>([
    ["a day before the last", (day, ref) => assessDay(task, ref, { ...day, fromMs: 3 * dayMs }), /not after/],
    [
      "another period",
      (day, ref) => assessDay(task, ref, { ...day, periodMs: dayMs / 2 }),
      /against a reference/,
    ],
    ["a day that begins at no day", (day, ref) => assessDay(task, ref, { ...day, fromMs: 5 }), /no multiple/],
    [
      "an unknown feature",
      (day, ref) => assessDay({ ...task, columns: [] }, { ...ref, columns: [] }, day),
      /unknown/,
    ],
    [
      "columns of another model",
      (day, ref) => assessDay({ ...task, columns: [] }, ref, day),
      /knows the column/,
    ],
    [
      "other bins",
      (day, ref) => assessDay(createColumnsTaskWithBins(3), { ...ref, columns: [] }, day),
      /bins, exp/,
    ],
  ])("refuses %s", (_what, assess, message) => {
    const { reference, next } = learn(5);
    const day = summariseRows(task, 20, { next })!;
    expect(() => assess(day, reference)).toThrow(RangeError);
    expect(() => assess(day, reference)).toThrow(message);
  });

  it.each<[string, (day: DaySummary) => DaySummary]>([
    ["counts that do not add up", (day) => changeFirst(day, { cells: day.features[0]!.cells.slice(1) })],
    ["NaN moments", (day) => changeFirst(day, { sketch: { ...day.features[0]!.sketch, mean: Number.NaN } })],
    [
      "NaN moments of an hour",
      (day) =>
        changeFirst(day, { cells: day.features[0]!.cells.map((cell) => ({ ...cell, mean: Number.NaN })) }),
    ],
    [
      "a slot past the day",
      (day) =>
        changeFirst(day, { cells: day.features[0]!.cells.map((cell) => ({ ...cell, slot: cell.slot + 1 })) }),
    ],
  ])("refuses %s", (_what, spoil) => {
    const day = summariseRows(task, 0, {
      next: createRows(createRandom(1), { columns: 3, rho: 0, common: 0 }),
    })!;
    expect(() => assessDay(task, beginSiteReference(), spoil(day))).toThrow(RangeError);
  });
});

describe("a drift task", () => {
  it("takes roles from the reference, then from the position", () => {
    const features = ["wind", "a", "b"].map((name) => ({ name, edges: [0] }));
    const task = createDriftTask({ featureCount: 2, features: features as never }, { conditions: ["wind"] });
    expect(task.columns.map(({ role }) => role)).toEqual(["condition", "feature", "score"]);
    expect(task).toMatchObject({ falsePerDay: 0.001, warningsPerDay: 0.01, learnDays: 14 });
  });

  it.each([
    { falsePerDay: 0 },
    { falsePerDay: 0.1 },
    { warningsPerDay: 2 },
    { learnDays: 4 },
    { learnDays: 91 },
  ])("refuses %j", (options) => {
    expect(() => createDriftTask({ featureCount: 0, features: [] }, options)).toThrow(RangeError);
  });
});

function createColumnsTaskWithBins(bins: number): DriftTask {
  return {
    ...task,
    columns: task.columns.map((each) => ({ ...each, edges: each.edges.slice(0, bins - 1) })),
  };
}

function changeFirst(day: DaySummary, change: Partial<DaySummary["features"][number]>): DaySummary {
  const [first, ...rest] = day.features;
  return { ...day, features: [{ ...first!, ...change }, ...rest] };
}
