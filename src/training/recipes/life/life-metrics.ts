/** Figures of merit of predicted remaining life, with intervals by resampling whole engines. Pure numbers. */
import type { Random } from "../../../core/maths/random.ts";
import type { Figure } from "../../judge/figure.ts";

/** What one engine contributes; where it has several rows, the means over its weighted rows. */
export interface EngineScore {
  /** Mean of squared errors, of absolute ones and of signed ones (predicted less actual), in cycles. */
  readonly squaredError: number;
  readonly absoluteError: number;
  readonly error: number;
  /** NASA's score (Saxena et al. 2008): exp(−d/13) − 1 for d < 0 (early), exp(d/10) − 1 for d ≥ 0 (late). */
  readonly nasa: number;
  /** Share of rows whose truth the interval holds, and its mean width in cycles. */
  readonly covered: number;
  readonly width: number;
}

/** Judged predictions, one a row. */
export interface JudgedLife {
  readonly predicted: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  /** Capped as the predictions are. */
  readonly actual: ArrayLike<number>;
  /** Relative weights within an engine. */
  readonly weights: ArrayLike<number>;
  readonly engine: ArrayLike<number>;
}

/** Scores engine by engine, in order of their first rows. */
export function scoreEngines(judged: JudgedLife): EngineScore[] {
  const sums = new Map<number, { weight: number; values: number[] }>();
  for (let row = 0; row < judged.actual.length; row++) {
    const engine = judged.engine[row]!;
    const sum = sums.get(engine) ?? { weight: 0, values: [0, 0, 0, 0, 0, 0] };
    sums.set(engine, sum);
    const actual = judged.actual[row]!;
    const error = judged.predicted[row]! - actual;
    const covered = actual >= judged.low[row]! && actual <= judged.high[row]! ? 1 : 0;
    const weight = judged.weights[row]!;
    sum.weight += weight;
    const nasa = scoreNasa(error);
    const parts = [error ** 2, Math.abs(error), error, nasa, covered, judged.high[row]! - judged.low[row]!];
    for (const [index, part] of parts.entries()) sum.values[index]! += weight * part;
  }
  return [...sums.values()]
    .filter(({ weight }) => weight > 0)
    .map(({ weight, values }) => {
      const at = (index: number): number => values[index]! / weight;
      return {
        squaredError: at(0),
        absoluteError: at(1),
        error: at(2),
        nasa: at(3),
        covered: at(4),
        width: at(5),
      };
    });
}

/** NASA's asymmetric score of one error (predicted less actual, in cycles); 0 is perfect, late costs more. */
export function scoreNasa(error: number): number {
  return error < 0 ? Math.exp(-error / 13) - 1 : Math.exp(error / 10) - 1;
}

/** Figures with 95 percent intervals. */
export interface LifeFigures {
  /** Root of the mean over engines, in cycles. */
  readonly rmse: Figure;
  readonly mae: Figure;
  /** Mean of predicted less actual. */
  readonly bias: Figure;
  /** Sum over engines. */
  readonly nasaScore: Figure;
  readonly coverage: Figure;
  readonly intervalWidth: Figure;
  readonly engines: number;
}

/** Summarises; the intervals are the 2.5 and 97.5 percent quantiles of `replicates` resamples of whole engines. */
export function summariseEngines(
  scores: readonly EngineScore[],
  replicates: number,
  random: Random,
): LifeFigures {
  const count = scores.length;
  const draws = Array.from({ length: replicates }, () =>
    Array.from({ length: count }, () => random.integer(count)),
  );
  const figure = (read: (score: EngineScore) => number, finish: (mean: number) => number): Figure => {
    const values = scores.map(read);
    const mean = (indices: readonly number[]): number =>
      indices.reduce((sum, index) => sum + values[index]!, 0) / indices.length;
    const resampled = draws.map((draw) => finish(mean(draw))).sort((a, b) => a - b);
    return {
      value: finish(mean(values.map((_, index) => index))),
      low: resampled[Math.floor(0.025 * (replicates - 1))]!,
      high: resampled[Math.ceil(0.975 * (replicates - 1))]!,
    };
  };
  const same = (mean: number): number => mean;
  return {
    rmse: figure((score) => score.squaredError, Math.sqrt),
    mae: figure((score) => score.absoluteError, same),
    bias: figure((score) => score.error, same),
    nasaScore: figure(
      (score) => score.nasa,
      (mean) => mean * count,
    ),
    coverage: figure((score) => score.covered, same),
    intervalWidth: figure((score) => score.width, same),
    engines: count,
  };
}

/**
 * RMSE of `first` less that of `second`, paired by engine, with the 2.5 and 97.5 percent quantiles over resamples of
 * engines. Both must score the same engines in the same order.
 */
export function summariseDifference(
  first: readonly EngineScore[],
  second: readonly EngineScore[],
  replicates: number,
  random: Random,
): Figure {
  const count = first.length;
  const difference = (indices: readonly number[]): number => {
    const rmse = (scores: readonly EngineScore[]): number =>
      Math.sqrt(indices.reduce((sum, index) => sum + scores[index]!.squaredError, 0) / count);
    return rmse(first) - rmse(second);
  };
  const resampled = Array.from({ length: replicates }, () =>
    difference(Array.from({ length: count }, () => random.integer(count))),
  ).sort((a, b) => a - b);
  return {
    value: difference(first.map((_, index) => index)),
    low: resampled[Math.floor(0.025 * (replicates - 1))]!,
    high: resampled[Math.ceil(0.975 * (replicates - 1))]!,
  };
}
