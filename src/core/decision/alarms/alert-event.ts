/** Builds what subscribers see of an alarm: a CloudEvent whose id depends on nothing but what it speaks of. */
import type {
  AlarmState,
  AlertEvent,
  AlertOutlook,
  AlertSeverity,
  AlertTransition,
} from "../../contract/alert.ts";
import { formatTime } from "../../contract/iso-time.ts";
import { namePoint } from "../../contract/name-point.ts";
import type { PhysicalEvidence } from "../../contract/physical-evidence.ts";
import type { AlarmLane, Decision, Explanation, ModeDecision } from "../../contract/prediction.ts";
import type { PointId } from "../../contract/stream.ts";

/** What an event tells beside the decision. */
export interface AlertContext {
  /** Null when the window could not be explained: the event then shows the whole score as gap. */
  readonly explanation: Explanation | null;
  /** Hours ahead that the alert speaks of; null for a diagnosis. */
  readonly horizonHours: number | null;
  /** Null or absent: the bundle names no line of this failure mode. */
  readonly evidence?: PhysicalEvidence | null;
  /** Absent: nobody looked. */
  readonly outlook?: AlertOutlook | undefined;
}

/** All that an event is made of. */
interface AlertParts extends AlertContext {
  readonly transition: AlertTransition;
  /** Of the last `updated`, or of the beginning, rising; other transitions happen once an alarm. */
  readonly updateNumber: number;
  readonly decision: Decision;
  readonly mode: ModeDecision;
  readonly state: AlarmState;
  /** When it is shown again; null or absent: it is not shelved. */
  readonly untilMs?: number | null;
  readonly severity: AlertSeverity;
  /** Another failure mode that the machine has looked like for a while; absent: none. */
  readonly leadingMode?: string | undefined;
  /** What raised it, of which a decision that ends it says no more; absent: the decision says it, or nobody knows. */
  readonly lane?: AlarmLane | undefined;
  readonly sinceMs: number;
}

/** Name of an alarm: `<site>/<turbine>/<component>/<failureMode>`. */
export function nameAlarm(point: PointId, failureMode: string): string {
  return `${namePoint(point)}/${failureMode}`;
}

/** The event of a window. */
export function createAlertEvent(parts: AlertParts): AlertEvent {
  const { transition, decision, mode, sinceMs } = parts;
  const { point, model } = decision;
  const lane = mode.lane ?? parts.lane;
  // Nothing is ahead of a machine whose alarm is over.
  const outlook = transition === "cleared" ? undefined : parts.outlook;
  return {
    specversion: "1.0",
    id: nameEvent(nameAlarm(point, mode.failureMode), parts),
    source: `/${point.site}/${point.turbine}`,
    type: `io.aurora.alert.${transition}.v1`,
    time: formatTime(decision.toMs),
    subject: point.component,
    datacontenttype: "application/json",
    data: {
      turbine: point.turbine,
      site: point.site,
      component: point.component,
      failureMode: mode.failureMode,
      ...(parts.leadingMode === undefined ? {} : { leadingMode: parts.leadingMode }),
      severity: parts.severity,
      state: parts.state,
      ...(parts.untilMs == null ? {} : { until: formatTime(parts.untilMs) }),
      probability: mode.probability,
      ...(mode.risk === undefined ? {} : { risk: mode.risk }),
      ...(lane === undefined ? {} : { lane }),
      score: mode.score,
      threshold: mode.threshold,
      horizonHours: parts.horizonHours,
      ...(decision.severityDb === undefined ? {} : { severityDb: decision.severityDb }),
      ...(decision.severityUnknown == null ? {} : { severityUnknown: decision.severityUnknown }),
      ...(outlook === undefined ? {} : { outlook }),
      ...(decision.inferredOn === undefined ? {} : { inferredOn: decision.inferredOn }),
      since: formatTime(sinceMs),
      operatingState: decision.operatingState,
      window: { from: formatTime(decision.fromMs), to: formatTime(decision.toMs), id: decision.windowId },
      ...(parts.evidence == null ? {} : { evidence: parts.evidence }),
      explanation: parts.explanation ?? { baseValue: 0, groups: [], gap: Math.abs(mode.score) },
      model: { name: model.name, version: model.version, digest: model.digest },
      traceId: computeTraceId(decision.windowId),
    },
  };
}

/**
 * A later event of the same alarm without a new window: a person's step, or the end of a model's knowledge. How urgent the alarm
 * is and what it looks like may have changed unsaid; its probability stays that of the window which the event names.
 */
export function repeatAlertEvent(
  event: AlertEvent,
  change: Pick<
    AlertParts,
    "transition" | "updateNumber" | "sinceMs" | "state" | "untilMs" | "severity" | "leadingMode"
  > & {
    readonly atMs: number;
    readonly reason?: string | undefined;
  },
): AlertEvent {
  const { site, turbine, component, failureMode } = event.data;
  const { state, untilMs, severity, leadingMode } = change;
  const until = untilMs == null ? undefined : formatTime(untilMs);
  const alarm = nameAlarm({ site, turbine, component }, failureMode);
  return {
    ...event,
    id: nameEvent(alarm, change),
    type: `io.aurora.alert.${change.transition}.v1`,
    time: formatTime(change.atMs),
    data: { ...event.data, ...describeEnd(change), state, until, severity, leadingMode },
  };
}

/** Of an alarm that an order ended nothing is expected any more: what its last window said is no news. */
function describeEnd({
  transition,
  reason,
}: Pick<AlertParts, "transition"> & { readonly reason?: string | undefined }): Partial<AlertEvent["data"]> {
  if (transition !== "cleared" || reason === undefined) return {};
  return { risk: null, outlook: undefined, evidence: undefined, clearedBecause: reason };
}

/**
 * Idempotent id: alarm, beginning, transition and the number of the last update, which begins with the clock when the alarm is raised and
 * goes on from it with every start: a gateway that is set back to what it was tells nothing under an id of before.
 */
function nameEvent(
  alarm: string,
  { sinceMs, transition, updateNumber }: Pick<AlertParts, "sinceMs" | "transition" | "updateNumber">,
): string {
  return `${alarm}/${sinceMs}/${transition}/${updateNumber}`;
}

const offsetBasis = 0x6c62272e07bb014262b821756295c58dn;
const prime = 0x0000000001000000000000000000013bn;
const mask = (1n << 128n) - 1n;

/**
 * The trace id of a window: 32 hex digits as W3C Trace Context wants them, the same wherever it is computed. FNV-1a, 128
 * bits, over the UTF-8 bytes of the window's id (Fowler, Noll, Vo; RFC 9923). Not a secret, not a proof.
 */
export function computeTraceId(windowId: string): string {
  let hash = offsetBasis;
  for (const byte of new TextEncoder().encode(windowId)) hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash.toString(16).padStart(32, "0");
}
