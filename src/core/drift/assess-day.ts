/**
 * Assesses one day of a point against its own reference, and takes the day into the reference when nothing was wrong with it.
 * One test a day over all columns and aspects, with the declared rate. Reads no clock: days come in their order.
 */
import type { DriftLevel, DriftVerdict, FeatureDistances, FeatureShift } from "../contract/drift-verdict.ts";
import type { PointId } from "../contract/stream.ts";
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { finishSteps, type Steps } from "../maths/steps.ts";
import { checkDay } from "./check-day.ts";
import { type ColumnDay, leastRows, leastSlots, listKnownLoads, summariseColumn } from "./column-day.ts";
import type { AspectTest } from "./column-test.ts";
import type { DayFeature, DaySummary } from "./day-summary.ts";
import { describeShift } from "./describe-shift.ts";
import { isMoved } from "./drift-level.ts";
import type { DriftTask } from "./drift-task.ts";
import {
  admitDays,
  isLongEnough,
  keepDay,
  learnColumn,
  provisionalCurve,
  refineColumn,
} from "./learn-day.ts";
import { learnElsewhere } from "./learn-elsewhere.ts";
import { measureDistances } from "./measure-distances.ts";
import { beginColumn, type ColumnReference, type KeptDay, type SiteReference } from "./site-reference.ts";
import { countValues } from "./sketcher.ts";
import { testDay } from "./test-day.ts";

/** What is said of a day, without whose day it is, and before the points are read together. */
export type DayVerdict = Omit<
  DriftVerdict,
  keyof PointId | "modelName" | "modelVersion" | "modelDigest" | "cause"
>;

/** What is said of a day, and what is known after it. */
interface AssessedDay {
  readonly verdict: DayVerdict;
  readonly reference: SiteReference;
}

/** Shifts and distances that a verdict names, at most. */
const mostShifts = 16;

/** Of a column and aspect alone: beyond it, a day lies off in a direction. */
const offRate = 0.05;

/**
 * Assesses a day.
 * @throws RangeError for a day that does not fit the task's columns or does not hold together, of another period than the
 * reference's, or not after its last one
 */
export function assessDay(task: DriftTask, reference: SiteReference, day: DaySummary): AssessedDay {
  return finishSteps(assessDayByStep(task, reference, day));
}

/** As {@link assessDay}, for who has other work to do between two steps: ten milliseconds or less each at sixty columns. */
export function* assessDayByStep(
  task: DriftTask,
  reference: SiteReference,
  day: DaySummary,
): Steps<AssessedDay> {
  checkDay(task, day, reference);
  const read = readColumns(task, reference, day);
  yield;
  const { columns, pValue } = testColumns(read);
  yield;
  const rows = Math.max(0, ...day.features.map(({ sketch }) => countAll(sketch)));
  const tested = columns.filter(({ tests }) => tests.length > 0);
  const { level, reason } = chooseLevel(task, { rows, pValue, columns });
  const next = columns.map((each) => takeDay(each, { task, day, level }));
  const isOff = isMoved(level);
  const shifts = isOff ? describeShifts(task, { tested, next, fromMs: day.fromMs }) : [];
  const named = [...new Set(shifts.map(({ feature }) => feature))];
  const distances: FeatureDistances[] = [];
  for (const index of named) {
    yield;
    const { column } = columns.find((each) => each.index === index)!;
    const feature = day.features.find(({ sketch }) => sketch.feature === index)!;
    distances.push(measureDistances(column.groups, feature.sketch, task.columns[index]!));
  }
  const verdict: DayVerdict = {
    fromMs: day.fromMs,
    toMs: day.fromMs + day.periodMs,
    level,
    reason,
    pValue: level === "paused" ? null : pValue,
    rows,
    referenceDays: Math.max(0, ...columns.map(({ column }) => column.days.length)),
    shifts,
    distances,
  };
  return {
    verdict,
    reference: { version: 1, periodMs: day.periodMs, lastMs: day.fromMs, columns: next },
  };
}

/** A column that is assessed, what the day says of it, and its tests. */
interface AssessedColumn {
  readonly index: number;
  readonly column: ColumnReference;
  /** Null: not heard. */
  readonly feature: DayFeature | null;
  readonly today: ColumnDay | null;
  readonly kept: KeptDay | null;
  readonly tests: readonly AspectTest[];
}

function readColumns(task: DriftTask, reference: SiteReference, day: DaySummary): AssessedColumn[] {
  const byName = new Map(reference.columns.map((column) => [column.name, column]));
  const features = new Map(day.features.map((feature) => [feature.sketch.feature, feature]));
  return task.columns.flatMap(({ name, role, edges }, index): AssessedColumn[] => {
    if (role === "condition") return [];
    const column = byName.get(name) ?? beginColumn(name, edges.length + 1);
    const feature = features.get(index) ?? null;
    if (feature === null) return [{ index, column, feature, today: null, kept: null, tests: [] }];
    const values = countValues(feature.sketch);
    const curve = column.isLearnt
      ? listKnownLoads(column.curve)
      : provisionalCurve(column, values === 0 ? [] : summariseColumn(feature, []).loads);
    const today = summariseColumn(feature, curve);
    const kept = keepDay(day.fromMs / day.periodMs, today);
    return [{ index, column, feature, today, kept, tests: [] }];
  });
}

/** Tests the columns that are learnt; one of too few comparable rows is asked only for its values that are none. */
function testColumns(columns: readonly AssessedColumn[]): {
  columns: readonly AssessedColumn[];
  pValue: number | null;
} {
  const given = columns.flatMap(({ index, column, feature, today, kept }) => {
    if (!column.isLearnt || feature === null || today === null || kept === null) return [];
    const isHeard = today.rows >= leastRows && today.slots >= leastSlots;
    const isLost = countAll(feature.sketch) >= leastRows && today.invalid > 0.5;
    return isHeard || isLost ? [{ index, column, kept, isHeard }] : [];
  });
  if (given.length === 0) return { columns, pValue: null };
  const { pValue, tests } = testDay(given);
  const testsOf = new Map(given.map(({ index }, at) => [index, tests[at]!]));
  return { columns: columns.map((each) => ({ ...each, tests: testsOf.get(each.index) ?? [] })), pValue };
}

function chooseLevel(
  task: DriftTask,
  day: { rows: number; pValue: number | null; columns: readonly AssessedColumn[] },
): { level: DriftLevel; reason: string | null } {
  if (day.rows === 0) return { level: "paused", reason: "the turbine did not operate" };
  if (day.pValue !== null) {
    if (day.pValue <= task.falsePerDay) return { level: "drift", reason: null };
    return { level: day.pValue <= task.warningsPerDay ? "warning" : "stable", reason: null };
  }
  if (day.columns.some(({ column }) => column.isLearnt)) {
    const begun = Math.max(0, ...day.columns.map(({ column }) => column.elsewhere?.days.length ?? 0));
    const known = begun === 0 ? "" : `, of which ${begun} of ${task.learnDays} days are known`;
    return {
      level: "insufficient",
      reason: `${day.rows} rows are too few, or at loads not heard before${known}`,
    };
  }
  const known = Math.max(0, ...day.columns.map(({ column }) => column.days.length));
  return { level: "learning", reason: `${known} of ${task.learnDays} days are known` };
}

/** The column after this day. */
function takeDay(
  { column, feature, today, kept, tests }: AssessedColumn,
  { task, day, level }: { task: DriftTask; day: DaySummary; level: DriftLevel },
): ColumnReference {
  if (feature === null || today === null || kept === null) return column;
  if (!column.isLearnt) {
    if (!isLongEnough(today)) return column;
    const given = { period: day.fromMs / day.periodMs, day: today, counts: feature.sketch.counts };
    return learnColumn(column, given, task.learnDays);
  }
  if (today.rows < leastRows || today.slots < leastSlots) {
    const period = day.fromMs / day.periodMs;
    return learnElsewhere(column, { feature, today, period }, task.learnDays);
  }
  const isFine = level === "stable" && isLongEnough(today);
  const refined = isFine ? refineColumn(column, { kept, day: today, counts: feature.sketch.counts }) : column;
  const moved = tests.find(({ kind }) => kind === "mean1");
  const run = moved === undefined ? column.run : continueRun(column.run, moved, day.fromMs);
  // What waited when a drift was found was its beginning.
  const waiting = level === "drift" ? column.recent.map(([each]) => [each, false] as const) : column.recent;
  return { ...admitDays(refined, [...waiting, [kept, isFine]]), run };
}

function continueRun(
  run: ColumnReference["run"],
  { t, pValue }: AspectTest,
  fromMs: number,
): ColumnReference["run"] {
  if (pValue > offRate) return null;
  const direction = t > 0 ? 1 : -1;
  return run !== null && run[0] === direction ? run : [direction, fromMs];
}

/** The surest shifts, one a column and aspect. */
function describeShifts(
  task: DriftTask,
  day: {
    readonly tested: readonly AssessedColumn[];
    readonly next: readonly ColumnReference[];
    readonly fromMs: number;
  },
): FeatureShift[] {
  const { tested, next, fromMs } = day;
  const count = tested.reduce((sum, { tests }) => sum + tests.length, 0);
  const runs = new Map(next.map(({ name, run }) => [name, run]));
  const all = tested.flatMap((each) => [...bestByAspect(each.tests)].map((test) => ({ each, test })));
  all.sort((a, b) => a.test.pValue - b.test.pValue || Math.abs(b.test.t) - Math.abs(a.test.t));
  const sure = all.filter(({ test }, rank) => rank === 0 || test.pValue * count <= 0.05);
  return sure.slice(0, mostShifts).map(({ each: { column, index, today }, test }) => {
    const { role } = task.columns[index]!;
    const moved = { ...column, run: runs.get(column.name) ?? null, feature: index, role };
    return describeShift(moved, { test, today: today!, fromMs });
  });
}

function bestByAspect(tests: readonly AspectTest[]): Iterable<AspectTest> {
  const best = new Map<string, AspectTest>();
  for (const test of tests) {
    const held = best.get(test.aspect);
    if (held === undefined || test.pValue < held.pValue) best.set(test.aspect, test);
  }
  return best.values();
}

function countAll(sketch: FeatureSketch): number {
  return countValues(sketch) + sketch.invalid;
}
