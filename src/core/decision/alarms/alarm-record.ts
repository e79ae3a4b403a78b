/**
 * One alarm as a gateway remembers it: its state, what subscribers were last told of it, and what a decision or a step
 * makes of both. Values only; what is kept over a restart is plain JSON.
 */
import { z } from "zod";
import {
  type AlertEvent,
  type AlertTransition,
  alertEventSchema,
  alertSeverities,
} from "../../contract/alert.ts";
import { type AlarmLane, alarmLanes, type Decision, type ModeDecision } from "../../contract/prediction.ts";
import type { Result } from "../../contract/result.ts";
import type { PointId } from "../../contract/stream.ts";
import {
  type Alarm,
  type AnnunciatedAlarm,
  findShelvingEnd,
  isConditionActive,
  isWithheld,
  normalAlarm,
  stepAlarm,
} from "./alarm-lifecycle.ts";
import { type AlertContext, createAlertEvent, repeatAlertEvent } from "./alert-event.ts";
import {
  type AlertPolicy,
  followHigh,
  type HighWindows,
  hasReachedStop,
  isMaterialChange,
  isStopTold,
} from "./alert-policy.ts";

/** One alarm: its state, and what subscribers were last told of it. */
export interface AlarmRecord extends HighWindows {
  readonly point: PointId;
  readonly failureMode: string;
  readonly alarm: Alarm;
  /** Beginning of the current (or last) occurrence, epoch ms; null before the first. */
  readonly sinceMs: number | null;
  /** Last calibrated probability. */
  readonly probability: number;
  /** Last risk at the site's prior; null or absent: not known. */
  readonly risk?: number | null | undefined;
  /** What raised the current (or last) occurrence; absent: not known. */
  readonly lane?: AlarmLane | undefined;
  /** Exponentially weighted mean of this occurrence's probabilities, a twelfth of it from the last window. */
  readonly recentProbability: number;
  /** Another mode that leads, and for how many windows it has or has not in a row; absent: none has yet. */
  readonly leading?: { readonly failureMode: string | null; readonly windows: number } | undefined;
  /** Number of this occurrence's last `updated` event, or where it was raised: `renumberUpdates` says how it counts. */
  readonly updates: number;
  /** How far this occurrence has been told: not at all, raised, or raised and cleared. */
  readonly told: "nothing" | "raised" | "cleared";
  /** Time of the last event (not of people's steps), epoch ms. */
  readonly toldMs: number;
  /** The last event of this occurrence, or null. */
  readonly lastEvent: AlertEvent | null;
}

/** What a decision says of one failure mode. */
export interface ModeOfDecision {
  readonly decision: Decision;
  readonly mode: ModeDecision;
}

/** A record after something was told, and the event. */
interface ToldAlarm<Event = AlertEvent> {
  readonly record: AlarmRecord;
  readonly event: Event;
}

/** What the last window adds to an alarm's recent probability: what is told of it has lasted for about a dozen. */
const recentShare = 1 / 12;

/** Windows in a row that another mode leads, or leads no more, before it is told: at the border of two kinds they take turns. */
export const leadingWindows = 12;

/** The record of an alarm that was never raised. */
export function createAlarmRecord(
  point: PointId,
  mode: Pick<ModeDecision, "failureMode" | "probability">,
): AlarmRecord {
  return {
    point,
    failureMode: mode.failureMode,
    alarm: normalAlarm,
    sinceMs: null,
    probability: mode.probability,
    recentProbability: mode.probability,
    severity: "warning",
    highWindows: 0,
    updates: 0,
    told: "nothing",
    toldMs: 0,
    lastEvent: null,
  };
}

/** The record after a decision: the process raises, returns or goes on. */
export function followDecision(
  record: AlarmRecord,
  { decision, mode }: ModeOfDecision,
  policy: AlertPolicy,
): AlarmRecord {
  const { probability, risk } = mode;
  const wasActive = isConditionActive(record.alarm);
  if (!mode.active) {
    if (!wasActive) return { ...record, probability, risk };
    const returned = stepAlarm(record.alarm, { kind: "return", atMs: decision.toMs });
    return { ...record, probability, risk, highWindows: 0, alarm: expectStep(returned) };
  }
  let current = record;
  if (!wasActive) {
    // What was ended by an order and goes on all the same is another occurrence: one of an earlier beginning would be taken for told. None begins after its window.
    const isTold = mode.sinceMs === null || (record.sinceMs !== null && mode.sinceMs <= record.sinceMs);
    const sinceMs = isTold ? decision.fromMs : Math.min(mode.sinceMs, decision.fromMs);
    const alarm = expectStep(stepAlarm(record.alarm, { kind: "raise", sinceMs }));
    // A new occurrence: nothing of it has been told.
    current = { ...createAlarmRecord(record.point, mode), alarm, sinceMs };
  }
  const high = followHigh(current, { decision, mode }, policy);
  const toldDb = current.lastEvent?.data.severityDb;
  const stopTold = isStopTold(current, { toldDb, decision, policy }) || undefined;
  const recentProbability =
    current.recentProbability + recentShare * (probability - current.recentProbability);
  const lane = mode.lane ?? current.lane;
  const leading = followLeading(current.leading, mode.leadingMode ?? null);
  return { ...current, ...high, stopTold, probability, risk, lane, leading, recentProbability };
}

function followLeading(before: AlarmRecord["leading"], failureMode: string | null): AlarmRecord["leading"] {
  if (before === undefined && failureMode === null) return undefined;
  const isSame = before !== undefined && before.failureMode === failureMode;
  return { failureMode, windows: isSame ? Math.min(leadingWindows, before.windows + 1) : 1 };
}

/** Another mode that has led for long enough; where it takes turns with the alarm's own, what was told of it last. */
export function findLeadingMode({ leading, lastEvent }: AlarmRecord): string | undefined {
  if (leading === undefined || leading.windows < leadingWindows) return lastEvent?.data.leadingMode;
  return leading.failureMode ?? undefined;
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
  // Whoever withheld it did so as it was then: that it is worse by now is told, with the state that says it is withheld.
  const isWorse =
    (severity === "critical" && lastEvent?.data.severity === "warning") ||
    hasReachedStop(record, { toldDb: lastEvent?.data.severityDb, decision, policy });
  if (isWithheld(record.alarm)) return record.told === "raised" && isWorse ? "updated" : null;
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
  return { record: { ...record, severity, told, updates, toldMs: decision.toMs, lastEvent: event }, event };
}

/** Does the outlook say that the level where one must stop is reached? */
function isStopReached({ outlook }: AlertContext): boolean {
  return outlook !== undefined && "hours" in outlook && outlook.high === 0;
}

/** What a person did, or an order; `reason`: why an alarm was cleared without evidence. */
interface WindowlessStep {
  readonly transition: AlertTransition;
  readonly atMs: number;
  readonly reason?: string | undefined;
}

/** A day: so far a clock may be behind after a start without a network. */
const usualLagMs = 86_400_000;

/** Tells of a step without a window; no event when the alarm was never told. */
export function tellStep(record: AlarmRecord, step: WindowlessStep): ToldAlarm<AlertEvent | null> {
  const { lastEvent, sinceMs, told, severity, alarm } = record;
  // After its end nothing is told but what people make of it: it is over all the same.
  const isTold = told === "raised" || (told === "cleared" && step.transition !== "cleared");
  if (lastEvent === null || sinceMs === null || !isTold) return { record, event: null };
  const updates = record.updates + (step.transition === "updated" ? 1 : 0);
  const leadingMode = findLeadingMode(record);
  const untilMs = findShelvingEnd(alarm);
  const now = { sinceMs, updateNumber: updates, state: alarm.state, untilMs, severity, leadingMode };
  // A device's clock may be a little ahead of the gateway's: what was said before must not seem to come after.
  // One that is far ahead dates only what it said itself.
  const soonestMs = Math.max(step.atMs, record.toldMs, sinceMs);
  const atMs = soonestMs <= step.atMs + usualLagMs ? soonestMs : step.atMs;
  const event = repeatAlertEvent(lastEvent, { ...step, ...now, atMs });
  const next = step.transition === "cleared" ? "cleared" : told;
  return { record: { ...record, updates, told: next, lastEvent: event }, event };
}

/** Only the process's steps that are in order are taken here: anything else is a bug. */
function expectStep<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const text = z.string().min(1).max(256);
const ms = z.number();
const annunciated: z.ZodType<AnnunciatedAlarm> = z.union([
  z.strictObject({ state: z.literal("normal") }),
  z.strictObject({ state: z.literal("unacknowledged"), sinceMs: ms }),
  z.strictObject({ state: z.literal("acknowledged"), sinceMs: ms, acknowledgedMs: ms, by: text }),
  z.strictObject({ state: z.literal("returned-unacknowledged"), sinceMs: ms, returnedMs: ms }),
]);
const alarm: z.ZodType<Alarm> = z.union([
  annunciated,
  z.strictObject({
    state: z.literal("shelved"),
    atMs: ms,
    by: text,
    untilMs: ms,
    countedMs: z.number().min(0).optional(),
    beneath: annunciated,
  }),
  z.strictObject({ state: z.literal("suppressed"), atMs: ms, reason: text, beneath: annunciated }),
  z.strictObject({ state: z.literal("out-of-service"), atMs: ms, by: text, beneath: annunciated }),
]);

/** Validator of {@link AlarmRecord}: it comes from a disk. */
export const alarmRecordSchema: z.ZodType<AlarmRecord> = z.strictObject({
  point: z.strictObject({ site: text, turbine: text, component: text }),
  failureMode: text,
  alarm,
  sinceMs: ms.nullable(),
  probability: z.number().min(0).max(1),
  risk: z.number().min(0).max(1).nullable().optional(),
  lane: z.enum(alarmLanes).optional(),
  recentProbability: z.number().min(0).max(1),
  severity: z.enum(alertSeverities),
  highWindows: z.number().min(0),
  stopWindows: z.number().min(0).optional(),
  stopTold: z.literal(true).optional(),
  heard: z.strictObject({ toMs: ms, stepMs: z.number().min(0) }).optional(),
  updates: z.int().min(0),
  leading: z
    .strictObject({ failureMode: z.string().max(256).nullable(), windows: z.int().min(0) })
    .optional(),
  told: z.enum(["nothing", "raised", "cleared"]),
  toldMs: ms,
  lastEvent: alertEventSchema().nullable(),
});
