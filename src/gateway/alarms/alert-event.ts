/** Builds what subscribers see of an alarm: a CloudEvent whose id depends on nothing but what it speaks of. */
import type { AlarmState, AlertEvent, AlertSeverity, AlertTransition } from "../../core/contract/alert.ts";
import type { Decision, Explanation, ModeDecision } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import { computeTraceId } from "./trace-id.ts";

/** All that an event is made of. */
export interface AlertParts {
  readonly transition: AlertTransition;
  /** 1, 2, … for `updated`; other transitions happen once an alarm. */
  readonly updateNumber: number;
  readonly decision: Decision;
  readonly mode: ModeDecision;
  readonly state: AlarmState;
  readonly severity: AlertSeverity;
  readonly sinceMs: number;
  /** Null when the window could not be explained: the event then shows the whole score as gap. */
  readonly explanation: Explanation | null;
  /** Hours ahead that the alert speaks of; null for a diagnosis. */
  readonly horizonHours: number | null;
}

/** Name of an alarm: `<site>/<turbine>/<component>/<failureMode>`. */
export function nameAlarm(point: PointId, failureMode: string): string {
  return `${point.site}/${point.turbine}/${point.component}/${failureMode}`;
}

/** Idempotent id: alarm, beginning, transition, and the number of an update. */
export function nameAlertEvent(
  alarm: string,
  sinceMs: number,
  transition: AlertTransition,
  updateNumber: number,
): string {
  const id = `${alarm}/${sinceMs}/${transition}`;
  return transition === "updated" ? `${id}/${updateNumber}` : id;
}

/** The event. */
export function createAlertEvent(parts: AlertParts): AlertEvent {
  const { transition, decision, mode, sinceMs } = parts;
  const { point, model } = decision;
  return {
    specversion: "1.0",
    id: nameAlertEvent(nameAlarm(point, mode.failureMode), sinceMs, transition, parts.updateNumber),
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
      severity: parts.severity,
      state: parts.state,
      probability: mode.probability,
      score: mode.score,
      threshold: mode.threshold,
      horizonHours: parts.horizonHours,
      ...(decision.severityDb === undefined ? {} : { severityDb: decision.severityDb }),
      ...(decision.inferredOn === undefined ? {} : { inferredOn: decision.inferredOn }),
      since: formatTime(sinceMs),
      operatingState: decision.operatingState,
      window: { from: formatTime(decision.fromMs), to: formatTime(decision.toMs), id: decision.windowId },
      explanation: parts.explanation ?? { baseValue: 0, groups: [], gap: Math.abs(mode.score) },
      model: { name: model.name, version: model.version, digest: model.digest },
      traceId: computeTraceId(decision.windowId),
    },
  };
}

/** A later event of the same alarm without a new window: a person's step, or the end of a model's knowledge. */
export function repeatAlertEvent(
  event: AlertEvent,
  change: {
    readonly transition: AlertTransition;
    readonly updateNumber: number;
    readonly sinceMs: number;
    readonly state: AlarmState;
    readonly atMs: number;
  },
): AlertEvent {
  const { site, turbine, component, failureMode } = event.data;
  const alarm = nameAlarm({ site, turbine, component }, failureMode);
  return {
    ...event,
    id: nameAlertEvent(alarm, change.sinceMs, change.transition, change.updateNumber),
    type: `io.aurora.alert.${change.transition}.v1`,
    time: formatTime(change.atMs),
    data: { ...event.data, state: change.state },
  };
}

const lastMs = Date.UTC(9999, 11, 31);

/** Epoch ms as RFC 3339, UTC. A device's clock may say anything, and an alert must not fail for it: years 1970–9999. */
export function formatTime(epochMs: number): string {
  const bounded = Number.isNaN(epochMs) ? 0 : Math.min(Math.max(epochMs, 0), lastMs);
  return new Date(bounded).toISOString();
}
