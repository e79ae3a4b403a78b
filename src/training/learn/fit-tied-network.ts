/** Trains a tied network with TensorFlow: sigmoid cross-entropy against labels, and against a teacher where there is one. */

import { type Batch, descend, type OpenNetwork } from "./descent.ts";
import type { FitOptions, FitRows } from "./tensor-trainer.ts";
import type { Scalar, Tensor, Tensor2D, Tensor3D, TensorLibrary, Variable } from "./tensorflow.ts";
import type { TiedLayer, TiedNetwork } from "./tied-network.ts";

/** Those of a layer that decay, and the bias. */
const matrixNames = ["own", "others", "shared"] as const;

/** A layer as variables [inputs × outputs]; null where the network has no such matrix. */
type Layer = Readonly<Record<(typeof matrixNames)[number], Variable | null>> & { readonly bias: Variable };

/** Continues the training of `network` on `rows`; the same arguments give the same weights. */
export function fitTiedNetwork(
  tf: TensorLibrary,
  { network, rows }: { readonly network: TiedNetwork; readonly rows: FitRows },
  options: FitOptions,
): TiedNetwork {
  const { hypotheses, sharedInputs } = network;
  const ownInputs = network.layers[0]!.inputs;
  const { variables, decaying, run, read } = openTiedNetwork(tf, network);
  const shape = { ownColumns: hypotheses * ownInputs, sharedColumns: sharedInputs, outputs: hypotheses };
  const prepare = (batch: Batch, batchRows: number): (() => Scalar) => {
    const own = tf.tensor3d(batch.own, [batchRows, hypotheses, ownInputs]);
    const shared = tf.tensor2d(batch.shared, [batchRows, sharedInputs]);
    const loss = prepareLoss(tf, batch, { rows: batchRows, hypotheses, ...options });
    return () => loss(run(own, shared));
  };
  descend(tf, { rows, shape, variables, decaying, prepare }, options);
  const trained = read();
  for (const variable of variables) variable.dispose();
  return trained;
}

/**
 * The network as variables; `run` takes own [rows, hypotheses, inputs] and shared [rows, shared inputs] and gives
 * logits [rows × hypotheses].
 */
function openTiedNetwork(
  tf: TensorLibrary,
  network: TiedNetwork,
): OpenNetwork<[own: Tensor3D, shared: Tensor2D], TiedNetwork> {
  const layers = network.layers.map((layer) => openLayer(tf, layer, network));
  return {
    variables: layers
      .flatMap(({ own, others, shared, bias }) => [own, others, shared, bias])
      .filter((variable) => variable !== null),
    decaying: layers
      .flatMap((layer) => matrixNames.map((name) => layer[name]))
      .filter((variable) => variable !== null),
    run: (own, shared) => runLayers(tf, layers, { own, shared }),
    read: () => ({
      ...network,
      layers: network.layers.map((layer, index) => readLayer(tf, layers[index]!, layer)),
    }),
  };
}

/** TensorFlow multiplies rows from the left: matrices are kept transposed, [inputs × outputs]. */
function openLayer(tf: TensorLibrary, layer: TiedLayer, { hypotheses, sharedInputs }: TiedNetwork): Layer {
  const variable = (values: Float32Array, inputs: number, active: boolean): Variable | null =>
    active ? tf.tidy(() => tf.variable(tf.transpose(tf.tensor2d(values, [layer.outputs, inputs])))) : null;
  return {
    own: variable(layer.own, layer.inputs, true),
    others: variable(layer.others, layer.inputs, hypotheses > 1),
    shared: variable(layer.shared, sharedInputs, layer.shared.length > 0),
    bias: tf.tidy(() => tf.variable(tf.tensor1d(layer.bias))),
  };
}

function readLayer(tf: TensorLibrary, from: Layer, like: TiedLayer): TiedLayer {
  const read = (variable: Variable | null, otherwise: Float32Array): Float32Array => {
    if (variable === null) return otherwise;
    return tf.tidy(() =>
      Float32Array.from((variable.rank === 2 ? tf.transpose(variable) : variable).dataSync()),
    );
  };
  return {
    inputs: like.inputs,
    outputs: like.outputs,
    own: read(from.own, like.own),
    others: read(from.others, like.others),
    shared: read(from.shared, like.shared),
    bias: read(from.bias, like.bias),
  };
}

function runLayers(
  tf: TensorLibrary,
  layers: readonly Layer[],
  inputs: { readonly own: Tensor3D; readonly shared: Tensor2D },
): Tensor {
  const [rows, hypotheses] = inputs.own.shape;
  let current: Tensor = inputs.own;
  for (const [index, layer] of layers.entries()) {
    const outputs = layer.bias.shape[0]!;
    const flat = tf.reshape(current, [rows * hypotheses, current.shape[2]!]);
    // own · h_c + others · mean(h_d, d ≠ c) = (own − others/(k−1)) · h_c + others/(k−1) · Σ h_d.
    const others = layer.others === null ? null : tf.div(layer.others, Math.max(1, hypotheses - 1));
    const ownPart = others === null ? layer.own! : tf.sub(layer.own!, others);
    const each = tf.reshape(tf.matMul(flat as Tensor2D, ownPart as Tensor2D), [rows, hypotheses, outputs]);
    let common: Tensor = layer.bias;
    if (layer.shared !== null) common = tf.add(common, tf.matMul(inputs.shared, layer.shared as Tensor2D));
    if (others !== null) common = tf.add(common, tf.matMul(tf.sum(current, 1), others as Tensor2D));
    const sum = tf.add(each, common.rank === 1 ? common : tf.expandDims(common, 1));
    current = index < layers.length - 1 ? tf.relu(sum) : sum;
  }
  return tf.reshape(current, [rows, hypotheses]);
}

/** The loss of logits [rows × hypotheses] of one batch. */
function prepareLoss(
  tf: TensorLibrary,
  batch: Batch,
  {
    rows,
    hypotheses,
    temperature,
    softShare,
  }: Pick<FitOptions, "temperature" | "softShare"> & { readonly rows: number; readonly hypotheses: number },
): (logits: Tensor) => Scalar {
  const targets = tf.tensor2d(batch.targets, [rows, hypotheses]);
  const weights = tf.tensor2d(batch.weights, [rows, 1]);
  const soft = batch.teacher === null ? null : tf.tensor2d(batch.teacher, [rows, hypotheses]);
  return (logits) => {
    const hard = tf.sum(tf.mul(crossEntropy(tf, logits, targets), weights));
    if (soft === null) return hard as Scalar;
    // Hinton et al. 2015: gradients of the soft part shrink with T², so it is scaled back.
    const softTargets = tf.sigmoid(tf.div(soft, temperature));
    const softLoss = tf.sum(tf.mul(crossEntropy(tf, tf.div(logits, temperature), softTargets), weights));
    return tf.add(
      tf.mul(hard, 1 - softShare),
      tf.mul(softLoss, softShare * temperature * temperature),
    ) as Scalar;
  };
}

/** Cross-entropy of sigmoid(logits) against targets, element by element; stable for large logits. */
function crossEntropy(tf: TensorLibrary, logits: Tensor, targets: Tensor): Tensor {
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), tf.softplus(tf.neg(tf.abs(logits))));
}
