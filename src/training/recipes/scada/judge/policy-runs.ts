/**
 * What an inspection policy was worth over a period, on every calendar, and what others would have been worth with as
 * many inspections: nobody, a calendar, chance, chance with the same components, the same policy without any score, and
 * the plain ranking of turbines.
 */
import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { createInspectionPlanner } from "../../../../core/decision/normal-behaviour/inspection-planner.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { createRandom, type Random } from "../../../../core/maths/random.ts";
import type { LoggedEvent } from "../../../dataset/scada/read-log.ts";
import { dayOf } from "../learn/scada-rows.ts";
import { type CostOutcome, type CostRule, type Inspection, scoreInspections } from "./cost-rule.ts";
import type { TurbineDays } from "./scada-slices.ts";

export interface PolicyCase extends CostRule {
  readonly turbines: readonly TurbineDays[];
  /** The whole logbook: the policy knows each entry from its day on. */
  readonly failures: readonly LoggedEvent[];
  readonly counted: readonly LoggedEvent[];
  readonly components: readonly string[];
  /** The policy of a day: a forward chain learns its rates as it goes. */
  readonly policyAt: (day: number) => InspectionPolicy;
  readonly startMs: number;
  readonly endMs: number;
  /** Calendars: decisions begin 0 … phases − 1 days after the start. */
  readonly phases: number;
}

interface PolicyRuns {
  readonly outcomes: readonly CostOutcome[];
  readonly inspections: readonly (readonly Inspection[])[];
}

const worthCalendars = 12;

/** How often chance is drawn, and from what. */
export interface Chance {
  readonly draws: number;
  readonly random: Random;
}

/** Draws of chance. */
export const draws = 240;

/** The policy, and others that need no other's inspections; `seed` deals the scores that say nothing. */
export function judgePolicies(subject: PolicyCase, seed: number): Readonly<Record<string, PolicyRuns>> {
  const random = createRandom(seed).fork("shuffled scores");
  return {
    policy: judgePolicy(subject),
    byWorth: judgeByWorth(subject),
    byProbability: judgeByProbability(subject),
    withoutScores: judgeWithoutScores(subject),
    ranking30: judgeRanking(subject),
    shuffledScores: judgeShuffledScores(subject, { draws, random }),
  };
}

/** The policy itself. */
export function judgePolicy(subject: PolicyCase): PolicyRuns {
  return score(
    subject,
    Array.from({ length: subject.phases }, (_, phaseDays) => runPolicy(subject, phaseDays)),
  );
}

/**
 * The inspections that the policy asks for, where decisions begin `phaseDays` after the start; a decision at the end of a
 * day is an inspection at the begin of the next.
 */
function runPolicy(
  { turbines, failures, policyAt, startMs, endMs }: PolicyCase,
  phaseDays: number,
): Inspection[] {
  const startDay = dayOf(startMs);
  const endDay = dayOf(endMs);
  let planner = createInspectionPlanner(policyAt(startDay));
  const inspections: Inspection[] = [];
  const first = Math.min(...turbines.map(({ days }) => days[0]!));
  let told = 0;
  for (let day = first; day < endDay; day++) {
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
    const since = day - startDay - phaseDays;
    const policy = policyAt(day);
    if (since < 0 || since % policy.roundDays !== 0) continue;
    planner = createInspectionPlanner(policy, planner.snapshot());
    for (const { turbine, component } of planner.plan(day)) {
      inspections.push({ turbine, component, timestampMs: (day + 1) * dayMs });
    }
  }
  return inspections;
}

/** One look every six days where it is worth most in euro, whatever kind the policy is of. */
export function judgeByWorth(subject: PolicyCase): PolicyRuns {
  return judgeWorth(subject, (policy) => policy);
}

function judgeWorth(subject: PolicyCase, change: (policy: InspectionPolicy) => InspectionPolicy): PolicyRuns {
  const policyAt = (day: number): InspectionPolicy => change(byWorth(subject.policyAt(day)));
  // A look every six days would lose whole rounds to the late calendars of a rarer one.
  const phases = Math.min(subject.phases, worthCalendars);
  return judgePolicy({ ...subject, policyAt, phases });
}

/** A ranking's likelihoods and costs put to a policy of worth with as many looks. */
function byWorth(policy: InspectionPolicy): InspectionPolicy {
  if (policy.kind !== "ranking") return policy;
  const muteDays = policy.maxLeadDays - policy.minLeadDays;
  return { ...policy, kind: "worth", roundDays: 6, perRound: 1, muteDays };
}

/** The policy of worth where every score says the same: rates, costs and muting alone. */
export function judgeWithoutScores(subject: PolicyCase): PolicyRuns {
  return judgeWorth(subject, (policy) => ({ ...policy, evidence: 0 }));
}

/** The policy of worth where every failure found is worth the same and a look costs nothing: by probability alone. */
function judgeByProbability(subject: PolicyCase): PolicyRuns {
  return judgeWorth(subject, (policy) => ({
    ...policy,
    components: policy.components.map((each) => ({ ...each, worthEur: 1, inspectionEur: 0 })),
  }));
}

/** Every 30 days, of each component the turbine with the highest score. */
export function judgeRanking(subject: PolicyCase): PolicyRuns {
  const everyDays = 30;
  const runs = Array.from({ length: subject.phases }, (_, phase) => {
    const offset = Math.floor((phase * everyDays) / subject.phases);
    const inspections: Inspection[] = [];
    for (let day = dayOf(subject.startMs) + offset; day < dayOf(subject.endMs); day += everyDays) {
      for (const component of subject.components) {
        let best: { turbine: string; score: number } | null = null;
        for (const { turbine, days, scores } of subject.turbines) {
          const value = scores.get(component)?.[day - days[0]!] ?? Number.NaN;
          if (!Number.isNaN(value) && !(value <= (best?.score ?? -1))) best = { turbine, score: value };
        }
        if (best !== null) {
          inspections.push({ turbine: best.turbine, component, timestampMs: (day + 1) * dayMs });
        }
      }
    }
    return inspections;
  });
  return score(subject, runs);
}

/**
 * The policy itself on scores that say nothing: those of each component dealt anew among all turbines and days. What
 * rounds, rates, costs and muting find without a measurement.
 */
export function judgeShuffledScores(subject: PolicyCase, { draws, random }: Chance): PolicyRuns {
  const runs = Array.from({ length: draws }, (_, draw) =>
    runPolicy({ ...subject, turbines: shuffleScores(subject.turbines, random) }, draw % subject.phases),
  );
  return score(subject, runs);
}

function shuffleScores(turbines: readonly TurbineDays[], random: Random): TurbineDays[] {
  const dealt = turbines.map(() => new Map<string, Float64Array>());
  for (const component of turbines[0]!.scores.keys()) {
    const own = turbines.map(({ scores }) => scores.get(component)!);
    const known = random.shuffle(
      own.flatMap((values) => [...values].filter((value) => !Number.isNaN(value))),
    );
    for (const [index, values] of own.entries()) {
      const hand = values.map((value) => (Number.isNaN(value) ? value : known.pop()!));
      dealt[index]!.set(component, hand);
    }
  }
  return turbines.map((turbine, index) => ({ ...turbine, scores: dealt[index]! }));
}

/** Each inspection of `runs` at a random pair. */
export function judgeRandomPicks(
  subject: PolicyCase,
  runs: PolicyRuns,
  { draws, random }: Chance,
): PolicyRuns {
  const { components } = subject;
  return replace(subject, { runs, draws }, () => () => ({
    turbine: drawTurbine(subject, random),
    component: components[random.integer(components.length)]!,
  }));
}

/** Each inspection of `runs` at a random turbine's same component. */
export function judgeRandomTurbines(
  subject: PolicyCase,
  runs: PolicyRuns,
  { draws, random }: Chance,
): PolicyRuns {
  return replace(subject, { runs, draws }, () => ({ component }) => ({
    turbine: drawTurbine(subject, random),
    component,
  }));
}

/** All pairs in turn, in a random sequence, at the times of `runs`. */
export function judgeCalendar(subject: PolicyCase, runs: PolicyRuns, { draws, random }: Chance): PolicyRuns {
  const pairs = subject.turbines.flatMap(({ turbine }) =>
    subject.components.map((component) => ({ turbine, component })),
  );
  return replace(subject, { runs, draws }, () => {
    const sequence = random.shuffle([...pairs]);
    return (_, index) => sequence[index % sequence.length]!;
  });
}

type Pair = Pick<Inspection, "turbine" | "component">;

/** The inspections of `runs`, `draws` times: at their times, at the pairs of what `begin` gives for each draw. */
function replace(
  subject: PolicyCase,
  { runs, draws }: { readonly runs: PolicyRuns; readonly draws: number },
  begin: () => (inspection: Inspection, index: number) => Pair,
): PolicyRuns {
  const drawn = Array.from({ length: draws }, (_, draw) => {
    const pairOf = begin();
    return runs.inspections[draw % runs.inspections.length]!.map((inspection, index) => ({
      ...pairOf(inspection, index),
      timestampMs: inspection.timestampMs,
    }));
  });
  return score(subject, drawn);
}

function drawTurbine({ turbines }: PolicyCase, random: Random): string {
  return turbines[random.integer(turbines.length)]!.turbine;
}

/** Nobody looks. */
export function judgeQuiet(subject: PolicyCase): PolicyRuns {
  return score(subject, [[]]);
}

/**
 * How often would failures of the same components at random turbines and times be worth as much to the same
 * inspections? (1 + as much or more) / (1 + draws), by the mean gain over the calendars; without costs by what they find.
 */
export function permutePolicy(subject: PolicyCase, runs: PolicyRuns, { draws, random }: Chance): number {
  const worthOf = subject.costs === null ? countFound : meanGain;
  const own = worthOf(runs.outcomes);
  let atLeast = 0;
  for (let run = 0; run < draws; run++) {
    const failures = subject.counted.map(({ component }) => ({
      turbine: drawTurbine(subject, random),
      component,
      timestampMs: subject.startMs + random.uniform() * (subject.endMs - subject.startMs),
    }));
    const gain = worthOf(
      runs.inspections.map((inspections) => scoreInspections(inspections, failures, subject)),
    );
    if (gain >= own) atLeast++;
  }
  return (1 + atLeast) / (1 + draws);
}

function meanGain(outcomes: readonly CostOutcome[]): number {
  return outcomes.reduce((sum, { gainEur }) => sum + gainEur, 0) / outcomes.length;
}

function countFound(outcomes: readonly CostOutcome[]): number {
  return outcomes.reduce((sum, { detected }) => sum + detected, 0);
}

function score(subject: PolicyCase, inspections: readonly Inspection[][]): PolicyRuns {
  const outcomes = inspections.map((each) => scoreInspections(each, subject.counted, subject));
  return { outcomes, inspections };
}
