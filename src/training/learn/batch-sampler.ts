/** Rows to learn from, and the batches that a training step takes of them. Seeded; knows nothing of TensorFlow. */
import type { Random } from "../../core/maths/random.ts";

/** Rows to learn from. */
export interface FitRows {
  readonly rows: number;
  /** [rows × hypotheses × own inputs], standardised. */
  readonly own: Float32Array;
  /** [rows × shared inputs], standardised. */
  readonly shared: Float32Array;
  /** [rows × hypotheses], 0 or 1. */
  readonly targets: Float32Array;
  /** [rows], relative weights. */
  readonly weights: Float32Array;
  /** [shared inputs]: noise of each, as a multiple of the others'; absent: of all alike. */
  readonly sharedNoise?: readonly number[] | undefined;
  /** The teacher's logits [rows × hypotheses], or null when there is no teacher. */
  readonly teacherLogits: Float32Array | null;
  /** The teacher's last hidden activations of chosen rows [chosen × any]; absent: only its logits teach. */
  readonly teacherHidden?: ((rows: readonly number[]) => Float32Array) | undefined;
}

/** Copies of chosen rows. */
export interface Batch {
  readonly own: Float32Array;
  readonly shared: Float32Array;
  readonly targets: Float32Array;
  /** Normalised so that the loss is a mean over rows and hypotheses. */
  readonly weights: Float32Array;
  readonly teacher: Float32Array | null;
  /** [rows × any]; null without a teacher whose hidden layer teaches. */
  readonly teacherHidden: Float32Array | null;
}

/**
 * Draws batches of `batchRows` rows, without replacement until all had their turn, in an order that only `random` decides,
 * with normal noise of standard deviation `inputNoise` on the inputs (times `sharedNoise` on the shared ones).
 */
export function createBatchSampler(
  data: FitRows,
  batchRows: number,
  ownColumns: number,
  sharedColumns: number,
  hypotheses: number,
): (random: Random, inputNoise: number) => Batch {
  const order = Array.from({ length: data.rows }, (_, index) => index);
  let next = data.rows;
  const copy = (values: Float32Array, columns: number, rows: readonly number[]): Float32Array => {
    const out = new Float32Array(rows.length * columns);
    for (const [to, from] of rows.entries()) {
      out.set(values.subarray(from * columns, (from + 1) * columns), to * columns);
    }
    return out;
  };
  return (random, inputNoise) => {
    if (next + batchRows > data.rows) {
      random.shuffle(order);
      next = 0;
    }
    const rows = order.slice(next, next + batchRows);
    next += batchRows;
    const own = copy(data.own, ownColumns, rows);
    const shared = copy(data.shared, sharedColumns, rows);
    if (inputNoise > 0) {
      for (let index = 0; index < own.length; index++) own[index]! += inputNoise * random.normal();
      for (let index = 0; index < shared.length; index++) {
        const louder = data.sharedNoise?.[index % sharedColumns] ?? 1;
        shared[index]! += inputNoise * louder * random.normal();
      }
    }
    const weights = copy(data.weights, 1, rows);
    const total = weights.reduce((sum, weight) => sum + weight, 0) * hypotheses;
    return {
      own,
      shared,
      targets: copy(data.targets, hypotheses, rows),
      // A batch without weight teaches nothing; it must not divide by zero.
      weights: total > 0 ? weights.map((weight) => weight / total) : weights,
      teacher: data.teacherLogits === null ? null : copy(data.teacherLogits, hypotheses, rows),
      teacherHidden: data.teacherHidden?.(rows) ?? null,
    };
  };
}
