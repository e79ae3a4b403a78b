/** Figures of merit of scores against labels. Pure numbers; never looks at thresholds of its own choosing. */

/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counting half
 * (Mann–Whitney U; Hanley & McNeil 1982). NaN when one of the classes is empty.
 */
export function computeAuroc(scores: ArrayLike<number>, positive: ArrayLike<boolean | number>): number {
  const order = Array.from({ length: scores.length }, (_, index) => index);
  order.sort((a, b) => scores[a]! - scores[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++;
    // Ranks from 1; tied scores share their mean rank.
    const rank = (from + 1 + to) / 2;
    for (let index = from; index < to; index++) {
      if (positive[order[index]!]) {
        positives++;
        rankSum += rank;
      }
    }
    from = to;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean of the one-against-the-rest AUROCs of `columns` scores and labels, both [rows × columns]. */
export function computeMacroAuroc(
  scores: ArrayLike<number>,
  labels: ArrayLike<boolean | number>,
  columns: number,
): number {
  let sum = 0;
  for (let column = 0; column < columns; column++)
    sum += computeAuroc(pick(scores, column), pick(labels, column));
  return sum / columns;

  function pick<T>(values: ArrayLike<T>, column: number): T[] {
    return Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column]!);
  }
}

/** Mean squared error of probabilities against labels (Brier 1950); 0 is perfect. */
export function computeBrier(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < labels.length; index++) sum += (probabilities[index]! - labels[index]!) ** 2;
  return sum / labels.length;
}

/** Mean, sample standard deviation, and the 2.5 and 97.5 percent quantiles (nearest rank) of figures. */
export interface Spread {
  readonly value: number;
  readonly sd: number;
  readonly low: number;
  readonly high: number;
}

/** Summarises one figure over splits or seeds. */
export function summariseSpread(values: readonly number[]): Spread {
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - value) ** 2, 0);
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
  return {
    value,
    sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    low: quantile(0.025),
    high: quantile(0.975),
  };
}
