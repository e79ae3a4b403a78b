/**
 * What people do to a gateway's alarms: they see them, acknowledge them, and withhold them for a while, of which the end is kept
 * here by the gateway's own clock: people count their hours, not a device's, and not those that the clock is set by. Decides nothing.
 */

import {
  type AlarmOrder,
  type AlarmPlace,
  type AlarmReply,
  type AlarmReport,
  alarmEventNames,
  alertMark,
  isWithheldState,
  refuseUnknownAlarm,
} from "../../core/contract/alarm-report.ts";
import type { AlertEvent } from "../../core/contract/alert.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { formatTime } from "../../core/contract/iso-time.ts";
import type { AlarmRegister, OpenAlarm, PersonStep } from "../../core/decision/alarms/alarm-register.ts";
import { hourMs, minuteMs } from "../../core/maths/durations.ts";
import { type Clock, calendarOffsetMs } from "../../core/platform/clock.ts";

interface AlarmDeskOptions {
  readonly config: Pick<GatewayConfig, "gateway">;
  readonly register: Pick<AlarmRegister, "list" | "step" | "endShelvings" | "moveShelvings">;
  readonly clock: Clock;
  /** Tells subscribers. */
  onAlerts(events: readonly AlertEvent[]): void;
  /** Who did what: of that neither an alert nor a state tells. */
  readonly onEvent: (name: string, subject: string, detail: string) => void;
  /** Something has changed of which subscribers are told nothing: it must outlive a restart all the same. */
  onSilentStep(): void;
  /** Is all that was told so far on the disk? */
  isWritten(): boolean;
}

export interface AlarmDesk {
  /** All that are not normal, oldest first. */
  list(): readonly AlarmReport[];
  /** @throws AuroraError USAGE where there is no such alarm, GATEWAY where this cannot be done to it as it is. */
  act(place: AlarmPlace, order: AlarmOrder): AlarmReply;
  /** Ends what was shelved for so long; call it about once a second. */
  tick(): void;
}

/** A gateway whose power goes forgets this much of what has been counted. */
const keepCountMs = 15 * minuteMs;

/** By less a clock is not set, but led. */
const leastStepMs = minuteMs;

/** Creates the desk of a gateway. */
export function createAlarmDesk(options: AlarmDeskOptions): AlarmDesk {
  const { config, register, clock } = options;
  const { site } = config.gateway;
  /** The site's own one first: one of before the site was renamed can be there beside it. */
  const findAll = ({ turbine, component, failureMode }: AlarmPlace): readonly OpenAlarm[] =>
    [...register.list(site, turbine), ...register.list().filter((alarm) => alarm.site !== site)].filter(
      (alarm) =>
        alarm.turbine === turbine && alarm.component === component && alarm.failureMode === failureMode,
    );
  const describe = (alarm: OpenAlarm): AlarmReport => ({
    ...describeAlarm(alarm),
    ...(alarm.site === site ? {} : { formerSite: alarm.site }),
  });
  const tell = (stepped: readonly (AlertEvent | null)[]): void => {
    const events = stepped.filter((event) => event !== null);
    // First: a silent step writes the alarms of these as well.
    options.onAlerts(events);
    if (events.length < stepped.length) options.onSilentStep();
  };
  let offsetMs = calendarOffsetMs(clock);
  let tickedMs = clock.monotonicMs();
  let keptMs = tickedMs;
  /** What is counted is told nobody, and must outlive a restart all the same. */
  const keepCount = (): void => {
    if (tickedMs - keptMs < keepCountMs) return;
    keptMs = tickedMs;
    if (register.list().some(({ state }) => state === "shelved")) options.onSilentStep();
  };
  /** Hours that are counted now stay as long as they are when the clock was set. */
  const followClock = (): void => {
    const stepMs = calendarOffsetMs(clock) - offsetMs;
    if (Math.abs(stepMs) < leastStepMs) return;
    offsetMs += stepMs;
    const moved = register.moveShelvings(stepMs);
    for (const { turbine, component, failureMode, by, untilMs } of moved)
      options.onEvent(
        alarmEventNames.shelve,
        `${turbine} ${component} ${failureMode}`,
        `by ${by}, until ${formatTime(untilMs!)}: the gateway's clock was set`,
      );
    if (moved.length > 0) options.onSilentStep();
  };
  const tick = (): void => {
    followClock();
    const passedMs = clock.monotonicMs() - tickedMs;
    tickedMs += passedMs;
    tell(register.endShelvings(clock.nowMs(), passedMs));
    keepCount();
  };
  return {
    tick,
    list: () => register.list().map(describe),
    act: (place, order) => {
      // First: what is shelved now is so by the clock as it is, and its hours begin now.
      tick();
      const { turbine, component, failureMode } = place;
      const subject = `${turbine} ${component} ${failureMode}`;
      const atMs = clock.nowMs();
      const step = toStep(order, atMs);
      let refusal: string | null = null;
      const found = findAll(place);
      for (const { site: itsSite } of found) {
        const point = { site: itsSite, turbine, component };
        const stepped = register.step({ point, failureMode }, step, atMs);
        if (!stepped.ok) {
          refusal ??= stepped.error;
          continue;
        }
        tell([stepped.value]);
        const told = stepped.value === null ? "" : `${alertMark}${stepped.value.id}`;
        options.onEvent(alarmEventNames[order.action], subject, `${describeDoer(step, order)}${told}`);
        const left = findAll(place).find((alarm) => alarm.site === itsSite);
        const alarm = left === undefined ? null : describe(left);
        return options.isWritten() ? { alarm } : { alarm, isUnwritten: true };
      }
      if (refusal === null) throw refuseUnknownAlarm(place, order.action);
      throw new AuroraError("GATEWAY", refusal, {
        op: order.action,
        subject,
        hint: found.some(({ state }) => isWithheldState(state))
          ? "`aurora alert list` says in which state it is; what withholds it is ended first, with --end."
          : "`aurora alert list` says in which state it is.",
      });
    },
  };
}

function describeDoer(step: PersonStep, { by }: AlarmOrder): string {
  return step.kind === "shelve" ? `by ${by}, until ${formatTime(step.untilMs)}` : `by ${by}`;
}

function toStep({ action, by, hours = 0 }: AlarmOrder, atMs: number): PersonStep {
  switch (action) {
    case "acknowledge":
    case "remove-from-service":
      return { kind: action, atMs, by };
    case "shelve":
      return { kind: action, atMs, by, untilMs: atMs + hours * hourMs };
    case "unshelve":
    case "return-to-service":
      return { kind: action };
    default:
      return action satisfies never;
  }
}

function describeAlarm(alarm: OpenAlarm): AlarmReport {
  const { turbine, component, failureMode, state, conditionActive, severity, leadingMode } = alarm;
  return {
    turbine,
    component,
    failureMode,
    state,
    conditionActive,
    severity,
    leadingMode,
    since: formatTime(alarm.sinceMs),
    probability: alarm.probability,
    by: alarm.by,
    until: alarm.untilMs === null ? null : formatTime(alarm.untilMs),
  };
}
