/** What the decision rule would cost on training bearings out of fold, at the threshold of the costs and around it. */
import type { Threshold } from "../../../../core/contract/bundle/manifest.ts";
import { computeExpectedCost, type DecisionCosts } from "../../../judge/bayes-threshold.ts";
import { computeShare, type Figure } from "../../../judge/figure.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { type AlertRule, decideLooped } from "./held-out-figures.ts";

interface DecisionPoint {
  readonly raise: number;
  /** Share of faulty signals whose own fault is raised, and of healthy ones on which anything is. */
  readonly recall: Figure;
  readonly falseAlarms: Figure;
  /** Per watched bearing, in the currency of the costs. */
  readonly expectedCost: number;
}

export interface DecisionFigures {
  readonly costs: DecisionCosts;
  /** What the costs ask for. */
  readonly raise: number;
  /** Of never raising, for comparison. */
  readonly costOfSilence: number;
  readonly points: readonly DecisionPoint[];
  readonly sentence: string;
}

/** Thresholds that are looked at besides the chosen one. */
const others = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98] as const;

/** Plays every out-of-fold signal through the rule, which has one threshold for all modes. */
export function judgeDecision(
  folds: readonly ScoredSet[],
  { failureModes, calibration, thresholds }: AlertRule,
  costs: DecisionCosts,
): DecisionFigures {
  const threshold = thresholds[0]!;
  const points = [...new Set([...others, threshold.raise])]
    .sort((a, b) => a - b)
    .map((raise): DecisionPoint => {
      const clear = Math.min(threshold.clear, raise);
      const tried = failureModes.map((): Threshold => ({ ...threshold, raise, clear }));
      const counts = countOutcomes(folds, { failureModes, calibration, thresholds: tried });
      const recall = computeShare(counts.found, counts.faulty);
      const falseAlarms = computeShare(counts.alarmed, counts.healthy);
      const expectedCost = computeExpectedCost(costs, recall.value, falseAlarms.value);
      return { raise, recall, falseAlarms, expectedCost };
    });
  const chosen = points.find(({ raise }) => raise === threshold.raise)!;
  const best = points.reduce((a, b) => (b.expectedCost < a.expectedCost ? b : a));
  const costOfSilence = computeExpectedCost(costs, 0, 0);
  const sentence = `The costs ask for ${threshold.raise} where faults are ${(100 * costs.faultPrior).toFixed(1)} % of the bearings. Out of fold that costs ${chosen.expectedCost.toFixed(0)} a bearing, never raising ${costOfSilence.toFixed(0)}; of the thresholds looked at ${best.raise} costs least, ${best.expectedCost.toFixed(0)}.`;
  return { costs, raise: threshold.raise, costOfSilence, points, sentence };
}

function countOutcomes(
  folds: readonly ScoredSet[],
  rule: AlertRule,
): Readonly<Record<"found" | "faulty" | "alarmed" | "healthy", number>> {
  let [found, faulty, alarmed, healthy] = [0, 0, 0, 0];
  for (const fold of folds) {
    let at = 0;
    for (const { truth, rows } of fold.signals) {
      const logits = fold.scores.int8!.subarray(at * fold.outputs, (at + rows) * fold.outputs);
      at += rows;
      const raised = decideLooped(logits, rows, rule);
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
