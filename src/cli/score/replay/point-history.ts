/** What happened to one point of a replay: collected while it is told its past, and summed up as `--json` prints it. */
import type { AlertEvent, AlertOutlook, AlertSeverity } from "../../../core/contract/alert.ts";
import type { PhysicalEvidence } from "../../../core/contract/physical-evidence.ts";
import type { AlarmLane, Decision } from "../../../core/contract/prediction.ts";
import type { BaselineStatus } from "../../../core/decision/reference/baseline-status.ts";
import { createLossCounter, type Losses } from "../files/file-report.ts";
import { formatMoment } from "../files/time-doubts.ts";
import type { ReplaySink } from "./replay-point.ts";

/** One alarm; times are ISO 8601 UTC, null: not yet. */
export interface ReplayedAlarm {
  readonly failureMode: string;
  readonly raisedAt: string;
  readonly clearedAt: string | null;
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
}

/** What an alarm grew to until it was cleared, or until now. */
interface WorstOfAlarm {
  readonly severity: AlertSeverity;
  /** Highest of its windows, dB above the own reference, and when that was; null: not known. */
  readonly severityDb: number | null;
  readonly severityDbAt: string | null;
  /** As the alarm said last; null: it did not. */
  readonly lastOutlook: AlertOutlook | null;
}

/** News of the point's own reference. */
export interface BaselineNews {
  readonly at: string;
  readonly kind: string;
  readonly detail: string;
}

/** One point in `aurora score --decide --json`. */
export interface PointReport {
  readonly point: string;
  /** When its own reference was there; null: not yet. */
  readonly learntAt: string | null;
  /** `none`: the bundle knows no references; `refused`: what was learnt so far looks faulty, and is none. */
  readonly state: "none" | "learning" | "refused" | "own-reference";
  /** Why it was refused; null unless it was. */
  readonly refusal: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly recordings: number;
  /** Of the shaft in the longest of them; null: there was none. */
  readonly mostRevolutions: number | null;
  /** Those most of whose samples were set aside: how the machine was then is not known. */
  readonly unheardRecordings: number;
  /** End of the last window that was decided; null: none was. */
  readonly heardUntil: string | null;
  /** Windows that were decided. */
  readonly windows: number;
  /** Windows that the reference rests on, or that were learnt from so far. */
  readonly learntWindows: number;
  readonly suspicions: readonly string[];
  readonly reference: readonly BaselineNews[];
  readonly alarms: readonly ReplayedAlarm[];
  readonly setAside: Losses & {
    readonly recordings: Readonly<Record<SetAsideRecording, number>>;
  };
}

/** Why a recording was not played. */
export type SetAsideRecording = "sameTime" | "overlapping";

export interface PointHistory {
  readonly sink: ReplaySink;
  noteRecording(startMs: number): void;
  /** Of the recording that was noted last: what was read of it. */
  noteEnd(endMs: number, length: { readonly revolutions: number; readonly samples: number }): void;
  noteSetAside(why: SetAsideRecording): void;
  report(): PointReport;
}

/** An alarm whose story goes on. */
type OpenAlarm = { -readonly [Key in keyof ReplayedAlarm]: ReplayedAlarm[Key] };

interface AlarmList {
  readonly alarms: readonly ReplayedAlarm[];
  /** Comes before the events of the same decision. */
  noteDecision(decision: Decision): void;
  follow(event: AlertEvent): void;
}

function createAlarmList(): AlarmList {
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
      severity: data.severity,
      lane,
      since: shorten(data.since),
      criticalAt: data.severity === "critical" ? shorten(time) : null,
      criticalEvidence: null,
      probability: data.probability,
      severityDb,
      reason: describeReason(data, lane),
      evidence: data.evidence ?? null,
      outlook,
      worst: {
        severity: data.severity,
        severityDb,
        severityDbAt: severityDb === null ? null : shorten(time),
        lastOutlook: outlook,
      },
      leadingMode: null,
      leadingModeAt: null,
    });
  };
  return {
    alarms,
    noteDecision: ({ modes, toMs, severityDb = null }) => {
      if (severityDb === null) return;
      for (const { failureMode, active } of modes) {
        const open = active ? findOpen(failureMode) : undefined;
        if (open === undefined || severityDb <= (open.worst.severityDb ?? Number.NEGATIVE_INFINITY)) continue;
        open.worst = { ...open.worst, severityDb, severityDbAt: formatMoment(toMs) };
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
      const lastOutlook = data.outlook ?? open.worst.lastOutlook;
      open.worst = { ...open.worst, severity: data.severity, lastOutlook };
      if (type === "io.aurora.alert.cleared.v1") open.clearedAt = shorten(time);
    },
  };
}

/** Starts the history of a point that was never heard of. */
export function createPointHistory(name: string): PointHistory {
  const { alarms, noteDecision, follow } = createAlarmList();
  const reference: BaselineNews[] = [];
  const losses = createLossCounter();
  const setAside = { sameTime: 0, overlapping: 0 };
  let status: BaselineStatus | null = null;
  let learntMs: number | null = null;
  let [fromMs, toMs, heardMs, recordings, windows] = [Number.NaN, Number.NaN, Number.NaN, 0, 0];
  let mostRevolutions: number | null = null;
  let unheardRecordings = 0;
  /** Of the recording that is played. */
  let lostSamples = 0;

  return {
    sink: {
      onDecision: (decision, scored) => {
        noteDecision(decision);
        if (scored === null) return;
        windows++;
        heardMs = decision.toMs;
      },
      onAlert: follow,
      onBaseline: (atMs, now, event) => {
        status = now;
        if (now.state === "ready") learntMs ??= atMs;
        if (event !== null)
          reference.push({ at: formatMoment(atMs), kind: event.kind, detail: event.detail });
      },
      setAside: (quarantine, lostWindows) => {
        losses.update(quarantine, lostWindows);
        if (lostWindows === 0) lostSamples += quarantine.samples;
      },
    },
    noteRecording: (startMs) => {
      recordings++;
      lostSamples = 0;
      if (Number.isNaN(fromMs)) fromMs = startMs;
    },
    noteEnd: (endMs, { revolutions, samples }) => {
      if (lostSamples > samples / 2) unheardRecordings++;
      if (Number.isFinite(revolutions)) mostRevolutions = Math.max(mostRevolutions ?? 0, revolutions);
      toMs = endMs;
    },
    noteSetAside: (why) => {
      setAside[why]++;
    },
    report: () => ({
      point: name,
      learntAt: learntMs === null ? null : formatMoment(learntMs),
      state: status === null ? "none" : status.state === "ready" ? "own-reference" : status.state,
      refusal: status?.refusal ?? null,
      from: Number.isNaN(fromMs) ? null : formatMoment(fromMs),
      to: Number.isNaN(toMs) ? null : formatMoment(toMs),
      recordings,
      mostRevolutions,
      unheardRecordings,
      heardUntil: Number.isNaN(heardMs) ? null : formatMoment(heardMs),
      windows,
      learntWindows: status?.windows ?? 0,
      suspicions: status?.suspicions ?? [],
      reference,
      alarms,
      setAside: { ...losses.losses, recordings: setAside },
    }),
  };
}

/** What an alert says of its reasons; what the spectrum shows stands behind it, where it is known. */
function describeReason(
  { probability, threshold, severityDb, evidence }: AlertEvent["data"],
  lane: AlarmLane | null,
): string {
  const rest =
    lane === "slow" ? ", gathered above how it was before" : ` (threshold ${threshold.toFixed(2)})`;
  const level =
    severityDb === undefined || severityDb === null
      ? ""
      : `, ${Math.abs(severityDb).toFixed(1)} dB ${severityDb < 0 ? "below" : "above"} its own reference`;
  const shown = evidence === undefined ? "" : `. ${evidence.sentence.replace(/\.$/, "")}`;
  return `probability ${probability.toFixed(2)}${rest}${level}${shown}`;
}

function shorten(time: string): string {
  return time.replace(".000Z", "Z");
}
