/**
 * One seed's whole judgement: its forms on the judged days, the policy on every calendar, chance and others with as many
 * inspections beside it.
 */

import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { formsOf, type RegressionForm } from "../../../learn/regression-student.ts";
import { describeBehaviour, type ReplayedTurbine, replayForm, type ScadaCase } from "../learn/scada-case.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import type { CostOutcome, Inspection } from "./cost-rule.ts";
import {
  judgeByProbability,
  judgeByWorth,
  judgeCalendar,
  judgePolicy,
  judgeQuiet,
  judgeRandom,
  judgeRanking,
  judgeShuffledScores,
  judgeWithoutScores,
  type PolicyCase,
  type PolicyRuns,
  permutePolicy,
} from "./judge-policy.ts";
import { type FormFigures, judgeForms } from "./judge-student.ts";
import { dayOf, type TurbineDays } from "./replay-turbines.ts";
import { type ScadaSlice, sliceScada } from "./scada-slices.ts";
import { computeWindowAuc, type WindowAuc } from "./window-auc.ts";

/** Calendars, at least: first decisions 0, 1, … days after the begin of the test; with a round every six days the later ones start a round late. */
export const calendars = 12;
/** Draws of chance. */
export const draws = 240;
/** Permutations of labels. */
const permutations = 999;
/** The one site of the data set. */
export const edpSite = "Wind Farm 1";

/** Policies that are compared. */
export const policyNames = [
  "policy",
  "byWorth",
  "byProbability",
  "withoutScores",
  "ranking30",
  "shuffledScores",
  "randomTurbines",
  "randomPicks",
  "calendar",
  "alwaysQuiet",
] as const;

/** One of {@link policyNames}. */
export type PolicyName = (typeof policyNames)[number];

/** One seed. */
export interface SeedJudgement {
  readonly seed: number;
  readonly forms: readonly FormFigures[];
  readonly windowAuc: WindowAuc;
  /** Of the policy's gain, over random failures. */
  readonly permutationP: number;
  readonly outcomes: Readonly<Record<PolicyName, readonly CostOutcome[]>>;
  /** The policy with the float student; none where only the integers are known. */
  readonly floatOutcomes: readonly CostOutcome[];
  /** Of the int8 student. */
  readonly days: readonly ReplayedTurbine[];
  readonly inspections: readonly (readonly Inspection[])[];
  readonly slices: readonly ScadaSlice[];
}

/** Judges a student with all its forms. */
export function judgeSeed(subject: ScadaCase, student: ScadaStudent, seed: number): SeedJudgement {
  const spec = describeBehaviour(subject, student);
  const days = new Map<RegressionForm, readonly ReplayedTurbine[]>(
    formsOf(student).map((form) => [form, replayForm(subject, student, form, spec)]),
  );
  const forms = judgeForms(student, days, subject.split, seed);
  const float = judgePolicy(describeCase(subject, spec.policy, days.get("pruned")!), "float");
  return {
    ...judgeDays(subject, spec.policy, days.get("int8")!, seed),
    forms,
    floatOutcomes: float.outcomes,
  };
}

/** Judges the days of an int8 student of which nothing else is known. */
export function judgeDays(
  subject: ScadaCase,
  inspectionPolicy: InspectionPolicy,
  days: readonly ReplayedTurbine[],
  seed: number,
): SeedJudgement {
  const policyCase = describeCase(subject, inspectionPolicy, days);
  const { counted, startMs, endMs } = policyCase;
  const random = createRandom(seed).fork("judge");
  const policy = judgePolicy(policyCase, "policy");
  const runs: Record<PolicyName, PolicyRuns> = {
    policy,
    byWorth: judgeByWorth(policyCase),
    byProbability: judgeByProbability(policyCase),
    withoutScores: judgeWithoutScores(policyCase),
    ranking30: judgeRanking(policyCase),
    shuffledScores: judgeShuffledScores(policyCase, draws, createRandom(seed).fork("shuffled scores")),
    randomTurbines: judgeRandom(policyCase, policy, "sameComponents", draws, random),
    randomPicks: judgeRandom(policyCase, policy, "anyPair", draws, random),
    calendar: judgeCalendar(policyCase, policy, draws, random),
    alwaysQuiet: judgeQuiet(policyCase),
  };
  const judged = { fromDay: dayOf(startMs), toDay: dayOf(endMs) };
  return {
    seed,
    forms: [],
    floatOutcomes: [],
    days,
    windowAuc: computeWindowAuc(days, counted, judged, permutations, random),
    permutationP: permutePolicy(policyCase, policy, permutations, random),
    outcomes: Object.fromEntries(policyNames.map((name) => [name, runs[name].outcomes])) as Record<
      PolicyName,
      readonly CostOutcome[]
    >,
    inspections: policy.inspections,
    slices: sliceScada(
      {
        site: edpSite,
        cells: days.flatMap(({ cells }) => cells),
        inspections: policy.inspections,
        failures: counted,
        costs: subject.costs,
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
  const { failures, costs } = subject;
  const { startMs, endMs } = subject.split;
  return {
    turbines,
    failures,
    costs,
    startMs,
    endMs,
    counted: failures.filter(({ timestampMs }) => timestampMs >= startMs && timestampMs < endMs + dayMs),
    policyAt: () => policy,
    phases: Math.max(calendars, policy.roundDays),
  };
}
