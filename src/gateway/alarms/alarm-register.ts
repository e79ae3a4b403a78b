/**
 * All alarms of a gateway: turns decisions into what subscribers must be told, and carries people's steps. Holds no
 * clock and does no I/O. Telling is in two halves, because an explanation needs the model: `update` says what is due,
 * `announce` makes the event and remembers that it was told. What is not announced is due again with the next
 * decision, under the same id.
 */
import type { AlarmState, AlertEvent, AlertTransition } from "../../core/contract/alert.ts";
import type { Decision, Explanation, ModeDecision } from "../../core/contract/prediction.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import type { PointId } from "../../core/contract/stream.ts";
import { type AlarmStep, isConditionActive, isWithheld, normalAlarm, stepAlarm } from "./alarm-lifecycle.ts";
import type { AlarmRecord, AlarmRegisterSnapshot } from "./alarm-record.ts";
import { createAlertEvent, nameAlarm, repeatAlertEvent } from "./alert-event.ts";
import {
  type AlertPolicy,
  defaultAlertPolicy,
  isHighWindow,
  isMaterialChange,
  judgeSeverity,
} from "./alert-policy.ts";

/** Something that subscribers must be told. */
export interface DueAlert {
  readonly transition: AlertTransition;
  readonly decision: Decision;
  readonly mode: ModeDecision;
  /** Index of the mode among the model's outputs: which explanation to ask for. */
  readonly output: number;
  /** The occurrence it speaks of. */
  readonly sinceMs: number;
}

/** A step that a person (or a rule of the site) takes. */
export type PersonStep = Exclude<AlarmStep, { readonly kind: "raise" | "return" }>;

/** An alarm that is not normal, for the turbine's retained state. */
export interface OpenAlarm {
  readonly component: string;
  readonly failureMode: string;
  readonly state: AlarmState;
  readonly sinceMs: number;
  readonly probability: number;
  /** Is the process in the alarm's condition now, whether or not people are shown it? */
  readonly conditionActive: boolean;
}

/** All alarms of a gateway. */
export interface AlarmRegister {
  /** Takes one decision of any point; returns what is due, in the order of the modes. */
  update(decision: Decision): DueAlert[];
  /**
   * Makes the event of a due alert and remembers that it was told; null when the alarm has gone on meanwhile.
   * Without an explanation the event shows the whole score as gap.
   */
  announce(
    due: DueAlert,
    context: { readonly explanation: Explanation | null; readonly horizonHours: number | null },
  ): AlertEvent | null;
  /**
   * A person's step. The value is the event to publish, or null when subscribers have not been told of the alarm; the
   * error says why the step is not possible now.
   */
  step(
    point: PointId,
    failureMode: string,
    step: PersonStep,
    atMs: number,
  ): Result<AlertEvent | null, string>;
  /** Clears the alarms of a point whose failure modes the model no longer knows; returns the events to publish. */
  retire(point: PointId, knownModes: readonly string[], atMs: number): AlertEvent[];
  /** The alarms of a turbine that are not normal, oldest first. */
  list(site: string, turbine: string): OpenAlarm[];
  /**
   * All that must survive a restart, as plain JSON. To be stored in one write with the deciders' snapshots: a decider
   * that forgot an alarm which the register remembers would clear it.
   */
  snapshot(): AlarmRegisterSnapshot;
}

/** What the last window adds to an alarm's recent probability. */
const recentShare = 0.2;

/** Creates a register, empty or from a snapshot. */
export function createAlarmRegister(
  policy: AlertPolicy = defaultAlertPolicy,
  snapshot?: AlarmRegisterSnapshot,
): AlarmRegister {
  const records = new Map<string, AlarmRecord>();
  for (const record of snapshot?.records ?? [])
    records.set(nameAlarm(record.point, record.failureMode), record);

  return {
    update(decision) {
      const due: DueAlert[] = [];
      expireShelves(records, decision);
      for (const [output, mode] of decision.modes.entries()) {
        const name = nameAlarm(decision.point, mode.failureMode);
        const before = records.get(name) ?? (mode.active ? createRecord(decision.point, mode) : undefined);
        if (before === undefined) continue;
        const record = follow(before, mode, decision, policy);
        records.set(name, record);
        const transition = findDue(record, mode, decision, policy);
        if (transition !== null && record.sinceMs !== null) {
          due.push({ transition, decision, mode, output, sinceMs: record.sinceMs });
        }
      }
      return due;
    },
    announce(due, { explanation, horizonHours }) {
      const name = nameAlarm(due.decision.point, due.mode.failureMode);
      const record = records.get(name);
      const expected = due.transition === "raised" ? "nothing" : "raised";
      if (record === undefined || record.sinceMs !== due.sinceMs || record.told !== expected) return null;
      const updates = record.updates + (due.transition === "updated" ? 1 : 0);
      const event = createAlertEvent({
        transition: due.transition,
        updateNumber: updates,
        decision: due.decision,
        mode: due.mode,
        state: record.alarm.state,
        severity: record.severity,
        sinceMs: due.sinceMs,
        explanation,
        horizonHours,
      });
      const told = due.transition === "cleared" ? "cleared" : "raised";
      records.set(name, { ...record, told, updates, toldMs: due.decision.toMs, lastEvent: event });
      return event;
    },
    step(point, failureMode, step, atMs) {
      const name = nameAlarm(point, failureMode);
      const record = records.get(name) ?? createRecord(point, { failureMode, probability: 0 });
      const next = stepAlarm(record.alarm, step);
      if (!next.ok) return failed(`${name}: ${next.error}`);
      const transition = step.kind === "acknowledge" ? "acknowledged" : "updated";
      const [changed, event] = tell({ ...record, alarm: next.value }, transition, atMs);
      records.set(name, changed);
      return ok(event);
    },
    retire(point, knownModes, atMs) {
      const events: AlertEvent[] = [];
      for (const [name, record] of records) {
        if (!isOf(record, point) || knownModes.includes(record.failureMode)) continue;
        const returned = stepAlarm(record.alarm, { kind: "return", atMs });
        if (!returned.ok) continue;
        const [changed, event] = tell({ ...record, alarm: returned.value }, "cleared", atMs);
        records.set(name, changed);
        if (event !== null) events.push(event);
      }
      return events;
    },
    list(site, turbine) {
      const open: OpenAlarm[] = [];
      for (const { point, failureMode, alarm, sinceMs, probability } of records.values()) {
        if (point.site !== site || point.turbine !== turbine || alarm.state === "normal") continue;
        open.push({
          component: point.component,
          failureMode,
          state: alarm.state,
          sinceMs: sinceMs ?? ("atMs" in alarm ? alarm.atMs : 0),
          probability,
          conditionActive: isConditionActive(alarm),
        });
      }
      return open.sort((a, b) => a.sinceMs - b.sinceMs);
    },
    snapshot: () => ({ records: [...records.values()] }),
  };
}

function createRecord(point: PointId, mode: Pick<ModeDecision, "failureMode" | "probability">): AlarmRecord {
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
function follow(
  record: AlarmRecord,
  mode: ModeDecision,
  decision: Decision,
  policy: AlertPolicy,
): AlarmRecord {
  const { probability } = mode;
  const wasActive = isConditionActive(record.alarm);
  if (!mode.active) {
    if (!wasActive) return { ...record, probability };
    const returned = stepAlarm(record.alarm, { kind: "return", atMs: decision.toMs });
    return { ...record, probability, highWindows: 0, alarm: expectStep(returned) };
  }
  let current = record;
  if (!wasActive) {
    const sinceMs = mode.sinceMs ?? decision.fromMs;
    const alarm = expectStep(stepAlarm(record.alarm, { kind: "raise", sinceMs }));
    // A new occurrence: nothing of it has been told.
    current = { ...createRecord(record.point, mode), alarm, sinceMs };
  }
  const isHigh =
    mode.isAdvisory !== true &&
    isHighWindow({ probability, severityDb: decision.severityDb ?? null }, policy);
  const highWindows = isHigh ? current.highWindows + 1 : 0;
  const severity = judgeSeverity(current.severity, highWindows, policy);
  const recentProbability =
    current.recentProbability + recentShare * (probability - current.recentProbability);
  return { ...current, probability, recentProbability, highWindows, severity };
}

function findDue(
  record: AlarmRecord,
  mode: ModeDecision,
  decision: Decision,
  policy: AlertPolicy,
): AlertTransition | null {
  // That an alarm is over is told even while it is withheld: subscribers were told that it began.
  if (!mode.active) return record.told === "raised" ? "cleared" : null;
  if (isWithheld(record.alarm)) return null;
  if (record.told === "nothing") return "raised";
  const { lastEvent, severity } = record;
  if (record.told !== "raised" || lastEvent === null) return null;
  const told = {
    severity: lastEvent.data.severity,
    probability: lastEvent.data.probability,
    modelDigest: lastEvent.data.model.digest,
    atMs: record.toldMs,
  };
  const now = {
    severity,
    probability: mode.probability,
    modelDigest: decision.model.digest,
    atMs: decision.toMs,
  };
  return isMaterialChange(told, now, record.recentProbability, policy) ? "updated" : null;
}

/** The record and the event after a step without a window; no event when the alarm was never told. */
function tell(
  record: AlarmRecord,
  transition: AlertTransition,
  atMs: number,
): [AlarmRecord, AlertEvent | null] {
  const { lastEvent, sinceMs } = record;
  const isTold = record.told === "raised" || (record.told === "cleared" && transition === "acknowledged");
  if (lastEvent === null || sinceMs === null || !isTold) return [record, null];
  const updates = record.updates + (transition === "updated" ? 1 : 0);
  const change = { transition, updateNumber: updates, sinceMs, state: record.alarm.state, atMs };
  const event = repeatAlertEvent(lastEvent, change);
  const told = transition === "cleared" ? "cleared" : record.told;
  return [{ ...record, updates, told, lastEvent: event }, event];
}

/** Ends the shelving of a point's alarms whose time is over. */
function expireShelves(records: Map<string, AlarmRecord>, decision: Decision): void {
  for (const [name, record] of records) {
    if (record.alarm.state !== "shelved" || !isOf(record, decision.point)) continue;
    if (decision.toMs < record.alarm.untilMs) continue;
    records.set(name, { ...record, alarm: expectStep(stepAlarm(record.alarm, { kind: "unshelve" })) });
  }
}

function isOf(record: AlarmRecord, point: PointId): boolean {
  const { site, turbine, component } = record.point;
  return site === point.site && turbine === point.turbine && component === point.component;
}

/** The register only takes the process's steps that are in order: anything else is a bug here. */
function expectStep<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
