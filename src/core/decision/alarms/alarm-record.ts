/**
 * One alarm as a gateway remembers it: its state, what subscribers were last told of it, and what a decision makes of it. Values
 * only, and kept over a restart as plain JSON. Tells nobody (`alarm-telling.ts`).
 */
import { z } from "zod";
import { type AlertEvent, alertEventSchema, alertSeverities } from "../../contract/alert.ts";
import type { EveryKey } from "../../contract/every-key.ts";
import { type AlarmLane, alarmLanes, type Decision, type ModeDecision } from "../../contract/prediction.ts";
import type { Result } from "../../contract/result.ts";
import type { PointId } from "../../contract/stream.ts";
import {
  type Alarm,
  type AnnunciatedAlarm,
  isConditionActive,
  isWithheld,
  normalAlarm,
  stepAlarm,
} from "./alarm-lifecycle.ts";
import { createAlertEvent } from "./alert-event.ts";
import { type AlertPolicy, followHigh, type HighWindows, isStopTold } from "./alert-policy.ts";

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
  /** Of an occurrence that began beneath a withheld alarm, as long as nothing of it has been told; absent: not so, or nothing was told before it. */
  readonly beneath?: UntoldOccurrence | undefined;
}

/** What was told last, of an earlier occurrence, and the number of its last update. */
interface FormerOccurrence {
  readonly former: AlertEvent;
  readonly formerUpdates: number;
}

/** What may be told of an occurrence of which nothing has been. */
interface UntoldOccurrence extends FormerOccurrence {
  /** What its own last window would have told. */
  readonly latest: AlertEvent;
}

/** What a decision says of one failure mode. */
export interface ModeOfDecision {
  readonly decision: Decision;
  readonly mode: ModeDecision;
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

/** The same with every key, in one order: each is made from the one before it, and what is spread has a hidden class of its own. */
function toOneRecord(record: AlarmRecord): EveryKey<AlarmRecord> {
  return {
    point: record.point,
    failureMode: record.failureMode,
    alarm: record.alarm,
    sinceMs: record.sinceMs,
    probability: record.probability,
    risk: record.risk,
    lane: record.lane,
    recentProbability: record.recentProbability,
    leading: record.leading,
    severity: record.severity,
    highWindows: record.highWindows,
    stopWindows: record.stopWindows,
    stopTold: record.stopTold,
    heard: record.heard,
    updates: record.updates,
    told: record.told,
    toldMs: record.toldMs,
    lastEvent: record.lastEvent,
    beneath: record.beneath,
  };
}

/** The record after a decision: the process raises, returns or goes on. */
export function followDecision(record: AlarmRecord, said: ModeOfDecision, policy: AlertPolicy): AlarmRecord {
  return toOneRecord(follow(record, said, policy));
}

function follow(record: AlarmRecord, { decision, mode }: ModeOfDecision, policy: AlertPolicy): AlarmRecord {
  const { probability, risk } = mode;
  const wasActive = isConditionActive(record.alarm);
  if (!mode.active) {
    if (!wasActive) return { ...record, probability, risk };
    const returned = stepAlarm(record.alarm, { kind: "return", atMs: decision.toMs });
    return { ...record, probability, risk, highWindows: 0, alarm: expectStep(returned) };
  }
  let current = record;
  let former: FormerOccurrence | undefined = record.beneath;
  if (!wasActive) {
    // What was ended by an order and goes on all the same is another occurrence: one of an earlier beginning would be taken for told. None begins after its window.
    const isTold = mode.sinceMs === null || (record.sinceMs !== null && mode.sinceMs <= record.sinceMs);
    const sinceMs = isTold ? decision.fromMs : Math.min(mode.sinceMs, decision.fromMs);
    const alarm = expectStep(stepAlarm(record.alarm, { kind: "raise", sinceMs }));
    // A new occurrence: nothing of it has been told.
    former = isWithheld(alarm) ? findFormer(record) : undefined;
    current = { ...createAlarmRecord(record.point, mode), alarm, sinceMs };
  }
  const high = followHigh(current, { decision, mode }, policy);
  const toldDb = current.lastEvent?.data.severityDb;
  const stopTold = isStopTold(current, { toldDb, decision, policy }) || undefined;
  const recentProbability =
    current.recentProbability + recentShare * (probability - current.recentProbability);
  const lane = mode.lane ?? current.lane;
  const leading = followLeading(current.leading, mode.leadingMode ?? null);
  const next = { ...current, ...high, stopTold, probability, risk, lane, leading, recentProbability };
  return { ...next, beneath: former && followUntold(next, former, { decision, mode }) };
}

function findFormer({ lastEvent, updates, beneath }: AlarmRecord): FormerOccurrence | undefined {
  return lastEvent === null ? beneath : { former: lastEvent, formerUpdates: updates };
}

function followUntold(
  record: AlarmRecord,
  { former, formerUpdates }: FormerOccurrence,
  { decision, mode }: ModeOfDecision,
): UntoldOccurrence | undefined {
  const { alarm, severity, lane, sinceMs } = record;
  if (sinceMs === null) return undefined;
  const { horizonHours } = former.data;
  const leadingMode = findLeadingMode(record);
  const now = { state: alarm.state, severity, lane, leadingMode, sinceMs, explanation: null, horizonHours };
  const latest = createAlertEvent({ ...now, transition: "raised", updateNumber: 0, decision, mode });
  return { former, formerUpdates, latest };
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
  beneath: z
    .strictObject({
      former: alertEventSchema(),
      formerUpdates: z.int().min(0),
      latest: alertEventSchema(),
    })
    .optional(),
});
