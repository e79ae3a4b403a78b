/**
 * How long an alarm stands: as long as its fault does. That nothing is seen of a fault for a while is no evidence that it
 * went away (the wind turned, another line leads, the sensor sees less): an alarm ends when its signal has been back
 * near the healthy level for a day of data, with enough windows to say so. Reads no clock.
 */
import { z } from "zod";
import { type AlarmLane, alarmLanes } from "../contract/prediction.ts";
import { dayMs } from "../maths/durations.ts";

/** A standing alarm; plain data that can be stored. */
export interface HeldAlarm {
  readonly sinceMs: number;
  /** What raised it; null: not known, it comes from an older snapshot. */
  readonly lane: AlarmLane | null;
  /** The signal before the fault, and its slow mean since: now, and the highest; in the signal's unit. */
  readonly healthy: number;
  readonly mean: number;
  readonly peak: number;
  /** End of the first window of the run near the healthy level, epoch ms; null: it is not near. */
  readonly quietMs: number | null;
  readonly quietWindows: number;
}

const meanShare = 1 / 32;
/** Of the rise from the healthy level to the peak; below that share the signal is near the healthy level. */
const nearShare = 0.25;
const fewestQuietWindows = 60;

/** One window further; null when the alarm is over. */
export function holdAlarm(held: HeldAlarm, value: number, toMs: number): HeldAlarm | null {
  const mean = held.mean + meanShare * (value - held.mean);
  const peak = Math.max(held.peak, mean);
  const isNear = mean <= held.healthy + nearShare * Math.max(0, peak - held.healthy);
  if (!isNear) return { ...held, mean, peak, quietMs: null, quietWindows: 0 };
  // A clock that went back begins the day anew.
  const quietMs = held.quietMs !== null && held.quietMs <= toMs ? held.quietMs : toMs;
  const quietWindows = held.quietWindows + 1;
  if (quietWindows >= fewestQuietWindows && toMs - quietMs >= dayMs) return null;
  return { ...held, mean, peak, quietMs, quietWindows };
}

/** Validator of {@link HeldAlarm}: a snapshot comes from a disk. */
export const heldAlarmSchema: z.ZodType<HeldAlarm> = z.strictObject({
  sinceMs: z.number(),
  lane: z.enum(alarmLanes).nullable(),
  healthy: z.number(),
  mean: z.number(),
  peak: z.number(),
  quietMs: z.number().nullable(),
  quietWindows: z.int().min(0),
});
