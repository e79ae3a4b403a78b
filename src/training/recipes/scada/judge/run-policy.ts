/** Plays an inspection policy through the days of a farm, on any of its calendars. */
import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { createInspectionPlanner } from "../../../../core/decision/normal-behaviour/inspection-planner.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import type { EdpFailure } from "../../../dataset/edp-logbook.ts";
import type { Inspection } from "./cost-rule.ts";
import { dayOf, type TurbineDays } from "./replay-turbines.ts";

/** The days of decisions: from `startDay` + `phaseDays`, every `roundDays` of the policy, before `endDay`. */
export interface PolicyCalendar {
  readonly startDay: number;
  readonly endDay: number;
  readonly phaseDays: number;
}

/**
 * The inspections that the policy asks for; a decision at the end of a day is an inspection at the begin of the next.
 * `policyAt` gives the policy of a day (a forward chain learns its rates as it goes).
 */
export function runPolicy(
  turbines: readonly TurbineDays[],
  failures: readonly EdpFailure[],
  policyAt: (day: number) => InspectionPolicy,
  calendar: PolicyCalendar,
): Inspection[] {
  let planner = createInspectionPlanner(policyAt(calendar.startDay));
  const inspections: Inspection[] = [];
  const first = Math.min(...turbines.map(({ days }) => days[0]!));
  let told = 0;
  for (let day = first; day < calendar.endDay; day++) {
    for (const { turbine, days, scores } of turbines) {
      const at = day - days[0]!;
      if (at < 0 || at >= days.length) continue;
      planner.observe(
        turbine,
        day,
        new Map([...scores].map(([component, values]) => [component, values[at]!])),
      );
    }
    for (; told < failures.length && dayOf(failures[told]!.timestampMs) <= day; told++) {
      const { turbine, component, timestampMs } = failures[told]!;
      planner.failed(turbine, component, dayOf(timestampMs));
    }
    const since = day - calendar.startDay - calendar.phaseDays;
    const policy = policyAt(day);
    if (since < 0 || since % policy.roundDays !== 0) continue;
    planner = createInspectionPlanner(policy, planner.snapshot());
    for (const { turbine, component } of planner.plan(day)) {
      inspections.push({ turbine, component, timestampMs: (day + 1) * dayMs });
    }
  }
  return inspections;
}
