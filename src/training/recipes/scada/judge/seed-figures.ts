/**
 * One seed's whole judgement: its forms on the judged days, the policy on every calendar, chance and others with as many
 * inspections beside it.
 */

import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { describeBehaviour, type ScadaCase } from "../learn/scada-case.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import { judgeForms } from "./form-figures.ts";
import {
  draws,
  judgeCalendar,
  judgePolicies,
  judgePolicy,
  judgeQuiet,
  judgeRandomPicks,
  judgeRandomTurbines,
  type PolicyCase,
  permutePolicy,
} from "./policy-runs.ts";
import { replayForms } from "./replay-turbines.ts";
import type { SeedJudgement } from "./scada-evaluation.ts";
import { sliceScada, type TurbineDays, type TurbineErrors } from "./scada-slices.ts";
import { computeWindowAuc } from "./window-auc.ts";

/** Calendars, at least: first decisions 0, 1, … days after the begin of the test; with a round every six days the later ones start a round late. */
const calendars = 12;
const permutations = 999;

/** Judges a student with all its forms. */
export function judgeSeed(subject: ScadaCase, student: ScadaStudent, seed: number): SeedJudgement {
  const spec = describeBehaviour(subject, student);
  const days = replayForms(subject, student, spec);
  const float = judgePolicy(describeCase(subject, spec.policy, days.get("pruned")!));
  return {
    ...judgeDays(subject, { policy: spec.policy, days: days.get("int8")! }, seed),
    forms: judgeForms(student, days, { split: subject.split, seed }),
    floatOutcomes: float.outcomes,
  };
}

/** Judges the days of an int8 student of which nothing else is known. */
export function judgeDays(
  subject: ScadaCase,
  replayed: { readonly policy: InspectionPolicy; readonly days: readonly TurbineErrors[] },
  seed: number,
): SeedJudgement {
  const { days } = replayed;
  const policyCase = describeCase(subject, replayed.policy, days);
  const random = createRandom(seed).fork("judge");
  const chance = { draws, random };
  const policies = judgePolicies(policyCase, seed);
  const policy = policies.policy!;
  const runs = {
    ...policies,
    randomTurbines: judgeRandomTurbines(policyCase, policy, chance),
    randomPicks: judgeRandomPicks(policyCase, policy, chance),
    calendar: judgeCalendar(policyCase, policy, chance),
    alwaysQuiet: judgeQuiet(policyCase),
  };
  return {
    seed,
    hasCosts: subject.costs !== null,
    forms: [],
    floatOutcomes: [],
    days,
    windowAuc: computeWindowAuc(policyCase, { draws: permutations, random }),
    permutationP: permutePolicy(policyCase, policy, { draws: permutations, random }),
    outcomes: Object.fromEntries(Object.entries(runs).map(([name, { outcomes }]) => [name, outcomes])),
    inspections: policy.inspections,
    slices: sliceScada(
      {
        site: subject.config.dataset.site,
        cells: days.flatMap(({ cells }) => cells),
        inspections: policy.inspections,
        failures: policyCase.counted,
        costs: subject.costs,
        lead: policyCase.lead,
      },
      seed,
    ),
  };
}

function describeCase(
  subject: ScadaCase,
  policy: InspectionPolicy,
  turbines: readonly TurbineDays[],
): PolicyCase {
  const { failures, costs, components } = subject;
  const { startMs, endMs } = subject.split;
  return {
    turbines,
    failures,
    costs,
    lead: policy,
    components,
    startMs,
    endMs,
    counted: failures.filter(({ timestampMs }) => timestampMs >= startMs && timestampMs < endMs + dayMs),
    policyAt: () => policy,
    phases: Math.max(calendars, policy.roundDays),
  };
}
