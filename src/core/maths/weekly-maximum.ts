/** The largest value of the last one to two weeks: a mistake is no maximum for ever. It stays while no value comes; the first one after two weeks begins anew. Reads no clock. */
import { dayMs } from "./durations.ts";

/** The largest value of a week that began at `sinceMs`, and of the week before it; 0: there was none. */
export interface WeeklyMaximum {
  readonly sinceMs: number;
  readonly most: number;
  readonly mostBefore: number;
}

const weekMs = 7 * dayMs;

/** Of nothing. */
export const noMaximum: WeeklyMaximum = { sinceMs: Number.NaN, most: 0, mostBefore: 0 };

/** With one more value, at a time of a clock that only goes forward; NaN is none. */
export function noteMaximum(kept: WeeklyMaximum, value: number, atMs: number): WeeklyMaximum {
  const { sinceMs, most } = kept;
  if (atMs - sinceMs < weekMs)
    return value > most ? { sinceMs, most: value, mostBefore: kept.mostBefore } : kept;
  // After a longer silence what was before is too old.
  const mostBefore = atMs - sinceMs < 2 * weekMs ? most : 0;
  return { sinceMs: atMs, most: Math.max(value || 0, 0), mostBefore };
}

/** The larger one of the two weeks. */
export function readMaximum({ most, mostBefore }: WeeklyMaximum): number {
  return Math.max(most, mostBefore);
}
