/**
 * All alarms of a gateway: turns decisions into what subscribers must be told, and carries people's steps. Judges by no
 * clock and does no I/O. Telling is in two halves, because an explanation needs the model: `update` says what is due,
 * `announce` makes the event and remembers that it was told. What is not announced is due again with the next decision.
 */
import { z } from "zod";
import type { AlarmState, AlertEvent, AlertSeverity, AlertTransition } from "../../contract/alert.ts";
import type { AlarmLane, Decision } from "../../contract/prediction.ts";
import { failed, ok, type Result } from "../../contract/result.ts";
import type { PointId } from "../../contract/stream.ts";
import {
  type AlarmStep,
  findShelvingEnd,
  followShelving,
  isConditionActive,
  stepAlarm,
} from "./alarm-lifecycle.ts";
import {
  type AlarmRecord,
  alarmRecordSchema,
  createAlarmRecord,
  findLeadingMode,
  followDecision,
  type ModeOfDecision,
} from "./alarm-record.ts";
import { findDueTransition, tellDecision, tellStep } from "./alarm-telling.ts";
import { type AlertContext, nameAlarm } from "./alert-event.ts";
import { type AlertPolicy, defaultAlertPolicy, renumberUpdates } from "./alert-policy.ts";

/** Something that subscribers must be told. */
export interface DueAlert extends ModeOfDecision {
  readonly transition: AlertTransition;
  /** Index of the mode among the model's outputs: which explanation to ask for. */
  readonly output: number;
  /** The occurrence it speaks of. */
  readonly sinceMs: number;
}

export interface AlarmName {
  readonly point: PointId;
  readonly failureMode: string;
}

/** A step that a person (or a rule of the site) takes. */
export type PersonStep = Exclude<AlarmStep, { readonly kind: "raise" | "return" }>;

/** An alarm that is not normal, for the turbine's retained state. */
export interface OpenAlarm extends PointId {
  readonly failureMode: string;
  readonly state: AlarmState;
  readonly sinceMs: number;
  readonly probability: number;
  /** Risk at the site's prior; null: not known. */
  readonly risk: number | null;
  /** What raised it; null: not known. */
  readonly lane: AlarmLane | null;
  /** Another failure mode that the machine has looked like for a while; null: none. */
  readonly leadingMode: string | null;
  readonly severity: AlertSeverity;
  /** Is the process in the alarm's condition now, whether or not people are shown it? */
  readonly conditionActive: boolean;
  /** Who acknowledged or withheld it; null: nobody has. */
  readonly by: string | null;
  /** When its shelving ends; null: it is not shelved. */
  readonly untilMs: number | null;
}

/** Which alarms are over, and why. */
export interface RetirementOrder {
  isOver(alarm: AlarmName): boolean;
  readonly atMs: number;
  /** In words, for whoever reads that an alarm was cleared. */
  readonly reason: string;
}

/** All alarms of a gateway. */
export interface AlarmRegister {
  /** Takes one decision of any point; returns what is due, in the order of the modes. */
  update(decision: Decision): DueAlert[];
  /** How often a decision has begun, ended or escalated an alarm of which nothing was due: of that no event tells. */
  readonly silentChanges: number;
  /**
   * Makes the event of a due alert and remembers that it was told; null when the alarm has gone on meanwhile.
   */
  announce(due: DueAlert, context: AlertContext): AlertEvent | null;
  /**
   * A person's step. The value is the event to publish, or null when subscribers have not been told of the alarm; the
   * error says why the step is not possible now.
   */
  step(alarm: AlarmName, step: PersonStep, atMs: number): Result<AlertEvent | null, string>;
  /**
   * Shows again whatever was shelved until `atMs` or earlier, whether its machine runs, stands or is no longer watched. Of
   * each the event to publish, or null where nobody was ever told of it; if it stands, its next window raises it.
   * @param passedMs since it was called last, by which its hours are counted
   */
  endShelvings(atMs: number, passedMs?: number): (AlertEvent | null)[];
  /**
   * The clock was set by so many ms, ahead (> 0) or back: what was shelved since this register was made ends after the same time as
   * before. What is of before a restart keeps its calendar's end: nobody knows by which clock it began. Returns what was moved.
   */
  moveShelvings(byMs: number): OpenAlarm[];
  /** Clears alarms that no evidence can end, or need not; returns the events to publish. */
  retire(order: RetirementOrder): AlertEvent[];
  /** Lets go of alarms that are another's to tell of: nobody hears of it. Returns those that were not normal. */
  handOver(isAnothers: (alarm: AlarmName) => boolean): OpenAlarm[];
  /** The alarms of a turbine, of all of a site, or of all sites that this gateway has had, that are not normal, oldest first. */
  list(site?: string, turbine?: string): OpenAlarm[];
  /**
   * All that must survive a restart, as plain JSON. To be stored in one write with the deciders' snapshots: a decider
   * that forgot an alarm which the register remembers would clear it.
   */
  snapshot(): AlarmRegisterSnapshot;
}

/** All alarms, as they are kept. */
export interface AlarmRegisterSnapshot {
  readonly records: readonly AlarmRecord[];
}

/** Validator of {@link AlarmRegisterSnapshot}: a snapshot comes from a disk. */
export const alarmRegisterSnapshotSchema: z.ZodType<AlarmRegisterSnapshot> = z.strictObject({
  records: z.array(alarmRecordSchema).max(100_000),
});

/** Creates a register, empty or from a snapshot. `nowMs` is asked for the ids of what is raised alone; default: they have no time. */
export function createAlarmRegister(
  policy: AlertPolicy = defaultAlertPolicy,
  snapshot?: AlarmRegisterSnapshot,
  nowMs: () => number = () => 0,
): AlarmRegister {
  const records = new Map<string, AlarmRecord>(
    snapshot?.records.map((record) => [nameAlarm(record.point, record.failureMode), record]),
  );
  let silentChanges = 0;
  /** Alarms that were shelved here; some are not any more. */
  const shelvedHere = new Set<string>();
  return {
    get silentChanges() {
      return silentChanges;
    },
    update(decision) {
      const { point } = decision;
      const due: DueAlert[] = [];
      for (const [output, mode] of decision.modes.entries()) {
        const name = nameAlarm(point, mode.failureMode);
        const before = records.get(name) ?? (mode.active ? createAlarmRecord(point, mode) : undefined);
        if (before === undefined) continue;
        const said = { decision, mode };
        const record = followDecision(before, said, policy);
        records.set(name, record);
        const transition = findDueTransition(record, said, policy);
        if (transition === null && hasStepped(record, before)) silentChanges++;
        if (transition !== null && record.sinceMs !== null)
          due.push({ transition, decision, mode, output, sinceMs: record.sinceMs });
      }
      return due;
    },
    announce(due, context) {
      const name = nameAlarm(due.decision.point, due.mode.failureMode);
      const record = records.get(name);
      if (record === undefined) return null;
      const updates = due.transition === "raised" ? renumberUpdates(record.updates, nowMs()) : record.updates;
      const told = tellDecision({ ...record, updates }, due, context);
      if (told === null) return null;
      records.set(name, told.record);
      return told.event;
    },
    step({ point, failureMode }, step, atMs) {
      const name = nameAlarm(point, failureMode);
      const record = records.get(name) ?? createAlarmRecord(point, { failureMode, probability: 0 });
      const next = stepAlarm(record.alarm, step);
      if (!next.ok) return failed(next.error);
      if (step.kind === "shelve") shelvedHere.add(name);
      const transition = step.kind === "acknowledge" ? "acknowledged" : "updated";
      const told = tellStep({ ...record, alarm: next.value }, { transition, atMs });
      records.set(name, told.record);
      return ok(told.event);
    },
    endShelvings(atMs, passedMs = 0) {
      const events: (AlertEvent | null)[] = [];
      for (const [name, record] of records) {
        const alarm = followShelving(record.alarm, atMs, passedMs);
        if (alarm === record.alarm) continue;
        const next = { ...record, alarm };
        records.set(name, next);
        if (alarm.state === "shelved") continue;
        const told = tellStep(next, { transition: "updated", atMs });
        records.set(name, told.record);
        events.push(told.event);
      }
      return events;
    },
    moveShelvings(byMs) {
      const moved: OpenAlarm[] = [];
      for (const name of shelvedHere) {
        const record = records.get(name);
        if (record?.alarm.state !== "shelved") continue;
        const { alarm } = record;
        const shifted = { ...alarm, atMs: alarm.atMs + byMs, untilMs: alarm.untilMs + byMs };
        const next = { ...record, alarm: shifted };
        records.set(name, next);
        moved.push(toOpenAlarm(next));
      }
      return moved;
    },
    retire({ isOver, atMs, reason }) {
      const events: AlertEvent[] = [];
      for (const [name, record] of records) {
        if (!isOver(record)) continue;
        const returned = stepAlarm(record.alarm, { kind: "return", atMs });
        if (!returned.ok) continue;
        const told = tellStep({ ...record, alarm: returned.value }, { transition: "cleared", atMs, reason });
        records.set(name, told.record);
        if (told.event !== null) events.push(told.event);
      }
      return events;
    },
    handOver(isAnothers) {
      const gone = [...records].filter(([, record]) => isAnothers(record));
      for (const [name] of gone) records.delete(name);
      return gone.map(([, record]) => toOpenAlarm(record)).filter(({ state }) => state !== "normal");
    },
    list: (site, turbine) =>
      [...records.values()]
        .filter(({ point, alarm }) => {
          const isAsked =
            (site === undefined || point.site === site) &&
            (turbine === undefined || point.turbine === turbine);
          return isAsked && alarm.state !== "normal";
        })
        .map(toOpenAlarm)
        .sort((a, b) => a.sinceMs - b.sinceMs),
    snapshot: () => ({ records: [...records.values()] }),
  };
}

function toOpenAlarm(record: AlarmRecord): OpenAlarm {
  const { point, failureMode, alarm, sinceMs, probability, severity } = record;
  return {
    site: point.site,
    turbine: point.turbine,
    component: point.component,
    failureMode,
    severity,
    risk: record.risk ?? null,
    lane: record.lane ?? null,
    leadingMode: findLeadingMode(record) ?? null,
    state: alarm.state,
    sinceMs: sinceMs ?? ("atMs" in alarm ? alarm.atMs : 0),
    probability,
    conditionActive: isConditionActive(alarm),
    by: "by" in alarm ? alarm.by : null,
    untilMs: findShelvingEnd(alarm),
  };
}

/** Has an alarm begun, ended, escalated or been acted upon since it was kept as `before`? */
export function hasStepped(
  { alarm, sinceMs, severity }: AlarmRecord,
  before: AlarmRecord | undefined,
): boolean {
  return alarm !== before?.alarm || sinceMs !== before.sinceMs || severity !== before.severity;
}
