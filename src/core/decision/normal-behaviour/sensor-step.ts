/**
 * Notices that a sensor has shifted: one of several sensors that measure the same thing (the phases of a transformer)
 * falls at once and stays down while its siblings do not move. No fault of the component does that: faults warm.
 */
import type { SensorGuardSpec } from "../../contract/bundle/normal-behaviour.ts";
import { computeMedian } from "../../maths/robust.ts";

/** Daily medians of one output: index = day from the first one kept; NaN where a day has none. */
export type DailySeries = ArrayLike<number>;

/**
 * Did `series` step down at `day` − 1 and stay there at `day`? `siblings` are the series of the others; with none the
 * answer is no. Looks back `beforeDays` days from before the step.
 */
export function isSensorStep(
  series: DailySeries,
  siblings: readonly DailySeries[],
  day: number,
  spec: SensorGuardSpec,
): boolean {
  if (siblings.length === 0 || day < 2) return false;
  const falls = (at: number): boolean => fallOf(series, at, day - 1, spec) >= spec.fall;
  if (!falls(day - 1) || !falls(day)) return false;
  // Written so that a sibling without values (NaN) is no witness.
  return siblings.every((sibling) => Math.abs(fallOf(sibling, day, day - 1, spec)) < spec.siblingsWithin);
}

/** The median of the `beforeDays` days before `stepDay`, less the value at `day`; NaN when either is not known. */
function fallOf(series: DailySeries, day: number, stepDay: number, spec: SensorGuardSpec): number {
  const before: number[] = [];
  for (let index = Math.max(0, stepDay - spec.beforeDays); index < stepDay; index++) {
    if (!Number.isNaN(series[index]!)) before.push(series[index]!);
  }
  if (before.length * 2 < spec.beforeDays) return Number.NaN;
  return computeMedian(before) - series[day]!;
}
