/**
 * Tries how the tied logistic regression is fitted best, on the published tuning folds: with which penalty, and with or
 * without the noisy copies of the training windows. For choosing only: no other split is opened here.
 */
import { computeMacroAuroc } from "../../../judge/metrics.ts";
import { runDense } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { type LabelledRows, prepareRows, type StudentTask } from "../../../learn/train-student.ts";
import { fitLogisticRival } from "../learn/contenders.ts";

/** Both sides of a split, and which training rows are as recorded. */
export interface LogisticRows {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  /** A weight a training row: 1 as recorded, 0 for a noisy copy. */
  readonly recorded: Float32Array;
}

/** One way to fit it, over the splits. */
interface LogisticTrial {
  readonly penalty: number;
  readonly withNoisyCopies: boolean;
  /** Mean of the splits' macro AUROCs. */
  readonly macroAuroc: number;
  /** Largest component of the gradient at any of the minima. */
  readonly gradient: number;
}

const penalties = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1] as const;

/** Fits all ways on all splits. Fails with TRAINING. */
export function tryLogistic(splits: readonly LogisticRows[], task: StudentTask): LogisticTrial[] {
  const { tying } = task;
  const prepared = splits.map(({ train }) => prepareRows(train, task));
  return [false, true].flatMap((withNoisyCopies) =>
    penalties.map((penalty): LogisticTrial => {
      const fits = splits.map(({ recorded, test }, index) => {
        const own = prepared[index]!;
        const weights = withNoisyCopies ? new Float32Array(recorded.length).fill(1) : recorded;
        const { layers, gradient } = fitLogisticRival(own, tying, { recorded: weights, penalty });
        const logits = runDense(layers, standardiseRows(test.features, test.rows, own.scaler), test.rows);
        return { gradient, auroc: computeMacroAuroc(logits, test.labels, tying.own.length) };
      });
      return {
        penalty,
        withNoisyCopies,
        macroAuroc: fits.reduce((sum, { auroc }) => sum + auroc, 0) / fits.length,
        gradient: Math.max(...fits.map(({ gradient }) => gradient)),
      };
    }),
  );
}

export function sayLogisticTrial({ penalty, withNoisyCopies, macroAuroc }: LogisticTrial): string {
  return `tied logistic regression ${withNoisyCopies ? "with noisy copies" : "as recorded"}, penalty ${penalty}: macro AUROC ${macroAuroc.toFixed(4)}`;
}
