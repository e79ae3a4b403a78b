/**
 * Exact Shapley values (Shapley 1953) of groups of features from the model's outputs on a {@link CoalitionPlan}:
 * share of g = Σ over coalitions S without g of |S|! (n − |S| − 1)! / n! · (v(S ∪ g) − v(S)),
 * v(S) = the background's weighted mean score when S comes from the window. No sampling, no approximation.
 * A group is a player of its own: its share is not the sum of its members' shares.
 */
import type { Explanation } from "../contract/prediction.ts";
import type { CoalitionPlan } from "./coalition-plan.ts";

/** What the model's outputs are: score = (value − zeroPoint) · scale. */
interface OutputScale {
  /** Outputs a row. */
  readonly outputs: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Reduces the outputs of all of the plan's rows (row-major [plan.rows × outputs]) to one explanation an output.
 * `baseValue` is the background's weighted mean score; `baseValue + Σ share = score` up to `gap` (≤ 1e-9; rounding
 * of float64 only). A group without features has the share 0. Throws RangeError when the length does not fit.
 */
export function reduceShapley(
  plan: CoalitionPlan,
  values: ArrayLike<number>,
  of: OutputScale,
): Explanation[] {
  if (values.length !== plan.rows * of.outputs) {
    throw new RangeError(`${values.length} values are not ${plan.rows} rows of ${of.outputs} outputs`);
  }
  const weights = computeCoalitionWeights(plan.players.length);
  return Array.from({ length: of.outputs }, (_, output) =>
    explainOutput(plan, computeWorth(plan, values, { ...of, output }), weights),
  );
}

function explainOutput(plan: CoalitionPlan, worth: Float64Array, weights: Float64Array): Explanation {
  const full = worth.length - 1;
  const shares = new Float64Array(plan.groups.names.length);
  for (const [bit, group] of plan.players.entries()) {
    const mask = 1 << bit;
    let share = 0;
    for (let coalition = 0; coalition <= full; coalition++) {
      if ((coalition & mask) !== 0) continue;
      share += weights[countBits(coalition)]! * (worth[coalition | mask]! - worth[coalition]!);
    }
    shares[group] = share;
  }
  const baseValue = worth[0]!;
  const sum = shares.reduce((total, share) => total + share, baseValue);
  return {
    baseValue,
    groups: plan.groups.names.map((name, group) => ({ name, share: shares[group]! })),
    gap: Math.abs(sum - worth[full]!),
  };
}

/** v(S) of every coalition for one output, index = its bit mask. */
function computeWorth(
  plan: CoalitionPlan,
  values: ArrayLike<number>,
  { outputs, scale, zeroPoint, output }: OutputScale & { readonly output: number },
): Float64Array {
  const { rows, weights } = plan.background;
  const full = (1 << plan.players.length) - 1;
  const worth = new Float64Array(full + 1);
  let index = output;
  for (let coalition = 0; coalition < full; coalition++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) {
      mean += weights[row]! * (values[index]! - zeroPoint);
      index += outputs;
    }
    worth[coalition] = mean * scale;
  }
  worth[full] = (values[index]! - zeroPoint) * scale;
  return worth;
}

/** |S|! (n − |S| − 1)! / n! by |S|: 1 / (n · C(n − 1, |S|)). */
function computeCoalitionWeights(players: number): Float64Array {
  const weights = new Float64Array(players);
  let binomial = 1;
  for (let size = 0; size < players; size++) {
    weights[size] = 1 / (players * binomial);
    binomial = (binomial * (players - 1 - size)) / (size + 1);
  }
  return weights;
}

function countBits(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}
