/**
 * What subscribers must be told of an alarm after a decision or a step, and the event of it. While people withhold it that is its end,
 * that it has become worse, and that a fault came back beneath it and is critical. Publishes nothing.
 */
import type { AlertEvent, AlertTransition } from "../../contract/alert.ts";
import { findShelvingEnd, isConditionActive, isWithheld } from "./alarm-lifecycle.ts";
import { type AlarmRecord, findLeadingMode, type ModeOfDecision } from "./alarm-record.ts";
import { type AlertContext, createAlertEvent, repeatAlertEvent } from "./alert-event.ts";
import { type AlertPolicy, hasReachedStop, isMaterialChange, renumberUpdates } from "./alert-policy.ts";

/** A record after something was told, and the event. */
interface ToldAlarm<Event = AlertEvent> {
  readonly record: AlarmRecord;
  readonly event: Event;
}

/** What subscribers must be told after a decision; null: nothing. */
export function findDueTransition(
  record: AlarmRecord,
  { decision, mode }: ModeOfDecision,
  policy: AlertPolicy,
): AlertTransition | null {
  // That an alarm is over is told even while it is withheld: subscribers were told that it began.
  if (!mode.active) return record.told === "raised" ? "cleared" : null;
  const { lastEvent, severity, recentProbability } = record;
  const isWorse =
    (severity === "critical" && lastEvent?.data.severity !== "critical") ||
    hasReachedStop(record, { toldDb: lastEvent?.data.severityDb, decision, policy });
  // Whoever withheld it did so as it was then: that it is worse by now is told, with the state that says it is withheld.
  if (isWithheld(record.alarm) && !isWorse) return null;
  if (record.told === "nothing") return "raised";
  if (record.told !== "raised" || lastEvent === null) return null;
  if (isWorse) return "updated";
  const told = {
    severity: lastEvent.data.severity,
    probability: lastEvent.data.probability,
    modelDigest: lastEvent.data.model.digest,
    leadingMode: lastEvent.data.leadingMode,
    severityDb: lastEvent.data.severityDb ?? null,
    atMs: record.toldMs,
    updates: record.updates,
  };
  const now = {
    severity,
    probability: mode.probability,
    recentProbability,
    modelDigest: decision.model.digest,
    leadingMode: findLeadingMode(record),
    severityDb: decision.severityDb ?? null,
    atMs: decision.toMs,
  };
  return isMaterialChange(told, now, policy) ? "updated" : null;
}

/** Tells what a decision made due; null when the alarm has gone on since then. */
export function tellDecision(
  record: AlarmRecord,
  due: ModeOfDecision & { readonly transition: AlertTransition; readonly sinceMs: number },
  context: AlertContext,
): ToldAlarm | null {
  const { transition, decision, mode, sinceMs } = due;
  const expected = transition === "raised" ? "nothing" : "raised";
  if (record.sinceMs !== sinceMs || record.told !== expected) return null;
  // It ended while its explanation was made: nobody was told of it, and nobody has to be.
  if (transition !== "cleared" && !isConditionActive(record.alarm)) return null;
  const updates = record.updates + (transition === "updated" ? 1 : 0);
  const severity = mode.isAdvisory !== true && isStopReached(context) ? "critical" : record.severity;
  const event = createAlertEvent({
    transition,
    updateNumber: updates,
    decision,
    mode,
    state: record.alarm.state,
    untilMs: findShelvingEnd(record.alarm),
    severity,
    leadingMode: findLeadingMode(record),
    lane: record.lane,
    sinceMs,
    ...context,
  });
  const told = transition === "cleared" ? "cleared" : "raised";
  const next = { ...record, severity, told, updates, toldMs: decision.toMs, lastEvent: event } as const;
  return { record: { ...next, beneath: undefined }, event };
}

/** Does the outlook say that the level where one must stop is reached? */
function isStopReached({ outlook }: AlertContext): boolean {
  return outlook !== undefined && "hours" in outlook && outlook.high === 0;
}

/** A day: so far a clock may be behind after a start without a network. */
const usualLagMs = 86_400_000;

/** What a person did, or an order; `reason`: why an alarm was cleared without evidence. */
interface WindowlessStep {
  readonly transition: AlertTransition;
  readonly atMs: number;
  readonly reason?: string | undefined;
}

/** Tells of a step without a window; no event when the alarm was never told. */
export function tellStep(record: AlarmRecord, step: WindowlessStep): ToldAlarm<AlertEvent | null> {
  if (record.beneath !== undefined && step.transition !== "cleared") return tellUncovered(record, step);
  const { lastEvent, sinceMs, told, severity, alarm } = record;
  // After its end nothing is told but what people make of it: it is over all the same.
  const isTold = told === "raised" || (told === "cleared" && step.transition !== "cleared");
  if (lastEvent === null || sinceMs === null || !isTold) return { record, event: null };
  const updates = record.updates + (step.transition === "updated" ? 1 : 0);
  const leadingMode = findLeadingMode(record);
  const untilMs = findShelvingEnd(alarm);
  const now = { sinceMs, updateNumber: updates, state: alarm.state, untilMs, severity, leadingMode };
  const atMs = dateStep(step, Math.max(record.toldMs, sinceMs));
  const event = repeatAlertEvent(lastEvent, { ...step, ...now, atMs });
  const next = step.transition === "cleared" ? "cleared" : told;
  return { record: { ...record, updates, told: next, lastEvent: event }, event };
}

/**
 * Tells of a step of people's, or the end of a shelving, what was withheld when an occurrence began of which nothing was told: that
 * this one stands, if it does, by its last window; else what has become of the one that was told last.
 */
function tellUncovered(record: AlarmRecord, step: WindowlessStep): ToldAlarm<AlertEvent | null> {
  const { alarm, sinceMs, severity, beneath } = record;
  if (beneath === undefined || sinceMs === null) return { record, event: null };
  const untilMs = findShelvingEnd(alarm);
  const { former, formerUpdates, latest } = beneath;
  if (isConditionActive(alarm) && !isWithheld(alarm)) {
    const updates = renumberUpdates(record.updates, step.atMs);
    const leadingMode = findLeadingMode(record);
    const now = { sinceMs, updateNumber: updates, state: alarm.state, untilMs, severity, leadingMode };
    const toldMs = Date.parse(latest.data.window.to);
    const atMs = dateStep(step, Math.max(toldMs, sinceMs));
    const event = repeatAlertEvent(latest, { ...now, transition: "raised", atMs });
    const next = {
      ...record,
      updates,
      told: "raised",
      toldMs,
      lastEvent: event,
      beneath: undefined,
    } as const;
    return { record: next, event };
  }
  const updates = formerUpdates + (step.transition === "updated" ? 1 : 0);
  const event = repeatAlertEvent(former, {
    transition: step.transition,
    updateNumber: updates,
    sinceMs: Date.parse(former.data.since),
    state: alarm.state,
    untilMs,
    severity: former.data.severity,
    leadingMode: former.data.leadingMode,
    atMs: dateStep(step, Date.parse(former.time)),
  });
  return { record: { ...record, beneath: { former: event, formerUpdates: updates, latest } }, event };
}

/**
 * A device's clock may be a little ahead of the gateway's: what was said before must not seem to come after. One that is far ahead
 * dates only what it said itself.
 */
function dateStep({ atMs }: WindowlessStep, saidMs: number): number {
  const soonestMs = Math.max(atMs, saidMs);
  return soonestMs <= atMs + usualLagMs ? soonestMs : atMs;
}
