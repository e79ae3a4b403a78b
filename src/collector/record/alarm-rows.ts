/** Alarms and the steps of their lives as rows of a table, alike in every engine. */
import type { AlarmState, AlertEvent, AlertTransition } from "../../core/contract/alert.ts";
import { believeTime } from "./clock-rules.ts";
import type { AlarmingTurbine, AlarmLifeStep, RecordedAlarm } from "./fleet-record.ts";
import type { RecordRow } from "./record-rules.ts";

/** Steps of an alarm's life that are read: the first that came, and the newest. */
export const maxAlarmSteps = 100;

export function fromAlarmRow(row: RecordRow, steps: readonly AlarmLifeStep[]): RecordedAlarm {
  const event = JSON.parse(String(row.json)) as AlertEvent;
  const firstMs = Number(row.first_ms);
  return {
    alarm: Number(row.id),
    active: row.active === true || row.active === 1,
    sinceMs: believeTime(Date.parse(event.data.since), firstMs),
    firstMs,
    lastMs: Number(row.last_ms),
    event,
    steps,
  };
}

export function fromAlarmingRow({ site, turbine, alarms }: RecordRow): AlarmingTurbine {
  return { site: String(site), turbine: String(turbine), alarms: Number(alarms) };
}

export function fromAlarmStepRow(row: RecordRow): AlarmLifeStep {
  return {
    eventId: String(row.id),
    transition: row.transition as AlertTransition,
    state: row.state as AlarmState | null,
    timeMs: Number(row.time_ms),
    probability: Number(row.probability),
    risk: row.risk === null ? null : Number(row.risk),
  };
}
