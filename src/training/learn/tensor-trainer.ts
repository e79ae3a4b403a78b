/** What trains networks: TensorFlow, opened once per process. Who trains with it names no library. */
import type { FitOptions, FitRows, RegressionOptions, RegressionRows } from "./descent.ts";
import { fitRegressionNetwork } from "./fit-regression.ts";
import { fitTiedNetwork } from "./fit-tied-network.ts";
import { loadTensorFlow } from "./tensorflow.ts";
import type { DenseLayer, TiedNetwork } from "./tied-network.ts";

export interface TensorTrainer {
  /** Which library runs, for the log and the lineage: `tfjs-node` or `tfjs-wasm`. */
  readonly name: "tfjs-node" | "tfjs-wasm";
  readonly version: string;
  /** The packages that run, all of that version. */
  readonly packages: readonly string[];
  /** Continues the training of `network` on `rows`; the same arguments give the same weights. */
  fit(network: TiedNetwork, rows: FitRows, options: FitOptions): TiedNetwork;
  /** Continues the training of a plain network on a regression; the same arguments give the same weights. */
  fitRegression(
    network: readonly DenseLayer[],
    rows: RegressionRows,
    options: RegressionOptions,
  ): DenseLayer[];
}

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
