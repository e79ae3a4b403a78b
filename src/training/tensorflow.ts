/**
 * The one door to TensorFlow: loads `@tensorflow/tfjs-node` where its native library is there, else `@tensorflow/tfjs`
 * with the WebAssembly backend on one thread (so that sums have one order and a seed gives one model), always the
 * latter with `AURORA_TENSORFLOW=wasm` in the environment, and trains
 * tied networks (classes) and plain ones (regression) with it. No type of TensorFlow leaves this file.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as TensorFlow from "@tensorflow/tfjs";
import { AuroraError } from "../contract/aurora-error.ts";
import type { Random } from "../maths/random.ts";
import { createBatchSampler, type FitRows } from "./batch-sampler.ts";
import type { FitOptions, TensorTrainer } from "./tensor-trainer.ts";
import type { DenseLayer, TiedLayer, TiedNetwork } from "./tied-network.ts";

let loaded: Promise<TensorTrainer> | undefined;

/** Loads TensorFlow once per process and says which one it is. Fails with TRAINING when neither loads. */
export function openTensorTrainer(log: (message: string) => void): Promise<TensorTrainer> {
  loaded ??= load(log);
  return loaded;
}

async function load(log: (message: string) => void): Promise<TensorTrainer> {
  const require = createRequire(import.meta.url);
  try {
    if (process.env.AURORA_TENSORFLOW === "wasm") throw new Error("WebAssembly is asked for");
    const tf = require("@tensorflow/tfjs-node") as typeof TensorFlow;
    log(`TensorFlow ${tf.version_core} runs natively (tfjs-node)`);
    return createTrainer(tf, "tfjs-node");
  } catch {
    // No native library here (the usual case where its download is blocked, and on Node 23 and later), or not wanted.
  }
  try {
    const tf = require("@tensorflow/tfjs") as typeof TensorFlow;
    const wasm = require("@tensorflow/tfjs-backend-wasm") as {
      setWasmPaths(prefix: string): void;
      setThreadsCount(threads: number): void;
    };
    const entry = require.resolve("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(join(dirname(entry), "/"));
    wasm.setThreadsCount(1);
    const restore = rememberListeners();
    const started = await tf.setBackend("wasm");
    await tf.ready();
    restore();
    if (!started) throw new Error("the wasm backend did not start");
    log(`TensorFlow ${tf.version_core} runs in WebAssembly on one thread (not in tfjs-node)`);
    return createTrainer(tf, "tfjs-wasm");
  } catch (cause) {
    throw new AuroraError("TRAINING", "TensorFlow does not load", {
      op: "load TensorFlow",
      subject: "@tensorflow/tfjs",
      hint: "run npm ci without --omit, and see the cause above",
      cause,
    });
  }
}

/**
 * Emscripten's glue listens for uncaught errors of the whole process and throws them again, with its own megabyte of
 * source as their place: what was not listening before is taken off again.
 */
function rememberListeners(): () => void {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  return () => {
    for (const [index, event] of events.entries()) {
      for (const listener of process.listeners(event as "exit")) {
        if (!before[index]!.has(listener)) process.removeListener(event, listener as () => void);
      }
    }
  };
}

const matrixNames = ["own", "others", "shared", "bias"] as const;

function createTrainer(tf: typeof TensorFlow, name: TensorTrainer["name"]): TensorTrainer {
  type Layer = Record<(typeof matrixNames)[number], TensorFlow.Variable | null>;

  /** Logits [rows × hypotheses] of own [rows, hypotheses, inputs] and shared [rows, shared inputs]. */
  const forward = (
    layers: readonly Layer[],
    own: TensorFlow.Tensor3D,
    shared: TensorFlow.Tensor2D,
  ): TensorFlow.Tensor => {
    const [rows, hypotheses] = own.shape;
    let current: TensorFlow.Tensor = own;
    for (const [index, layer] of layers.entries()) {
      const inputs = current.shape[2]!;
      const outputs = layer.bias!.shape[0]!;
      const flat = tf.reshape(current, [rows * hypotheses, inputs]);
      // own · h_c + others · mean(h_d, d ≠ c) = (own − others/(k−1)) · h_c + others/(k−1) · Σ h_d.
      const others = layer.others === null ? null : tf.div(layer.others, Math.max(1, hypotheses - 1));
      const ownPart = others === null ? layer.own! : tf.sub(layer.own!, others);
      const each = tf.reshape(tf.matMul(flat as TensorFlow.Tensor2D, ownPart as TensorFlow.Tensor2D), [
        rows,
        hypotheses,
        outputs,
      ]);
      let common: TensorFlow.Tensor = layer.bias!;
      if (layer.shared !== null)
        common = tf.add(common, tf.matMul(shared, layer.shared as TensorFlow.Tensor2D));
      if (others !== null)
        common = tf.add(common, tf.matMul(tf.sum(current, 1), others as TensorFlow.Tensor2D));
      const sum = tf.add(each, common.rank === 1 ? common : tf.expandDims(common, 1));
      current = index < layers.length - 1 ? tf.relu(sum) : sum;
    }
    return tf.reshape(current, [rows, hypotheses]);
  };

  /** Weighted mean cross-entropy of sigmoid(logits) against targets, stable for large logits. */
  const crossEntropy = (
    logits: TensorFlow.Tensor,
    targets: TensorFlow.Tensor,
    weights: TensorFlow.Tensor,
  ): TensorFlow.Tensor => {
    const losses = tf.add(
      tf.sub(tf.relu(logits), tf.mul(logits, targets)),
      tf.softplus(tf.neg(tf.abs(logits))),
    );
    return tf.sum(tf.mul(losses, weights));
  };

  const fit = (network: TiedNetwork, data: FitRows, options: FitOptions, random: Random): TiedNetwork => {
    const { hypotheses } = network;
    const ownInputs = network.layers[0]!.inputs;
    const layers = network.layers.map((layer): Layer => {
      const variable = (values: Float32Array, inputs: number, active: boolean): TensorFlow.Variable | null =>
        // TensorFlow multiplies rows from the left: matrices are kept transposed, [inputs × outputs].
        active ? tf.variable(tf.transpose(tf.tensor2d(values, [layer.outputs, inputs]))) : null;
      return {
        own: variable(layer.own, layer.inputs, true),
        others: variable(layer.others, layer.inputs, hypotheses > 1),
        shared: variable(layer.shared, network.sharedInputs, layer.shared.length > 0),
        bias: tf.variable(tf.tensor1d(layer.bias)),
      };
    });
    const variables = layers
      .flatMap((layer) => matrixNames.map((key) => layer[key]))
      .filter((v) => v !== null);
    const adam = tf.train.adam(options.learningRate);
    const batchRows = options.batchRows === 0 ? data.rows : Math.min(options.batchRows, data.rows);
    const sampler = createBatchSampler(
      data,
      batchRows,
      hypotheses * ownInputs,
      network.sharedInputs,
      hypotheses,
    );
    for (let step = 0; step < options.steps; step++) {
      const rate = options.learningRate * (0.55 + 0.45 * Math.cos((Math.PI * step) / options.steps));
      (adam as unknown as { learningRate: number }).learningRate = rate;
      const batch = sampler(random, options.inputNoise);
      tf.tidy(() => {
        const own = tf.tensor3d(batch.own, [batchRows, hypotheses, ownInputs]);
        const shared = tf.tensor2d(batch.shared, [batchRows, network.sharedInputs]);
        const targets = tf.tensor2d(batch.targets, [batchRows, hypotheses]);
        const weights = tf.tensor2d(batch.weights, [batchRows, 1]);
        const soft = batch.teacher === null ? null : tf.tensor2d(batch.teacher, [batchRows, hypotheses]);
        adam.minimize(
          () => {
            const logits = forward(layers, own, shared);
            const hard = crossEntropy(logits, targets, weights);
            if (soft === null) return hard as TensorFlow.Scalar;
            // Hinton et al. 2015: gradients of the soft part shrink with T², so it is scaled back.
            const { temperature, softShare } = options;
            const softTargets = tf.sigmoid(tf.div(soft, temperature));
            const softLoss = crossEntropy(tf.div(logits, temperature), softTargets, weights);
            return tf.add(
              tf.mul(hard, 1 - softShare),
              tf.mul(softLoss, softShare * temperature * temperature),
            ) as TensorFlow.Scalar;
          },
          false,
          variables,
        );
        for (const layer of layers) {
          for (const key of ["own", "others", "shared"] as const) {
            const variable = layer[key];
            if (variable !== null) variable.assign(tf.mul(variable, 1 - rate * options.weightDecay));
          }
        }
      });
    }
    const read = (variable: TensorFlow.Variable | null, like: Float32Array): Float32Array => {
      if (variable === null) return like;
      return tf.tidy(() =>
        Float32Array.from((variable.rank === 2 ? tf.transpose(variable) : variable).dataSync()),
      );
    };
    const trained = network.layers.map(
      (layer, index): TiedLayer => ({
        inputs: layer.inputs,
        outputs: layer.outputs,
        own: read(layers[index]!.own, layer.own),
        others: read(layers[index]!.others, layer.others),
        shared: read(layers[index]!.shared, layer.shared),
        bias: read(layers[index]!.bias, layer.bias),
      }),
    );
    for (const variable of variables) variable.dispose();
    adam.dispose();
    return { ...network, layers: trained };
  };

  // WebAssembly multiplies transposed operands six to ten times more slowly than copies that are transposed first.
  const multiply = tf.customGrad((x, w, save) => {
    const [left, right] = [x as TensorFlow.Tensor2D, w as TensorFlow.Tensor2D];
    (save as TensorFlow.GradSaveFunc)([left, right]);
    return {
      value: tf.matMul(left, right),
      gradFunc: (dy: TensorFlow.Tensor, saved: TensorFlow.Tensor[]) => [
        tf.matMul(dy as TensorFlow.Tensor2D, tf.transpose(saved[1] as TensorFlow.Tensor2D)),
        tf.matMul(tf.transpose(saved[0] as TensorFlow.Tensor2D), dy as TensorFlow.Tensor2D),
      ],
    };
  });

  const fitRegression: TensorTrainer["fitRegression"] = (network, data, options, random) => {
    const outputs = network.at(-1)!.outputs;
    const inputs = network[0]!.inputs;
    const layers = network.map((layer) => ({
      relu: layer.relu,
      weights: tf.tidy(() =>
        tf.variable(tf.transpose(tf.tensor2d(layer.weights, [layer.outputs, layer.inputs]))),
      ),
      bias: tf.variable(tf.tensor1d(layer.bias)),
    }));
    const variables = layers.flatMap((layer) => [layer.weights, layer.bias]);
    const adam = tf.train.adam(options.learningRate);
    const batchRows = options.batchRows === 0 ? data.rows : Math.min(options.batchRows, data.rows);
    const { rows, features, targets, weights } = data;
    const sampler = createBatchSampler(
      { rows, own: features, shared: new Float32Array(0), targets, weights, teacherLogits: null },
      batchRows,
      inputs,
      0,
      outputs,
    );
    for (let step = 0; step < options.steps; step++) {
      const rate = options.learningRate * (0.55 + 0.45 * Math.cos((Math.PI * step) / options.steps));
      (adam as unknown as { learningRate: number }).learningRate = rate;
      const batch = sampler(random, options.inputNoise);
      tf.tidy(() => {
        const wanted = tf.tensor2d(batch.targets, [batchRows, outputs]);
        const rowWeights = tf.tensor2d(batch.weights, [batchRows, 1]);
        adam.minimize(
          () => {
            let current: TensorFlow.Tensor2D = tf.tensor2d(batch.own, [batchRows, inputs]);
            for (const layer of layers) {
              const sum = tf.add<TensorFlow.Tensor2D>(multiply(current, layer.weights), layer.bias);
              current = layer.relu ? tf.relu(sum) : sum;
            }
            const size = tf.abs(tf.sub(current, wanted));
            // Huber 1964: m²/2 + δ (|r| − m) with m = min(|r|, δ).
            const near = Number.isFinite(options.huberDelta) ? tf.minimum(size, options.huberDelta) : size;
            const half = tf.mul(tf.square(near), 0.5);
            const losses = Number.isFinite(options.huberDelta)
              ? tf.add(half, tf.mul(tf.sub(size, near), options.huberDelta))
              : half;
            return tf.sum(tf.mul(losses, rowWeights)) as TensorFlow.Scalar;
          },
          false,
          variables,
        );
        for (const { weights: variable } of layers) {
          variable.assign(tf.mul(variable, 1 - rate * options.weightDecay));
        }
      });
    }
    const trained = network.map(
      (layer, index): DenseLayer => ({
        ...layer,
        weights: tf.tidy(() => Float32Array.from(tf.transpose(layers[index]!.weights).dataSync())),
        bias: Float32Array.from(layers[index]!.bias.dataSync()),
      }),
    );
    for (const variable of variables) variable.dispose();
    adam.dispose();
    return trained;
  };
  const packages =
    name === "tfjs-node" ? ["@tensorflow/tfjs-node"] : ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"];
  return { name, version: tf.version_core, packages, fit, fitRegression };
}
