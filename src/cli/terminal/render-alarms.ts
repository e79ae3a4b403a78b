/** A gateway's alarms, as text for a terminal. */
import {
  type AlarmPlace,
  type AlarmReply,
  type AlarmReport,
  isWithheldState,
} from "../../core/contract/alarm-report.ts";

/** A line an alarm. */
export function renderAlarms(alarms: readonly AlarmReport[]): string {
  if (alarms.length === 0) return "No alarm stands, and none waits to be acknowledged.\n";
  return alarms.map((alarm) => `${renderAlarm(alarm)}\n`).join("");
}

/** What became of a step. */
export function renderAlarmStep(
  { turbine, component, failureMode }: AlarmPlace,
  { alarm, isUnwritten }: AlarmReply,
): string {
  const step =
    alarm === null
      ? `${turbine} ${component} ${failureMode}: normal, nothing is left to be seen\n`
      : renderAlarms([alarm]);
  return isUnwritten ? `${step}${unwritten}\n` : step;
}

const unwritten =
  "Told, but not written down: the disk of the gateway's state is full or fails. If the gateway ends before there is room, it is to be done again.";

const stateWords: Readonly<Record<AlarmReport["state"], string>> = {
  normal: "normal",
  unacknowledged: "not acknowledged",
  acknowledged: "acknowledged",
  "returned-unacknowledged": "over, not acknowledged",
  shelved: "shelved",
  suppressed: "suppressed",
  "out-of-service": "out of service",
};

function renderAlarm(alarm: AlarmReport): string {
  const { turbine, component, failureMode, leadingMode, state, severity, since, by, until } = alarm;
  const who = by === null ? "" : ` by ${by}`;
  const formerly = alarm.formerSite === undefined ? "" : ` of site ${alarm.formerSite}`;
  const end = until === null ? "" : ` until ${until}`;
  // Of what is withheld people want to know whether it goes on.
  const going = isWithheldState(state)
    ? alarm.conditionActive
      ? ", its condition holds"
      : ", its condition is over"
    : "";
  const lead = leadingMode === null ? "" : `, looks like ${leadingMode} by now`;
  return `${turbine} ${component} ${failureMode}${formerly}: ${severity}, ${stateWords[state]}${who}${end}${going}, since ${since}${lead}`;
}
