/** Opens the trainer of networks: TensorFlow, once per process. */
import { fitRegressionNetwork } from "./fit-regression.ts";
import { fitTiedNetwork } from "./fit-tied-network.ts";
import type { TensorTrainer } from "./tensor-trainer.ts";
import { loadTensorFlow } from "./tensorflow.ts";

let opened: Promise<TensorTrainer> | undefined;

/** Opens the trainer; says at the first call which library runs. Fails with TRAINING when none loads. */
export function openTensorTrainer(log: (message: string) => void): Promise<TensorTrainer> {
  opened ??= open(log);
  return opened;
}

async function open(log: (message: string) => void): Promise<TensorTrainer> {
  const { tf, name, packages } = await loadTensorFlow(log);
  return {
    name,
    version: tf.version_core,
    packages,
    fit: (network, rows, options) => fitTiedNetwork(tf, { network, rows }, options),
    fitRegression: (network, data, options) => fitRegressionNetwork(tf, { network, data }, options),
  };
}
