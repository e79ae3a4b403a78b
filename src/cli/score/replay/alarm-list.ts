/** The alarms of one point of a replay, as `--json` prints them: each as it was raised, and what it grew to. */
import type { AlertEvent, AlertOutlook, AlertSeverity } from "../../../core/contract/alert.ts";
import type { PhysicalEvidence } from "../../../core/contract/physical-evidence.ts";
import type { AlarmLane, Decision } from "../../../core/contract/prediction.ts";
import { describeClearing, describeReason } from "../../../core/decision/alarm-reason.ts";
import type { PointWatch } from "../../../core/decision/point-watch.ts";
import { formatInstant } from "../files/time-doubts.ts";

/** One alarm; times are ISO 8601 UTC, null: not yet. */
export interface ReplayedAlarm {
  readonly failureMode: string;
  readonly raisedAt: string;
  readonly clearedAt: string | null;
  /** Why it was cleared, without a full stop at the end. */
  readonly clearedReason: string | null;
  /** Since when its signal has been near the healthy level, until it was cleared or until now; null: it is not. */
  readonly quietSince: string | null;
  /** When it was raised. */
  readonly severity: AlertSeverity;
  /** What raised it; null: whoever decided does not say. */
  readonly lane: AlarmLane | null;
  /** Beginning of the evidence that raised it. */
  readonly since: string;
  readonly criticalAt: string | null;
  /** What the spectrum showed when it became critical after it was raised; null: it did not, or nobody looked. */
  readonly criticalEvidence: PhysicalEvidence | null;
  /** When it was raised: calibrated, and dB above the own reference (null: not known). */
  readonly probability: number;
  readonly severityDb: number | null;
  /** Why that is not known although it had a reference; null: it is, or it had none. */
  readonly severityUnknown: string | null;
  /** Why it was raised, without a full stop at the end. */
  readonly reason: string;
  /** What the spectrum showed then; null: not known. */
  readonly evidence: PhysicalEvidence | null;
  /** How long the machine could run on, as it was said then; null: it was not. */
  readonly outlook: AlertOutlook | null;
  readonly worst: WorstOfAlarm;
  /** Another failure mode that the machine had looked like for a while when it was last told, and since when it was told; null: none. */
  readonly leadingMode: string | null;
  readonly leadingModeAt: string | null;
  /** Why it stands at the end although nothing shows it any more; null: it was cleared, its fault shows as far as is known, or it is quiet and only a day of data is missing. */
  readonly whyItStands: string | null;
}

/** What an alarm grew to until it was cleared, or until now. */
interface WorstOfAlarm {
  readonly severity: AlertSeverity;
  /** Highest of its windows of which it is known, dB above the own reference, and when that was; null: not known. */
  readonly severityDb: number | null;
  readonly severityDbAt: string | null;
  /** As the alarm said last, and when that was; null: it did not. */
  readonly lastOutlook: AlertOutlook | null;
  readonly lastOutlookAt: string | null;
}

/** An alarm whose story goes on. */
type OpenAlarm = { -readonly [Key in keyof ReplayedAlarm]: ReplayedAlarm[Key] };

/** The alarms of one point. */
interface AlarmList {
  readonly alarms: readonly ReplayedAlarm[];
  /** Comes before the events of the same decision. */
  noteDecision(decision: Decision): void;
  /** Comes before the events of the window that begins at `fromMs`. */
  noteHeld(fromMs: number, held: PointWatch["held"]): void;
  follow(event: AlertEvent): void;
}

/** Creates an empty list. */
export function createAlarmList(): AlarmList {
  const alarms: OpenAlarm[] = [];
  const findOpen = (failureMode: string): OpenAlarm | undefined =>
    alarms.findLast((alarm) => alarm.failureMode === failureMode && alarm.clearedAt === null);
  const raise = ({ data, time }: AlertEvent): void => {
    const lane = data.lane ?? null;
    const severityDb = data.severityDb ?? null;
    const outlook = data.outlook ?? null;
    alarms.push({
      failureMode: data.failureMode,
      raisedAt: shorten(time),
      clearedAt: null,
      clearedReason: null,
      quietSince: null,
      severity: data.severity,
      lane,
      since: shorten(data.since),
      criticalAt: data.severity === "critical" ? shorten(time) : null,
      criticalEvidence: null,
      probability: data.probability,
      severityDb,
      severityUnknown: data.severityUnknown ?? null,
      reason: describeReason(data),
      evidence: data.evidence ?? null,
      outlook,
      worst: {
        severity: data.severity,
        severityDb,
        severityDbAt: severityDb === null ? null : shorten(time),
        lastOutlook: outlook,
        lastOutlookAt: outlook === null ? null : shorten(time),
      },
      leadingMode: null,
      leadingModeAt: null,
      whyItStands: null,
    });
  };
  return {
    alarms,
    noteDecision: ({ modes, toMs, severityDb = null }) => {
      if (severityDb === null) return;
      for (const { failureMode, active } of modes) {
        const open = active ? findOpen(failureMode) : undefined;
        if (open === undefined || severityDb <= (open.worst.severityDb ?? Number.NEGATIVE_INFINITY)) continue;
        open.worst = { ...open.worst, severityDb, severityDbAt: formatInstant(toMs) };
      }
    },
    noteHeld: (fromMs, held) => {
      for (const { failureMode, isQuiet, whyItStands } of held) {
        const open = findOpen(failureMode);
        if (open === undefined) continue;
        open.quietSince = isQuiet ? (open.quietSince ?? formatInstant(fromMs)) : null;
        open.whyItStands = whyItStands;
      }
    },
    follow: (event) => {
      const { data, time, type } = event;
      if (type === "io.aurora.alert.raised.v1") return raise(event);
      const open = findOpen(data.failureMode);
      if (open === undefined) return;
      if (data.severity === "critical" && open.criticalAt === null) {
        open.criticalAt = shorten(time);
        open.criticalEvidence = data.evidence ?? null;
      }
      const leadingMode = data.leadingMode ?? null;
      if (leadingMode !== open.leadingMode) {
        open.leadingMode = leadingMode;
        open.leadingModeAt = leadingMode === null ? null : shorten(time);
      }
      open.worst = { ...open.worst, severity: data.severity };
      if (data.outlook !== undefined)
        open.worst = { ...open.worst, lastOutlook: data.outlook, lastOutlookAt: shorten(time) };
      if (type !== "io.aurora.alert.cleared.v1") return;
      open.clearedAt = shorten(time);
      open.whyItStands = null;
      open.clearedReason = describeClearing(data, open.quietSince);
    },
  };
}

function shorten(time: string): string {
  return time.replace(".000Z", "Z");
}
