/** What changed in the verdicts of points between two days. Values in, values out. */

import type { DriftVerdict, FeatureShift } from "../../core/contract/drift-verdict.ts";
import type { PointId } from "../../core/contract/stream.ts";
import { compareLevels } from "../../core/drift/drift-level.ts";
import { groupBy } from "../../core/maths/group-by.ts";

/** One point and model on two days. */
export interface PointChange extends PointId {
  readonly modelName: string;
  /** Null: there is no verdict of that day. */
  readonly before: DaySide | null;
  readonly after: DaySide | null;
  /** Columns and aspects that are off on the second day only, on the first only, and on both. */
  readonly appeared: readonly FeatureShift[];
  readonly ended: readonly FeatureShift[];
  readonly stayed: readonly { readonly before: FeatureShift; readonly after: FeatureShift }[];
}

/** What is said of one of the days. */
export interface DaySide
  extends Pick<DriftVerdict, "level" | "reason" | "modelVersion" | "referenceDays" | "cause"> {}

/** Two days against each other. */
export interface DayDiff {
  readonly from: string;
  readonly to: string;
  /** What needs attention on the second day first. */
  readonly changes: readonly PointChange[];
  /** Points of which the same is said on both days. */
  readonly unchanged: number;
}

/** Compares; a point has changed when its level, its model or what moved has. */
export function diffDays(
  before: { readonly day: string; readonly verdicts: readonly DriftVerdict[] },
  after: { readonly day: string; readonly verdicts: readonly DriftVerdict[] },
): DayDiff {
  const first = groupByPoint(before.verdicts);
  const second = groupByPoint(after.verdicts);
  const keys = [...new Set([...first.keys(), ...second.keys()])];
  const all = keys
    .flatMap((key) => pairVerdicts(first.get(key) ?? [], second.get(key) ?? []))
    .map(([was, is]) => diffPoint(was, is));
  const changes = all.filter(hasChanged).sort(compareChanges);
  return { from: before.day, to: after.day, changes, unchanged: all.length - changes.length };
}

/** A new version of a model is the same point's: its verdicts are compared. */
function groupByPoint(verdicts: readonly DriftVerdict[]): ReadonlyMap<string, readonly DriftVerdict[]> {
  return groupBy(verdicts, ({ site, turbine, component, modelName }) =>
    JSON.stringify([site, turbine, component, modelName]),
  );
}

type VerdictPair = readonly [DriftVerdict | undefined, DriftVerdict | undefined];

/** On the day of an update a point has a verdict of each version: each is compared with its own, and the rest with one another. */
function pairVerdicts(first: readonly DriftVerdict[], second: readonly DriftVerdict[]): VerdictPair[] {
  const isOf = (verdicts: readonly DriftVerdict[], { modelDigest }: DriftVerdict): boolean =>
    verdicts.some((each) => each.modelDigest === modelDigest);
  const same = first
    .filter((was) => isOf(second, was))
    .map((was): VerdictPair => [was, second.find((is) => isOf([was], is))]);
  const ended = first.filter((was) => !isOf(second, was));
  const begun = second.filter((is) => !isOf(first, is));
  const others = Array.from(
    { length: Math.max(ended.length, begun.length) },
    (_, index): VerdictPair => [ended[index], begun[index]],
  );
  return [...same, ...others];
}

function diffPoint(before: DriftVerdict | undefined, after: DriftVerdict | undefined): PointChange {
  const { site, turbine, component, modelName } = (after ?? before)!;
  const was = new Map((before?.shifts ?? []).map((shift) => [nameShift(shift), shift]));
  const is = new Map((after?.shifts ?? []).map((shift) => [nameShift(shift), shift]));
  return {
    site,
    turbine,
    component,
    modelName,
    before: describeSide(before),
    after: describeSide(after),
    appeared: [...is].filter(([name]) => !was.has(name)).map(([, shift]) => shift),
    ended: [...was].filter(([name]) => !is.has(name)).map(([, shift]) => shift),
    stayed: [...is].flatMap(([name, shift]) => {
      const earlier = was.get(name);
      return earlier === undefined ? [] : [{ before: earlier, after: shift }];
    }),
  };
}

function nameShift({ name, aspect }: FeatureShift): string {
  return `${aspect} ${name}`;
}

function describeSide(verdict: DriftVerdict | undefined): DaySide | null {
  if (verdict === undefined) return null;
  const { level, reason, modelVersion, referenceDays, cause } = verdict;
  return { level, reason, modelVersion, referenceDays, cause };
}

function hasChanged({ before, after, appeared, ended }: PointChange): boolean {
  if (before?.level !== after?.level || before?.modelVersion !== after?.modelVersion) return true;
  return appeared.length + ended.length > 0;
}

function compareChanges(a: PointChange, b: PointChange): number {
  return compareSides(a.after, b.after) || compareSides(a.before, b.before);
}

/** A side without a verdict says least. */
function compareSides(a: DaySide | null, b: DaySide | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareLevels(a.level, b.level);
}
