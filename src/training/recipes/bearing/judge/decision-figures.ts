/** What the gateway's decision would cost on training bearings out of fold, and what the costs ask of a single window. */
import { computeExpectedCost, type DecisionCosts } from "../../../judge/bayes-threshold.ts";
import { computeShare, type Figure } from "../../../judge/figure.ts";
import { rowsOfSignals, type ScoredSet } from "../../../judge/scored-set.ts";
import { type AlertRule, decideLooped } from "./held-out-figures.ts";

export interface DecisionFigures {
  readonly costs: DecisionCosts;
  /** The probability that the costs ask for: where a microcontroller marks a window as worth a look. */
  readonly raise: number;
  /** Share of faulty signals whose own fault the gateway raises, and of healthy ones on which it raises anything. */
  readonly recall: Figure;
  readonly falseAlarms: Figure;
  /** Per watched bearing, in the currency of the costs. */
  readonly expectedCost: number;
  /** Of never raising, for comparison. */
  readonly costOfSilence: number;
  readonly sentence: string;
}

/** Plays every out-of-fold signal to the gateway's decision. */
export function judgeDecision(
  folds: readonly ScoredSet[],
  rule: AlertRule,
  costs: DecisionCosts,
): DecisionFigures {
  const { raise } = rule.thresholds[0]!;
  const counts = countOutcomes(folds, rule);
  const recall = computeShare(counts.found, counts.faulty);
  const falseAlarms = computeShare(counts.alarmed, counts.healthy);
  const expectedCost = computeExpectedCost(costs, recall.value, falseAlarms.value);
  const costOfSilence = computeExpectedCost(costs, 0, 0);
  const sentence = `Out of fold the right fault is raised on ${counts.found} of ${counts.faulty} faulty signals and anything on ${counts.alarmed} of ${counts.healthy} healthy ones: where faults are ${(100 * costs.faultPrior).toFixed(1)} % of the bearings that costs ${expectedCost.toFixed(0)} a bearing, never raising ${costOfSilence.toFixed(0)}.`;
  return { costs, raise, recall, falseAlarms, expectedCost, costOfSilence, sentence };
}

function countOutcomes(
  folds: readonly ScoredSet[],
  rule: AlertRule,
): Readonly<Record<"found" | "faulty" | "alarmed" | "healthy", number>> {
  let [found, faulty, alarmed, healthy] = [0, 0, 0, 0];
  for (const fold of folds) {
    for (const [index, logits] of rowsOfSignals(fold, fold.scores.int8!).entries()) {
      const { truth } = fold.signals[index]!;
      const raised = decideLooped(logits, rule);
      if (truth === null) {
        healthy++;
        if (raised !== null) alarmed++;
      } else {
        faulty++;
        if (raised === rule.failureModes[truth]) found++;
      }
    }
  }
  return { found, faulty, alarmed, healthy };
}
