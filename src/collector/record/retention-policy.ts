/**
 * How long the fleet's record keeps what. Alarms with their events, turbines, gateways and watermarks are kept for ever;
 * messages that were set aside are bounded by their number.
 */
import { dayMs } from "../../core/maths/durations.ts";

/** What is removed when it is old enough. */
export type PrunedClass = "predictions" | "drift" | "verdicts" | "events" | "updates";

/** Days that each class is kept. Both are the operator's choice (`retentionDays` and `drift.verdictDays` in the configuration). */
export function retentionPolicy(
  retentionDays: number,
  verdictDays: number,
): Readonly<Record<PrunedClass, number>> {
  return {
    /** By when they arrived: a gateway's clock may say 1970. */
    predictions: retentionDays,
    /** By whole days (UTC). Of a day that has been assessed only the sketches are left. A reference goes by its last use. */
    drift: retentionDays,
    /** By the end of their period; with them confirmed outcomes, by when they arrived. They say what was normal, and when it ceased to be. */
    verdicts: verdictDays,
    /** By when they arrived, too. */
    events: retentionDays,
    updates: retentionDays,
  };
}

/** The moment before which each class may go. */
export function expiryTimes(
  policy: Readonly<Record<PrunedClass, number>>,
  nowMs: number,
): Readonly<Record<PrunedClass, number>> {
  return {
    predictions: nowMs - policy.predictions * dayMs,
    drift: nowMs - policy.drift * dayMs,
    verdicts: nowMs - policy.verdicts * dayMs,
    events: nowMs - policy.events * dayMs,
    updates: nowMs - policy.updates * dayMs,
  };
}
