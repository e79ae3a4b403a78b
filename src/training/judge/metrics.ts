/** Figures of merit of scores against labels. Pure numbers; never looks at thresholds of its own choosing. */
import {
  columnOf,
  labelRows,
  labelSet,
  type Multiplicities,
  rowsOfSignals,
  type ScoredSet,
  type Statistic,
} from "./scored-set.ts";

/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counting half
 * (Mann–Whitney U; Hanley & McNeil 1982). NaN when one of the classes is empty.
 */
export function computeAuroc(scores: ArrayLike<number>, positive: ArrayLike<boolean | number>): number {
  return rankScores(scores, positive, new Uint8Array(scores.length))(Float64Array.of(1));
}

/** Mean of the one-against-the-rest AUROCs of `columns` scores and labels, both [rows × columns], over those with both classes. */
export function computeMacroAuroc(scores: Float32Array, labels: Float32Array, columns: number): number {
  return meanDefined(
    Array.from({ length: columns }, (_, column) =>
      computeAuroc(columnOf(scores, column, columns), columnOf(labels, column, columns)),
    ),
  );
}

/** Mean squared error of probabilities against labels (Brier 1950); 0 is perfect. */
export function computeBrier(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < labels.length; index++) sum += (probabilities[index]! - labels[index]!) ** 2;
  return sum / labels.length;
}

/** {@link computeBrier} of each signal's rows of `probabilities`, [rows × outputs]; 0 of one without rows. */
export function computeBriers(
  set: Pick<ScoredSet, "signals" | "outputs">,
  probabilities: Float32Array,
): number[] {
  const labels = rowsOfSignals(set, labelSet(set));
  return rowsOfSignals(set, probabilities).map((own, index) =>
    own.length === 0 ? 0 : computeBrier(own, labels[index]!),
  );
}

/** {@link computeAuroc} of one output as a statistic of its signals' multiplicities. */
export function createAuroc(set: ScoredSet, model: string, output: number): Statistic {
  const { signalOf, labels } = labelRows(set, output);
  return rankScores(columnOf(set.scores[model]!, output, set.outputs), labels, signalOf);
}

/**
 * Macro AUROC over the outputs that have both classes, averaged over `sets` (folds with a model each). Multiplicities
 * run over the signals of all sets, one after the other.
 */
export function createMacroAuroc(sets: readonly ScoredSet[], model: string): Statistic {
  let first = 0;
  const parts = sets.map((set) => {
    const statistics = Array.from({ length: set.outputs }, (_, output) => createAuroc(set, model, output));
    const range = [first, first + set.signals.length] as const;
    first = range[1];
    return { statistics, range };
  });
  return (multiplicities) =>
    meanDefined(
      parts.map(({ statistics, range }) => {
        const own = multiplicities.subarray(...range);
        return meanDefined(statistics.map((statistic) => statistic(own)));
      }),
    );
}

/** The mean of Brier scores, each over `rows` windows, all windows weighing the same: as a statistic of their multiplicities. */
export function createMeanBrier(
  cases: readonly { readonly rows: number; readonly brier: number }[],
): Statistic {
  return (multiplicities) => {
    let [sum, rows] = [0, 0];
    for (const [index, each] of cases.entries()) {
      sum += multiplicities[index]! * each.rows * each.brier;
      rows += multiplicities[index]! * each.rows;
    }
    return sum / rows;
  };
}

/** Fast enough for thousands of resamples, because cases are sorted once; a row weighs what its signal counts. */
function rankScores(
  scores: ArrayLike<number>,
  positive: ArrayLike<boolean | number>,
  signalOf: ArrayLike<number>,
): Statistic {
  const order = Uint32Array.from(scores, (_, index) => index).sort((a, b) => scores[a]! - scores[b]!);
  return (multiplicities: Multiplicities) => {
    let positives = 0;
    let negatives = 0;
    let won = 0;
    for (let from = 0; from < order.length; ) {
      const score = scores[order[from]!]!;
      let tiedPositives = 0;
      let tiedNegatives = 0;
      let to = from;
      do {
        const row = order[to]!;
        const weight = multiplicities[signalOf[row]!]!;
        if (positive[row]) tiedPositives += weight;
        else tiedNegatives += weight;
        to++;
      } while (to < order.length && scores[order[to]!] === score);
      // Ties count half (Mann & Whitney 1947).
      won += tiedPositives * (negatives + tiedNegatives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      from = to;
    }
    return positives === 0 || negatives === 0 ? Number.NaN : won / (positives * negatives);
  };
}

function meanDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
