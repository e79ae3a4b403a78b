/**
 * What an inspection policy was worth over a period, on every calendar, and what others would have been worth with as
 * many inspections: nobody, a calendar, chance, chance with the same components, the same policy without any score, and
 * the plain ranking of turbines.
 */
import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import type { Random } from "../../../../core/maths/random.ts";
import type { ComponentCost, EdpFailure } from "../../../dataset/edp-logbook.ts";
import { type CostOutcome, type Inspection, scoreInspections } from "./cost-rule.ts";
import { dayOf, type TurbineDays } from "./replay-turbines.ts";
import { runPolicy } from "./run-policy.ts";

/** What is judged. */
export interface PolicyCase {
  readonly turbines: readonly TurbineDays[];
  /** The whole logbook: the policy knows each entry from its day on. */
  readonly failures: readonly EdpFailure[];
  /** The failures that count. */
  readonly counted: readonly EdpFailure[];
  readonly costs: ReadonlyMap<string, ComponentCost>;
  readonly policyAt: (day: number) => InspectionPolicy;
  readonly startMs: number;
  readonly endMs: number;
  /** Calendars: decisions begin 0 … phases − 1 days after the start. */
  readonly phases: number;
}

/** One policy on all calendars. */
export interface PolicyRuns {
  readonly name: string;
  readonly outcomes: readonly CostOutcome[];
  readonly inspections: readonly (readonly Inspection[])[];
}

/** Calendars of the policies by worth, at most. */
const worthCalendars = 12;

/** The policy itself. */
export function judgePolicy(subject: PolicyCase, name: string): PolicyRuns {
  return score(
    subject,
    name,
    Array.from({ length: subject.phases }, (_, phaseDays) =>
      runPolicy(subject.turbines, subject.failures, subject.policyAt, {
        startDay: dayOf(subject.startMs),
        endDay: dayOf(subject.endMs),
        phaseDays,
      }),
    ),
  );
}

/** One look every six days where it is worth most in euro, whatever kind the policy is of. */
export function judgeByWorth(subject: PolicyCase): PolicyRuns {
  return judgeWorth(subject, "byWorth", (policy) => policy);
}

function judgeWorth(
  subject: PolicyCase,
  name: string,
  change: (policy: InspectionPolicy) => InspectionPolicy,
): PolicyRuns {
  const policyAt = (day: number): InspectionPolicy => change(byWorth(subject.policyAt(day)));
  // A look every six days would lose whole rounds to the late calendars of a rarer one.
  const phases = Math.min(subject.phases, worthCalendars);
  return judgePolicy({ ...subject, policyAt, phases }, name);
}

/** A ranking's likelihoods and costs put to a policy of worth with as many looks. */
function byWorth(policy: InspectionPolicy): InspectionPolicy {
  if (policy.kind !== "ranking") return policy;
  return { ...policy, kind: "worth", roundDays: 6, perRound: 1, muteDays: 58 };
}

/** The policy of worth where every score says the same: rates, costs and muting alone. */
export function judgeWithoutScores(subject: PolicyCase): PolicyRuns {
  return judgeWorth(subject, "withoutScores", (policy) => ({ ...policy, evidence: 0 }));
}

/** The policy of worth where every failure found is worth the same and a look costs nothing: by probability alone. */
export function judgeByProbability(subject: PolicyCase): PolicyRuns {
  return judgeWorth(subject, "byProbability", (policy) => ({
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
      for (const component of subject.costs.keys()) {
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
  return score(subject, "ranking30", runs);
}

/**
 * The policy itself on scores that say nothing: those of each component dealt anew among all turbines and days. What
 * rounds, rates, costs and muting find without a measurement.
 */
export function judgeShuffledScores(subject: PolicyCase, draws: number, random: Random): PolicyRuns {
  const runs = Array.from({ length: draws }, (_, draw) =>
    runPolicy(shuffleScores(subject.turbines, random), subject.failures, subject.policyAt, {
      startDay: dayOf(subject.startMs),
      endDay: dayOf(subject.endMs),
      phaseDays: draw % subject.phases,
    }),
  );
  return score(subject, "shuffledScores", runs);
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

/** Each inspection of `runs` at a random pair (`anyPair`), or at a random turbine's same component (`sameComponents`). */
export function judgeRandom(
  subject: PolicyCase,
  runs: PolicyRuns,
  kind: "anyPair" | "sameComponents",
  draws: number,
  random: Random,
): PolicyRuns {
  const turbines = subject.turbines.map(({ turbine }) => turbine);
  const components = [...subject.costs.keys()];
  const drawn = Array.from({ length: draws }, (_, draw) =>
    runs.inspections[draw % runs.inspections.length]!.map(({ component, timestampMs }) => ({
      turbine: turbines[random.integer(turbines.length)]!,
      component: kind === "anyPair" ? components[random.integer(components.length)]! : component,
      timestampMs,
    })),
  );
  return score(subject, kind === "anyPair" ? "randomPicks" : "randomTurbines", drawn);
}

/** All pairs in turn, in a random sequence, at the times of `runs`. */
export function judgeCalendar(
  subject: PolicyCase,
  runs: PolicyRuns,
  draws: number,
  random: Random,
): PolicyRuns {
  const pairs = subject.turbines.flatMap(({ turbine }) =>
    [...subject.costs.keys()].map((component) => ({ turbine, component })),
  );
  const drawn = Array.from({ length: draws }, (_, draw) => {
    const sequence = random.shuffle([...pairs]);
    return runs.inspections[draw % runs.inspections.length]!.map(({ timestampMs }, index) => ({
      ...sequence[index % sequence.length]!,
      timestampMs,
    }));
  });
  return score(subject, "calendar", drawn);
}

/** Nobody looks. */
export function judgeQuiet(subject: PolicyCase): PolicyRuns {
  return score(subject, "alwaysQuiet", [[]]);
}

/**
 * How often would failures of the same components at random turbines and times be worth as much to the same
 * inspections? (1 + as much or more) / (1 + permutations), by the mean gain over the calendars.
 */
export function permutePolicy(
  subject: PolicyCase,
  runs: PolicyRuns,
  permutations: number,
  random: Random,
): number {
  const own = meanGain(runs.outcomes);
  const turbines = subject.turbines.map(({ turbine }) => turbine);
  let atLeast = 0;
  for (let run = 0; run < permutations; run++) {
    const failures = subject.counted.map(({ component }) => ({
      turbine: turbines[random.integer(turbines.length)]!,
      component,
      timestampMs: subject.startMs + random.uniform() * (subject.endMs - subject.startMs),
    }));
    const gain = meanGain(
      runs.inspections.map((inspections) => scoreInspections(inspections, failures, subject.costs)),
    );
    if (gain >= own) atLeast++;
  }
  return (1 + atLeast) / (1 + permutations);
}

function meanGain(outcomes: readonly CostOutcome[]): number {
  return outcomes.reduce((sum, { gainEur }) => sum + gainEur, 0) / outcomes.length;
}

function score(subject: PolicyCase, name: string, inspections: readonly Inspection[][]): PolicyRuns {
  const outcomes = inspections.map((each) => scoreInspections(each, subject.counted, subject.costs));
  return { name, outcomes, inspections };
}
