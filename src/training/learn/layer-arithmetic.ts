/**
 * The numbers that a network learns in: plain floats, or the integers of the engine (`core/contract/bundle/quantised-mlp.ts`), whose
 * rounding the gradients do not see (straight-through estimator, Bengio et al. 2013; for networks of integers Jacob et
 * al. 2018). Knows no architecture: who trains a network asks for the numbers, and multiplies and adds them itself.
 */
import { studentLimits } from "../../core/inference/check-student.ts";
import type { ActivationGrid } from "./tensor-trainer.ts";
import type { Tensor, TensorLibrary } from "./tensorflow.ts";

/** What a layer multiplies and adds, and what its sum becomes. */
interface LayerNumbers {
  /** As given, each [inputs × outputs]. */
  readonly matrices: readonly Tensor[];
  /** [outputs]. */
  readonly bias: Tensor;
  /** The layer's output of Σ matrix · input + bias [… × outputs]; a relu is its user's. */
  readonly leave: (sum: Tensor) => Tensor;
}

/** The numbers from a network's inputs to its outputs. */
export interface LayerArithmetic {
  /** Standardised inputs, as the first layer takes them. */
  enter(inputs: Tensor): Tensor;
  /** Of the layer with that index: all of its matrices, whose columns share a scale, and its bias. */
  open(layer: number, matrices: readonly Tensor[], bias: Tensor): LayerNumbers;
  /** Outputs of the last layer, in their own unit. */
  exit(outputs: Tensor): Tensor;
}

/** Floats: everything stays as it is. */
export const floatArithmetic: LayerArithmetic = {
  enter: (inputs) => inputs,
  open: (_, matrices, bias) => ({ matrices, bias, leave: (sum) => sum }),
  exit: (outputs) => outputs,
};

/**
 * The engine's integers, held in floats: activations are `q − zeroPoint` on `grids` (inputs first, then each layer's
 * outputs), weights −63 … 63 with a scale an output. Forwards it is the engine bit for bit while a sum is below 2^24
 * (half a thousand inputs at their worst), but for a weight or bias within a float's rounding of the edge between two
 * integers. Backwards rounding counts as nothing, and what is beyond a grid's end does not move.
 */
export function createEngineArithmetic(tf: TensorLibrary, grids: readonly ActivationGrid[]): LayerArithmetic {
  const round = createStraightRound(tf);
  const quantise = (scaled: Tensor, { zeroPoint }: ActivationGrid): Tensor =>
    round(tf.clipByValue(scaled, -zeroPoint, 255 - zeroPoint));
  return {
    enter: (inputs) => quantise(tf.div(inputs, grids[0]!.scale), grids[0]!),
    open: (layer, matrices, bias) => {
      const [from, to] = [grids[layer]!, grids[layer + 1]!];
      const scales = measureScales(tf, matrices);
      const units = tf.mul(scales, from.scale);
      const multipliers = tf.div(units, to.scale);
      return {
        matrices: matrices.map((matrix) => round(tf.div(matrix, scales))),
        bias: round(tf.div(bias, units)),
        leave: (sum) => quantise(tf.mul(sum, multipliers), to),
      };
    },
    exit: (outputs) => tf.mul(outputs, grids.at(-1)!.scale),
  };
}

/**
 * [outputs]: what 1 of a weight stands for, as `quantiseOnGrids` chooses it. Without a gradient: no weight is moved in
 * order to change a scale.
 */
function measureScales(tf: TensorLibrary, matrices: readonly Tensor[]): Tensor {
  const measure = tf.customGrad((...inputs) => {
    const own = inputs.slice(0, -1) as Tensor[];
    const largest = tf.max(tf.abs(tf.concat(own, 0)), 0);
    const known = tf.where(tf.greater(largest, 1e-6), largest, tf.onesLike(largest));
    return {
      value: tf.div(known, studentLimits.maxWeight),
      gradFunc: () => matrices.map((matrix) => tf.zerosLike(matrix)),
    };
  });
  return measure(...matrices);
}

/** Adding and taking away 1.5 · 2^23 rounds a float32 to an integer, half to even. */
const roundingMagic = 12_582_912;

/** Rounds half to even forwards, and lets the gradient through backwards. */
function createStraightRound(tf: TensorLibrary): (x: Tensor) => Tensor {
  return tf.customGrad((x) => ({
    value: tf.sub(tf.add(x as Tensor, roundingMagic), roundingMagic),
    gradFunc: (dy: Tensor) => dy,
  }));
}
