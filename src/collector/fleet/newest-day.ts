/** Which day is spoken of where none is asked for: the same on pages, in the API and in what commands print. */
import { readDriftDay } from "../../core/drift/drift-day.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { DriftDayLevels, TurbineFilter } from "../record/drift-record.ts";
import { utcDayOf } from "../record/record-rules.ts";
import type { FleetSource } from "./fleet-source.ts";

/**
 * The newest day of which the half of the day before's points have a verdict: a day that has only begun to be assessed would hide
 * what is known of the last. Null: there is none.
 */
export function findNewestDay({ days, points }: Pick<DriftDayLevels, "days" | "points">): string | null {
  const heard = days.map(() => 0);
  for (const { levels } of points) {
    for (const [at, level] of levels.entries()) if (level !== null) heard[at]! += 1;
  }
  return days.findLast((_, at) => heard[at]! > 0 && 2 * heard[at]! >= (heard[at - 1] ?? 0)) ?? null;
}

/** As {@link findNewestDay}, of the turbines that are named alone. */
export async function loadNewestDay(
  { record, clock }: FleetSource,
  { site, turbine }: TurbineFilter,
): Promise<string | null> {
  const newest = await record.newestVerdictDay(clock.nowMs(), { site, turbine });
  const endMs = newest === null ? undefined : readDriftDay(newest)?.fromMs;
  if (newest === null || endMs === undefined) return null;
  const from = utcDayOf(Math.max(0, endMs - 2 * dayMs));
  return findNewestDay(await record.driftDays({ from, to: newest, site, turbine }));
}
