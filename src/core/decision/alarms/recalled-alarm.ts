/**
 * An alarm whose gateway has lost its memory, as its record can be made of what was last said of it in public. Says nothing of
 * whether its fault is still there: that its gateway forgot it is no evidence.
 */
import type { AlertEvent, AlertTransition, SaidAlarm } from "../../contract/alert.ts";
import type { PointId } from "../../contract/stream.ts";
import { composeWindowId } from "../../contract/stream.ts";
import type { AnnunciatedAlarm } from "./alarm-lifecycle.ts";
import { type AlarmRecord, createAlarmRecord, leadingWindows } from "./alarm-record.ts";
import { createAlertEvent } from "./alert-event.ts";
import { mostDoublings, renumberUpdates } from "./alert-policy.ts";

/** Whose alarm it is, when that was said, and when it was read. */
interface SaidOf {
  readonly point: PointId;
  readonly saidMs: number;
  readonly nowMs: number;
}

/** Who acknowledged it is in no state. */
const somebody = "somebody, before this gateway knew of it";
/** No model: the first that decides on the point is another one, so that it is told anew, with what is known then. */
export const unsaidModel: AlertEvent["data"]["model"] = {
  name: "unknown",
  version: "unknown",
  digest: "unknown",
};

/**
 * The record of an alarm that stands, or that waits to be acknowledged; null: neither. Of one that was withheld nobody knows
 * until when and by whom: it is shown again, and needs no acknowledgement, for whoever withheld it knows of it.
 */
export function recallAlarm(said: SaidAlarm, { point, saidMs, nowMs }: SaidOf): AlarmRecord | null {
  const { leadingMode, risk, lane, severity = "warning" } = said;
  const sinceMs = Date.parse(said.since);
  const alarm = recallState(said.state, sinceMs, saidMs);
  if (alarm.state === "normal") return null;
  const told = alarm.state === "returned-unacknowledged" ? "cleared" : "raised";
  const lastEvent = createSaidEvent({ ...said, state: alarm.state }, { point, saidMs, transition: told });
  return {
    ...createAlarmRecord(point, said),
    alarm,
    sinceMs,
    risk: risk ?? null,
    lane,
    severity,
    ...(leadingMode === undefined ? {} : { leading: { failureMode: leadingMode, windows: leadingWindows } }),
    // How often it was told is not known: it is told as rarely as can be. The clock may not be set yet.
    updates: renumberUpdates(mostDoublings, Math.max(nowMs, saidMs, sinceMs)),
    told,
    lastEvent,
  };
}

/** What a state says of an alarm, as the event that is not known would tell it: of no window and no model. */
export function createSaidEvent(
  said: SaidAlarm,
  {
    point,
    saidMs,
    transition,
  }: Omit<SaidOf, "nowMs"> & { readonly transition: Extract<AlertTransition, "raised" | "cleared"> },
): AlertEvent {
  const { failureMode, leadingMode, state, probability, risk, lane, severity = "warning" } = said;
  const sinceMs = Date.parse(said.since);
  return createAlertEvent({
    transition,
    updateNumber: 0,
    decision: {
      point,
      windowId: composeWindowId(point, sinceMs),
      fromMs: saidMs,
      toMs: saidMs,
      operatingState: "information-unavailable",
      model: unsaidModel,
      modes: [],
    },
    mode: {
      failureMode,
      probability,
      risk: risk ?? null,
      score: 0,
      threshold: 0.5,
      active: transition === "raised",
      sinceMs,
    },
    state,
    severity,
    leadingMode,
    lane,
    sinceMs,
    explanation: null,
    horizonHours: null,
  });
}

function recallState(state: SaidAlarm["state"], sinceMs: number, saidMs: number): AnnunciatedAlarm {
  switch (state) {
    case "normal":
      return { state };
    case "unacknowledged":
      return { state, sinceMs };
    case "returned-unacknowledged":
      return { state, sinceMs, returnedMs: saidMs };
    case "acknowledged":
    case "shelved":
    case "suppressed":
    case "out-of-service":
      return { state: "acknowledged", sinceMs, acknowledgedMs: saidMs, by: somebody };
    default:
      return state satisfies never;
  }
}
