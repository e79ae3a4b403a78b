/**
 * Feature matching without a regressor: rows that are alike in the teacher's last hidden layer shall be alike in the
 * student's (Tung & Mori 2019, Similarity-Preserving Knowledge Distillation). Widths may differ, an ensemble's members
 * stand side by side, and nothing is learnt that is thrown away afterwards.
 */

import type { Batch } from "./descent.ts";
import type { FitOptions } from "./tensor-trainer.ts";
import type { Scalar, Tensor, Tensor2D, TensorLibrary } from "./tensorflow.ts";

/** Keeps the norm of a row that is like no other from being zero. */
const smallestSquare = 1e-6;

/**
 * Loss of the student's hidden activations [rows × any] against the teacher's, given once as values [rows × any]: the
 * mean squared difference of the matrices of products between rows, each of whose rows is of length one; 0 to 4 / rows.
 */
export function createSimilarityLoss(
  tf: TensorLibrary,
  teacher: Float32Array,
  rows: number,
): (student: Tensor) => Scalar {
  const wanted = compareRows(tf, tf.tensor2d(teacher, [rows, teacher.length / rows]));
  return (student) =>
    tf.mean(
      tf.square(tf.sub(compareRows(tf, tf.reshape(student, [rows, -1]) as Tensor2D), wanted)),
    ) as Scalar;
}

/** Adds the weighted likeness to a batch's loss; gives the loss alone where no teacher's hidden layer teaches. */
export function prepareLikeness(
  tf: TensorLibrary,
  { teacherHidden }: Batch,
  { rows, similarityWeight = 0 }: Pick<FitOptions, "similarityWeight"> & { readonly rows: number },
): (loss: Scalar, hidden: Tensor) => Scalar {
  if (teacherHidden === null || similarityWeight === 0) return (loss) => loss;
  const similarity = createSimilarityLoss(tf, teacherHidden, rows);
  return (loss, hidden) => tf.add(loss, tf.mul(similarity(hidden), similarityWeight)) as Scalar;
}

function compareRows(tf: TensorLibrary, hidden: Tensor2D): Tensor {
  const products = tf.matMul(hidden, tf.transpose(hidden));
  return tf.div(products, tf.sqrt(tf.add(tf.sum(tf.square(products), 1, true), smallestSquare)));
}
