/** Trains a plain network on a regression with TensorFlow: Huber's loss, so that a few wild rows do not rule. */
import type { DenseLayer } from "./dense-network.ts";
import { type Batch, descend, type OpenNetwork } from "./descent.ts";
import type { RegressionOptions, RegressionRows } from "./tensor-trainer.ts";
import type { GradSaveFunc, Scalar, Tensor, Tensor2D, TensorLibrary } from "./tensorflow.ts";

/** Continues the training of `network` on `rows`; the same arguments give the same weights. */
export function fitRegressionNetwork(
  tf: TensorLibrary,
  { network, data }: { readonly network: readonly DenseLayer[]; readonly data: RegressionRows },
  options: RegressionOptions,
): DenseLayer[] {
  const outputs = network.at(-1)!.outputs;
  const inputs = network[0]!.inputs;
  const { variables, decaying, run, read } = openDenseNetwork(tf, network);
  const { rows, features, targets, weights } = data;
  const own = { own: features, shared: new Float32Array(0) };
  const shape = { ownColumns: inputs, sharedColumns: 0, outputs };
  const prepare = (batch: Batch, batchRows: number): (() => Scalar) => {
    const wanted = tf.tensor2d(batch.targets, [batchRows, outputs]);
    const rowWeights = tf.tensor2d(batch.weights, [batchRows, 1]);
    return () => {
      const said = run(tf.tensor2d(batch.own, [batchRows, inputs]));
      const losses = computeHuber(tf, tf.abs(tf.sub(said, wanted)), options.huberDelta);
      return tf.sum(tf.mul(losses, rowWeights)) as Scalar;
    };
  };
  const fitRows = { rows, ...own, targets, weights, teacherLogits: null };
  descend(tf, { rows: fitRows, shape, variables, decaying, prepare }, options);
  const trained = read();
  for (const variable of variables) variable.dispose();
  return trained;
}

/** The network as variables; `run` gives its outputs [rows × outputs]. */
function openDenseNetwork(
  tf: TensorLibrary,
  network: readonly DenseLayer[],
): OpenNetwork<[inputs: Tensor2D], DenseLayer[]> {
  // TensorFlow multiplies rows from the left: matrices are kept transposed, [inputs × outputs].
  const layers = network.map((layer) => ({
    relu: layer.relu,
    weights: tf.tidy(() =>
      tf.variable(tf.transpose(tf.tensor2d(layer.weights, [layer.outputs, layer.inputs]))),
    ),
    bias: tf.tidy(() => tf.variable(tf.tensor1d(layer.bias))),
  }));
  const multiply = createMultiply(tf);
  return {
    variables: layers.flatMap((layer) => [layer.weights, layer.bias]),
    decaying: layers.map((layer) => layer.weights),
    run: (inputs) => {
      let current: Tensor = inputs;
      for (const layer of layers) {
        const sum = tf.add(multiply(current, layer.weights), layer.bias);
        current = layer.relu ? tf.relu(sum) : sum;
      }
      return current;
    },
    read: () =>
      network.map(
        (layer, index): DenseLayer => ({
          ...layer,
          weights: tf.tidy(() => Float32Array.from(tf.transpose(layers[index]!.weights).dataSync())),
          bias: Float32Array.from(layers[index]!.bias.dataSync()),
        }),
      ),
  };
}

/** Huber 1964: m²/2 + δ (|r| − m) with m = min(|r|, δ), of absolute residuals; squared everywhere where δ is infinite. */
function computeHuber(tf: TensorLibrary, size: Tensor, delta: number): Tensor {
  const near = Number.isFinite(delta) ? tf.minimum(size, delta) : size;
  const half = tf.mul(tf.square(near), 0.5);
  return Number.isFinite(delta) ? tf.add(half, tf.mul(tf.sub(size, near), delta)) : half;
}

/** WebAssembly multiplies transposed operands six to ten times more slowly than copies that are transposed first. */
function createMultiply(tf: TensorLibrary): ReturnType<TensorLibrary["customGrad"]> {
  return tf.customGrad((x, w, save) => {
    const [left, right] = [x as Tensor2D, w as Tensor2D];
    (save as GradSaveFunc)([left, right]);
    return {
      value: tf.matMul(left, right),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [
        tf.matMul(dy as Tensor2D, tf.transpose(saved[1] as Tensor2D)),
        tf.matMul(tf.transpose(saved[0] as Tensor2D), dy as Tensor2D),
      ],
    };
  });
}
