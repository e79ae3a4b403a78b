/**
 * Which steps of an alarm's life were people's, and who did them: of that the alert tells nothing, but an event of its gateway.
 * Where there is none nobody is named.
 */
import { alarmEventNames, alertMark } from "../../core/contract/alarm-report.ts";
import type { AlarmState } from "../../core/contract/alert.ts";
import { maxAlarmSteps } from "../record/alarm-rows.ts";
import type { AlarmLifeStep, FleetRecord, RecordedAlarm } from "../record/fleet-record.ts";
import type { TurbineRef } from "../record/machine-record.ts";

/** By step: `by ana, until 2026-11-20T07:51:03.000Z`, in the words of the gateway's event. */
export type AlarmDeeds = ReadonlyMap<AlarmLifeStep, string>;

/** Asks the record for who did what to these alarms: a deed's event is of the gateway that sent its alert; where that is not known, of the one that watches the turbine. */
export async function loadDeeds(
  record: Pick<FleetRecord, "eventsAt">,
  alarms: readonly RecordedAlarm[],
  turbines: readonly (TurbineRef & { readonly gateway: string | null })[],
): Promise<AlarmDeeds> {
  const asked = alarms.flatMap(({ event, steps }) => {
    const { site, turbine, component, failureMode } = event.data;
    const watched = turbines.find((each) => each.site === site && each.turbine === turbine);
    const subject = `${turbine} ${component} ${failureMode}`;
    return steps.flatMap((step, index) => {
      const name = nameDeed(step, stateBefore(steps, index));
      const gateway = step.gateway ?? watched?.gateway ?? null;
      if (name === null || gateway === null) return [];
      const { eventId: alertId, timeMs: atMs } = step;
      return [{ step, moment: { alertId, gateway, name, subject, atMs } }];
    });
  });
  if (asked.length === 0) return new Map();
  const found = await record.eventsAt(asked.map(({ moment }) => moment));
  const deeds = new Map<AlarmLifeStep, string>();
  for (const [index, { step }] of asked.entries()) {
    const event = found[index] ?? null;
    if (event !== null) deeds.set(step, event.detail.replace(`${alertMark}${step.eventId}`, ""));
  }
  return deeds;
}

/** May steps be missing right before this one? Of a long life the first and the newest are read. */
export function isAfterGap(steps: readonly AlarmLifeStep[], index: number): boolean {
  return index === 1 && steps.length === maxAlarmSteps;
}

/** The alarm's state before one of its steps; null: that is not known. */
export function stateBefore(steps: readonly AlarmLifeStep[], index: number): AlarmState | null {
  return isAfterGap(steps, index) ? null : (steps[index - 1]?.state ?? null);
}

/** The event of who brought an alarm to where a step has it; null: nobody did. */
function nameDeed({ transition, state }: AlarmLifeStep, before: AlarmState | null): string | null {
  if (transition === "acknowledged") return alarmEventNames.acknowledge;
  if (transition !== "updated" || state === before) return null;
  if (state === "shelved") return alarmEventNames.shelve;
  if (state === "out-of-service") return alarmEventNames["remove-from-service"];
  if (before === "shelved") return alarmEventNames.unshelve;
  return before === "out-of-service" ? alarmEventNames["return-to-service"] : null;
}
