/** Areas under ROC curves of weighted cases, fast enough for thousands of resamples: cases are sorted once. */
import { columnOf, labelRows, type Multiplicities, type ScoredSet, type Statistic } from "./scored-set.ts";

/** The AUROC of one output as a statistic of its signals' multiplicities; NaN when one of the classes is empty. */
export function createAuroc(set: ScoredSet, model: string, output: number): Statistic {
  const scores = columnOf(set.scores[model]!, output, set.outputs);
  const { signalOf, labels } = labelRows(set, output);
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
      for (; to < order.length && scores[order[to]!]! === score; to++) {
        const row = order[to]!;
        const weight = multiplicities[signalOf[row]!]!;
        if (labels[row] === 1) tiedPositives += weight;
        else tiedNegatives += weight;
      }
      // Ties count half (Mann & Whitney 1947).
      won += tiedPositives * (negatives + tiedNegatives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      from = to;
    }
    return positives === 0 || negatives === 0 ? Number.NaN : won / (positives * negatives);
  };
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

function meanDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
