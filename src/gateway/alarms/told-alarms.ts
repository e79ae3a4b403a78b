/**
 * Which alarms stand by the alerts that the last run told and that still wait, for a sink or the outbox: of a component whose own text
 * is lost they are the gateway's last word, later than any retained state.
 */
import { z } from "zod";
import { type AlertEvent, alertEventSchema } from "../../core/contract/alert.ts";
import type { AlarmRecord } from "../../core/decision/alarms/alarm-record.ts";
import { nameAlarm } from "../../core/decision/alarms/alert-event.ts";
import { recallAlarm } from "../../core/decision/alarms/recalled-alarm.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { nameComponent, readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import { unrecordedKey } from "./alert-journal.ts";
import { unpublishedKey } from "./alert-sink.ts";

interface ToldAlarmsOptions {
  readonly state: StateStore;
  readonly logger: Logger;
  readonly nowMs: number;
}

/**
 * `recalled`, with what was told later in its place.
 * @param lost names of the components whose texts cannot be read; null: of any
 */
export function replaceByTold(
  recalled: readonly AlarmRecord[],
  lost: readonly string[] | null,
  { state, logger, nowMs }: ToldAlarmsOptions,
): readonly AlarmRecord[] {
  if (lost?.length === 0) return recalled;
  const schema = z.array(alertEventSchema());
  // What waits for the outbox ends with the last event of each alarm that it has any of.
  const waiting = [unpublishedKey, unrecordedKey].flatMap(
    (key) => readKept<AlertEvent[]>(state, { key, schema, logger }) ?? [],
  );
  const told = new Map<string, AlertEvent>();
  for (const event of waiting) {
    if (lost !== null && !lost.includes(nameComponent(event.data))) continue;
    told.set(nameAlarm(event.data, event.data.failureMode), event);
  }
  const later = [...told.values()].flatMap(({ data, time }) => {
    const { site, turbine, component } = data;
    const record = recallAlarm(data, {
      point: { site, turbine, component },
      saidMs: Date.parse(time),
      nowMs,
    });
    return record === null ? [] : [record];
  });
  return [...recalled.filter(({ point, failureMode }) => !told.has(nameAlarm(point, failureMode))), ...later];
}
