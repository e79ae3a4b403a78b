/**
 * What a farm's turbines are known for at the end of every day, and what the policy makes of it: which inspections are
 * asked for and stand, and how probable a failure of each pair is. Reads no clock of its own.
 */
import type { InspectionPolicy } from "../../contract/bundle/normal-behaviour.ts";
import {
  createInspectionPlanner,
  type PlannedInspection,
} from "../../decision/normal-behaviour/inspection-planner.ts";
import type { MonitorDay } from "../../decision/normal-behaviour/residual-monitor.ts";
import type { ScoredBy } from "../../decision/scoring-model.ts";
import type { ScadaFarmSnapshot, StandingInspection } from "./scada-snapshot.ts";
import type { Repair } from "./scada-turbine.ts";

interface FarmPlanOptions {
  readonly policy: InspectionPolicy;
  readonly components: readonly string[];
  /** Repairs of each turbine of the farm. */
  readonly logbook: ReadonlyMap<string, readonly Repair[]>;
  readonly from: ScadaFarmSnapshot | undefined;
}

export interface FarmPlan {
  /** A day of a turbine is over. Returns the inspections that are asked for from its end on. */
  takeDay(turbine: string, day: MonitorDay): readonly PlannedInspection[];
  /** A clock was ahead: what was dated `day` or later is still to come. */
  setBack(day: number): void;
  /** The last day of a turbine that is over. */
  lastDayOf(turbine: string): MonitorDay | undefined;
  /** The inspection that is asked for and stands. */
  askedOf(turbine: string, component: string): StandingInspection | undefined;
  /** Probability of a failure in the horizon; 0 while nothing is known. */
  probabilityOf(turbine: string, component: string): number;
  snapshot(): Omit<ScadaFarmSnapshot, keyof ScoredBy>;
}

/**
 * Creates the plan, or goes on with a snapshot's: without turbines that are no longer of the farm, which nobody would wait for again;
 * what a repair ended stands again where the logbook no longer tells it.
 */
export function createFarmPlan({ policy, components, logbook, ...kept }: FarmPlanOptions): FarmPlan {
  const from = kept.from === undefined ? undefined : withoutGone(kept.from, logbook);
  const planner = createInspectionPlanner(policy, from?.planner);
  /** Day at whose end the inspection that stands was decided, by turbine and component. */
  const standing = new Map((from?.standing ?? []).map((each) => [keyOf(each.turbine, each.component), each]));
  const mended = new Map((from?.mended ?? []).map((each) => [keyOf(each.turbine, each.component), each]));
  const assessed = new Map((from?.assessed ?? []).map(([turbine, name, p]) => [keyOf(turbine, name), p]));
  const days = new Map((from?.days ?? []).map((each) => [each.turbine, restoreDay(each)]));
  const told = new Set<string>();
  let plannedDay = from?.plannedDay ?? null;

  for (const [key, asked] of mended) {
    const own = (logbook.get(asked.turbine) ?? []).filter(({ component }) => component === asked.component);
    // One of a day to come has ended nothing yet; with another model, no day is known.
    const last = days.get(asked.turbine)?.day ?? Number.POSITIVE_INFINITY;
    if (own.some(({ day }) => asked.day <= day && day <= last)) continue;
    mended.delete(key);
    if (standing.has(key)) continue;
    standing.set(key, asked);
    planner.inspected(asked.turbine, asked.component, asked.day);
  }

  const tellRepairs = (turbine: string, day: number): void => {
    for (const { component, day: repairDay } of logbook.get(turbine) ?? []) {
      const key = keyOf(turbine, component);
      if (repairDay > day || told.has(`${key} ${repairDay}`)) continue;
      told.add(`${key} ${repairDay}`);
      planner.failed(turbine, component, repairDay);
      const asked = standing.get(key);
      if (asked === undefined || asked.day > repairDay) continue;
      standing.delete(key);
      mended.set(key, asked);
    }
  };

  /** Weighs the pairs at the end of a day that every turbine has come to the end of; a silent one is not waited for. */
  const plan = (day: number): readonly PlannedInspection[] => {
    const latest = [...days.values()].map((each) => each.day);
    const isWhole = latest.length === logbook.size && latest.every((each) => each >= day);
    const due = isWhole ? day : day - 1;
    if (plannedDay !== null && due <= plannedDay) return [];
    plannedDay = due;
    for (const pair of planner.assess(due))
      assessed.set(keyOf(pair.turbine, pair.component), pair.probability);
    if (due % policy.roundDays !== 0) return [];
    const asked = planner.plan(due);
    for (const { turbine, component } of asked) {
      standing.set(keyOf(turbine, component), { turbine, component, day: due });
    }
    return asked;
  };

  return {
    takeDay: (turbine, day) => {
      days.set(turbine, day);
      tellRepairs(turbine, day.day);
      planner.observe(turbine, day.day, new Map(components.map((name, at) => [name, day.scores[at]!])));
      for (const [key, asked] of standing) {
        if (asked.turbine !== turbine || day.day < asked.day + policy.muteDays) continue;
        // It stands until something is known that could speak against it: another model learns the turbine first.
        if (!Number.isNaN(day.scores[components.indexOf(asked.component)] ?? 0)) standing.delete(key);
      }
      for (const [key, asked] of mended) {
        if (asked.turbine === turbine && day.day >= asked.day + policy.muteDays) mended.delete(key);
      }
      return plan(day.day);
    },
    setBack: (day) => {
      planner.forgetFrom(day);
      if (plannedDay !== null && plannedDay >= day) plannedDay = day - 1;
      for (const [turbine, known] of days)
        if (known.day >= day) days.set(turbine, { ...known, day: day - 1 });
      for (const asks of [standing, mended]) {
        for (const [key, asked] of asks) if (asked.day >= day) asks.set(key, { ...asked, day: day - 1 });
      }
    },
    lastDayOf: (turbine) => days.get(turbine),
    askedOf: (turbine, component) => standing.get(keyOf(turbine, component)),
    probabilityOf: (turbine, component) => assessed.get(keyOf(turbine, component)) ?? 0,
    snapshot: () => ({
      planner: planner.snapshot(),
      plannedDay,
      standing: [...standing.values()],
      ...(mended.size === 0 ? {} : { mended: [...mended.values()] }),
      days: [...days].map(([turbine, day]) => keepDay(turbine, day)),
      assessed: [...days.keys()].flatMap((turbine) =>
        components.flatMap((component) => {
          const probability = assessed.get(keyOf(turbine, component));
          return probability === undefined ? [] : [[turbine, component, probability] as const];
        }),
      ),
    }),
  };
}

/** What of a farm does not depend on the model that serves: which inspections were asked for, and when. */
export function carryPlan(kept: ScadaFarmSnapshot): ScadaFarmSnapshot {
  const planner = { ...kept.planner, scores: [] };
  return { ...kept, planner, plannedDay: null, days: [], assessed: [] };
}

/** Of turbines that are gone only scores of days that were weighed stay: they still tell what is usual, and are not ranked again. */
function withoutGone(kept: ScadaFarmSnapshot, logbook: { has(turbine: string): boolean }): ScadaFarmSnapshot {
  const isHere = ({ turbine }: { readonly turbine: string }): boolean => logbook.has(turbine);
  const weighedDay = kept.plannedDay ?? Number.NEGATIVE_INFINITY;
  return {
    ...kept,
    planner: {
      scores: kept.planner.scores.filter(([day, turbine]) => day <= weighedDay || logbook.has(turbine)),
      inspectedDays: kept.planner.inspectedDays.filter(([turbine]) => logbook.has(turbine)),
    },
    standing: kept.standing.filter(isHere),
    mended: kept.mended?.filter(isHere),
    days: kept.days.filter(isHere),
    assessed: kept.assessed.filter(([turbine]) => logbook.has(turbine)),
  };
}

function keepDay(
  turbine: string,
  { day, z, scores, sensorFaults }: MonitorDay,
): ScadaFarmSnapshot["days"][number] {
  const toNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return { turbine, day, sensorFaults, z: Array.from(z, toNull), scores: Array.from(scores, toNull) };
}

function restoreDay({ day, z, scores, sensorFaults }: ScadaFarmSnapshot["days"][number]): MonitorDay {
  const toNumber = (value: number | null): number => value ?? Number.NaN;
  return {
    day,
    sensorFaults,
    z: Float64Array.from(z, toNumber),
    scores: Float64Array.from(scores, toNumber),
  };
}

const keyOf = (turbine: string, component: string): string => `${turbine}/${component}`;
