/**
 * Which component of which turbine is worth an inspection? At every round the planner weighs, for each pair, the probability
 * of a failure in the horizon (the logbook's rate, moved by the score's likelihood ratio) against the costs, and names
 * the best pairs; or, as a ranking, of each component the turbine with the highest score. A pair that was looked at is not named again while that look still speaks for it.
 *
 * Bayes: odds(failure | score) = odds(failure) · LR(score), LR(s) = exp(e · min(s, cap)) / mean of the same over the
 * past of all turbines, so that the ratio is 1 on average and a score that never says anything moves nothing.
 */
import type { InspectionPolicy } from "../../contract/bundle/normal-behaviour.ts";

/** An inspection that is asked for. */
export interface PlannedInspection {
  readonly turbine: string;
  readonly component: string;
  /** Day at whose end it was decided. */
  readonly day: number;
  /** |z|, see `ResidualMonitor`. */
  readonly score: number;
  /** Of a failure of this component from `minLeadDays` to `maxLeadDays` ahead. */
  readonly probability: number;
  /** probability · worth − (1 − probability) · cost of the inspection. */
  readonly expectedEur: number;
}

interface InspectionPlanner {
  /** Takes what is known of a turbine at the end of `day`: one score a component, NaN = nothing is known. */
  observe(turbine: string, day: number, scores: ReadonlyMap<string, number>): void;
  /** The logbook says that the component failed (and was mended): what was muted may be named again. */
  failed(turbine: string, component: string, day: number): void;
  /** Every pair whose score of `day` is known, as it would be weighed, muted or not; changes nothing. */
  assess(day: number): PlannedInspection[];
  /** Names the pairs to inspect at the end of `day` and counts them as inspected; at most `perRound`, best first. */
  plan(day: number): PlannedInspection[];
  /** A clock was ahead: what was dated `day` or later never was, and an inspection that was asked for then was asked for the day before. */
  forgetFrom(day: number): void;
  /** A pair was inspected without having been named. */
  inspected(turbine: string, component: string, day: number): void;
  snapshot(): InspectionPlannerSnapshot;
}

/** Everything that is kept: plain data, `null` for NaN. */
export interface InspectionPlannerSnapshot {
  /** Scores of the reference days: [day, turbine, one a component of the policy]. */
  readonly scores: readonly (readonly [number, string, readonly (number | null)[]])[];
  readonly inspectedDays: readonly (readonly [string, string, number])[];
}

/** Fewer scores of a component than this cannot tell what is usual: it is not named. */
const minReferenceScores = 50;

/** Of each component the candidate with the highest score; the first of equal ones. */
function topOfEach(candidates: readonly PlannedInspection[]): PlannedInspection[] {
  const top = new Map<string, PlannedInspection>();
  for (const each of candidates) {
    const best = top.get(each.component);
    if (best === undefined || each.score > best.score) top.set(each.component, each);
  }
  return [...top.values()];
}

/** Creates a planner, or continues one. */
export function createInspectionPlanner(
  policy: InspectionPolicy,
  from?: InspectionPlannerSnapshot,
): InspectionPlanner {
  let past = (from?.scores ?? []).map(([day, turbine, scores]) => ({
    day,
    turbine,
    scores: scores.map((score) => score ?? Number.NaN),
  }));
  /** Day of the last inspection, by turbine and component. */
  const inspectedDays = new Map<string, { turbine: string; component: string; day: number }>();
  const keyOf = (turbine: string, component: string): string => JSON.stringify([turbine, component]);
  const inspected = (turbine: string, component: string, day: number): void => {
    inspectedDays.set(keyOf(turbine, component), { turbine, component, day });
  };
  for (const [turbine, component, day] of from?.inspectedDays ?? []) inspected(turbine, component, day);

  const evidenceOf = (score: number): number => Math.exp(policy.evidence * Math.min(score, policy.scoreCap));

  const assess = (day: number): PlannedInspection[] => {
    const candidates: PlannedInspection[] = [];
    const today = past.filter((entry) => entry.day === day);
    for (const [index, component] of policy.components.entries()) {
      let sum = 0;
      let count = 0;
      for (const { scores } of past) {
        if (Number.isNaN(scores[index]!)) continue;
        sum += evidenceOf(scores[index]!);
        count++;
      }
      if (count < minReferenceScores) continue;
      for (const { turbine, scores } of today) {
        const score = scores[index]!;
        if (Number.isNaN(score)) continue;
        const odds = (component.prior / (1 - component.prior)) * (evidenceOf(score) / (sum / count));
        const probability = odds / (1 + odds);
        const expectedEur = probability * component.worthEur - (1 - probability) * component.inspectionEur;
        candidates.push({ turbine, component: component.component, day, score, probability, expectedEur });
      }
    }
    return candidates;
  };

  const plan = (day: number): PlannedInspection[] => {
    const candidates = assess(day).filter(({ turbine, component, expectedEur }) => {
      const last = inspectedDays.get(keyOf(turbine, component));
      const isMuted = last !== undefined && day < last.day + policy.muteDays;
      return !isMuted && expectedEur >= policy.minWorthEur;
    });
    // Names break ties, so that the order of observation does not decide.
    candidates.sort(
      (a, b) =>
        b.expectedEur - a.expectedEur ||
        (keyOf(a.turbine, a.component) < keyOf(b.turbine, b.component) ? -1 : 1),
    );
    const chosen = (policy.kind === "ranking" ? topOfEach(candidates) : candidates).slice(0, policy.perRound);
    for (const { turbine, component } of chosen) inspected(turbine, component, day);
    return chosen;
  };

  return {
    assess,
    plan,
    inspected,
    observe: (turbine, day, scores) => {
      past.push({
        day,
        turbine,
        scores: policy.components.map(({ component }) => scores.get(component) ?? Number.NaN),
      });
      if (past[0]!.day <= day - policy.referenceDays) {
        past = past.filter((entry) => entry.day > day - policy.referenceDays);
      }
    },
    forgetFrom: (day) => {
      past = past.filter((entry) => entry.day < day);
      for (const each of inspectedDays.values()) {
        if (each.day >= day) inspected(each.turbine, each.component, day - 1);
      }
    },
    failed: (turbine, component, day) => {
      const last = inspectedDays.get(keyOf(turbine, component));
      if (last !== undefined && last.day < day) inspectedDays.delete(keyOf(turbine, component));
    },
    snapshot: () => ({
      scores: past.map(
        ({ day, turbine, scores }) =>
          [day, turbine, scores.map((score) => (Number.isNaN(score) ? null : score))] as const,
      ),
      inspectedDays: [...inspectedDays.values()].map(
        ({ turbine, component, day }) => [turbine, component, day] as const,
      ),
    }),
  };
}
