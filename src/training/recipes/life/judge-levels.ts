/**
 * What an interval holds, and how wide it is, at each level of prediction: a share that is right in the mean may be too
 * high where errors are small and too low where they are large. Pure numbers.
 */
import type { Random } from "../../../core/maths/random.ts";
import type { Figure } from "../../judge/figure.ts";
import type { JudgedLife } from "./life-metrics.ts";

/** Predictions from `from` up to below `to`, in cycles; the last level includes its end. */
export interface LevelFigures {
  readonly from: number;
  readonly to: number;
  /** Part of all weight that falls here. */
  readonly share: number;
  readonly coverage: Figure;
  /** In cycles. */
  readonly width: Figure;
  /**
   * Width, and for a truth outside 2 / (1 − coverage) times its distance from the interval, in cycles: the least for the
   * true quantiles (interval score, Gneiting & Raftery 2007).
   */
  readonly score: Figure;
}

/**
 * Figures of the levels between `edges`, in cycles and ascending, but for those that no prediction falls in; intervals are
 * 95 percent, over resamples of engines.
 */
export function judgeLevels(
  judged: JudgedLife,
  edges: readonly number[],
  { coverage, replicates }: { readonly coverage: number; readonly replicates: number },
  random: Random,
): LevelFigures[] {
  const engines = [...new Set(Array.from(judged.engine))];
  const draws = Array.from({ length: replicates }, () => engines.map(() => random.integer(engines.length)));
  const total = Array.from(judged.weights).reduce((sum, weight) => sum + weight, 0);
  const levels = edges.slice(1).map((to, index) => {
    const from = edges[index]!;
    const isLast = index === edges.length - 2;
    const sums = sumEngines(
      judged,
      coverage,
      (value) => value >= from && (value < to || (isLast && value <= to)),
    );
    const parts = engines.map((engine) => sums.get(engine) ?? [0, 0, 0, 0]);
    const figure = (column: number): Figure => summariseRatio(parts, column, draws);
    return {
      from,
      to,
      share: parts.reduce((sum, part) => sum + part[0]!, 0) / total,
      coverage: figure(1),
      width: figure(2),
      score: figure(3),
    };
  });
  return levels.filter(({ share }) => share > 0);
}

/** Weight and weighted sums of held, width and score of each engine's rows whose prediction is `wanted`. */
function sumEngines(
  { predicted, low, high, actual, weights, engine }: JudgedLife,
  coverage: number,
  wanted: (predicted: number) => boolean,
): Map<number, number[]> {
  const sums = new Map<number, number[]>();
  for (let row = 0; row < actual.length; row++) {
    if (!wanted(predicted[row]!)) continue;
    const sum = sums.get(engine[row]!) ?? [0, 0, 0, 0];
    sums.set(engine[row]!, sum);
    const missed = Math.max(0, low[row]! - actual[row]!, actual[row]! - high[row]!);
    const width = high[row]! - low[row]!;
    const parts = [1, missed === 0 ? 1 : 0, width, width + (2 * missed) / (1 - coverage)];
    for (const [column, part] of parts.entries()) sum[column]! += weights[row]! * part;
  }
  return sums;
}

/** Sum of a column over sum of the weights; unknown without weight. */
function summariseRatio(
  parts: readonly (readonly number[])[],
  column: number,
  draws: readonly (readonly number[])[],
): Figure {
  const ratio = (indices: readonly number[]): number => {
    let sum = 0;
    let weight = 0;
    for (const index of indices) {
      sum += parts[index]![column]!;
      weight += parts[index]![0]!;
    }
    return sum / weight;
  };
  const drawn = draws
    .map(ratio)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const value = ratio(parts.map((_, index) => index));
  return {
    value,
    low: drawn[Math.floor(0.025 * (drawn.length - 1))] ?? null,
    high: drawn[Math.ceil(0.975 * (drawn.length - 1))] ?? null,
  };
}
