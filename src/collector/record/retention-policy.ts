/**
 * How long the fleet's record keeps what. Alarms with their events, turbines, gateways and watermarks are kept for ever;
 * messages that were set aside are bounded by their number.
 */
import { dayMs } from "../../core/maths/durations.ts";

/** What is removed when it is old enough. */
export type PrunedClass = "predictions" | "drift" | "events" | "updates";

/** Days that each class is kept. `retentionDays` is the operator's choice (`retentionDays` in the configuration). */
export function retentionPolicy(retentionDays: number): Readonly<Record<PrunedClass, number>> {
  return {
    /** By the end of their last window. */
    predictions: retentionDays,
    /** By whole days (UTC). */
    drift: retentionDays,
    /** By when they arrived: a gateway's clock may be wrong. */
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
    events: nowMs - policy.events * dayMs,
    updates: nowMs - policy.updates * dayMs,
  };
}
