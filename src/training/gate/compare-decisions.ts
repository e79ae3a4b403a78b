/** Does a new model decide worse than the active one, case by case? */
import type { JudgedCase } from "./judgement.ts";

/** One kind of wrong decision under both models, on the cases that both hold out. */
export interface DecisionComparison {
  readonly mistake: "missed" | "false-alarm";
  /** Cases that the new model alone gets wrong in this way, and those that the old one alone does. */
  readonly onlyNew: number;
  readonly onlyOld: number;
  /** Probability of as many of them on the new model's side, if both were equally good (sign test, one-sided). */
  readonly p: number;
}

/** Compares both kinds of mistake; empty where a judgement says nothing of decisions. */
export function compareDecisions(
  own: readonly JudgedCase[],
  other: readonly JudgedCase[],
): DecisionComparison[] {
  const before = new Map(other.map(({ id, decision }) => [id, decision]));
  const pairs = own.flatMap(({ id, decision }) => {
    const old = before.get(id);
    return decision === undefined || old === undefined ? [] : [{ decision, old }];
  });
  if (pairs.length === 0) return [];
  return (["missed", "false-alarm"] as const).map((mistake) => {
    const onlyNew = pairs.filter(({ decision, old }) => decision === mistake && old !== mistake).length;
    const onlyOld = pairs.filter(({ decision, old }) => decision !== mistake && old === mistake).length;
    return { mistake, onlyNew, onlyOld, p: atLeast(onlyNew, onlyNew + onlyOld) };
  });
}

/** P(X ≥ k) of a binomial of n fair trials. */
function atLeast(k: number, n: number): number {
  let sum = 0;
  let logTerm = -n * Math.LN2;
  for (let i = 0; i <= n; i++) {
    if (i >= k) sum += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1));
  }
  return Math.min(1, sum);
}
