/**
 * Trains the same networks with the same seeds in native TensorFlow and in WebAssembly, and prints as JSON what differs:
 *   npx tsx scripts/compare-tensorflow.ts
 * Needs @tensorflow/tfjs-node to load (`scripts/build-tfjs-node.mjs`). Each library runs in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createRandom } from "../src/core/maths/random.ts";
import { createDenseNetwork, type DenseLayer, runDense } from "../src/training/learn/dense-network.ts";
import { openTensorTrainer } from "../src/training/learn/open-trainer.ts";
import { quantiseNetwork } from "../src/training/learn/quantise-network.ts";
import { ownCpuSeconds } from "./bench/process-cpu.ts";
import { readOptions } from "./suite-options.ts";

const rows = 4000;
const inputs = 40;
/** A student's size and a wide teacher's. */
const networks = [
  { widths: [64, 32, 1], steps: 400 },
  { widths: [512, 256, 1], steps: 60 },
] as const;

interface Run {
  readonly name: string;
  readonly fits: readonly Fit[];
}

interface Fit {
  readonly rmse: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Two trainings with one seed in one process: the same weights, bit for bit? */
  readonly repeatable: boolean;
  readonly weights: readonly number[];
  readonly int8: readonly number[];
  readonly predictions: readonly number[];
}

async function trainOnce(): Promise<Run> {
  const trainer = await openTensorTrainer((message) => console.error(message));
  const random = createRandom(1);
  const features = Float32Array.from({ length: 2 * rows * inputs }, () => random.normal());
  const truth = Float32Array.from({ length: 2 * rows }, (_, row) => {
    const at = row * inputs;
    return Math.abs(features[at]!) + features[at + 1]! * features[at + 2]! + 0.3 * random.normal();
  });
  const learn = ({ widths, steps }: (typeof networks)[number]): DenseLayer[] =>
    trainer.fitRegression(
      createDenseNetwork(inputs, widths, createRandom(2)),
      {
        rows,
        features: features.subarray(0, rows * inputs),
        targets: truth.subarray(0, rows),
        weights: new Float32Array(rows).fill(1),
      },
      {
        steps,
        batchRows: 256,
        learningRate: 0.003,
        weightDecay: 0.3,
        inputNoise: 0.1,
        huberDelta: 1,
        random: createRandom(3),
      },
    );
  const flatten = (layers: readonly DenseLayer[]): number[] => layers.flatMap((layer) => [...layer.weights]);
  const fits = networks.map((shape): Fit => {
    const again = learn(shape);
    const wallMs = performance.now();
    const cpuBefore = ownCpuSeconds();
    const network = learn(shape);
    const cpuSeconds = ownCpuSeconds() - cpuBefore;
    const wallSeconds = (performance.now() - wallMs) / 1000;
    const predictions = runDense(network, features.subarray(rows * inputs), rows);
    const squares = predictions.reduce((sum, value, row) => sum + (value - truth[rows + row]!) ** 2, 0);
    const calibration = { features: features.subarray(0, 500 * inputs), rows: 500, clamp: 4 };
    return {
      rmse: Math.sqrt(squares / rows),
      cpuSeconds,
      wallSeconds,
      repeatable: JSON.stringify(flatten(again)) === JSON.stringify(flatten(network)),
      weights: flatten(network),
      int8: quantiseNetwork(network, calibration).layers.flatMap((layer) => [...layer.weights]),
      predictions: [...predictions],
    };
  });
  return { name: `${trainer.packages.join(" + ")} ${trainer.version}`, fits };
}

function runChild(library: "wasm" | "native"): Run {
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), "--child"],
    {
      env: { ...process.env, AURORA_TENSORFLOW: library, TF_CPP_MIN_LOG_LEVEL: "2" },
      stdio: ["ignore", "pipe", "inherit"],
      maxBuffer: 1 << 28,
    },
  );
  if (child.status !== 0) throw new Error(`training with ${library} failed`);
  return JSON.parse(child.stdout.toString("utf8").trim().split("\n").at(-1)!) as Run;
}

const { values } = readOptions({
  command: "npx tsx scripts/compare-tensorflow.ts",
  does: "Trains the same networks in native TensorFlow and in WebAssembly, and prints as JSON what differs.",
  options: { child: { type: "boolean", default: false, means: "trains in this process alone" } },
});
if (values.child) {
  process.stdout.write(`${JSON.stringify(await trainOnce())}\n`);
} else {
  const wasm = runChild("wasm");
  const native = runChild("native");
  if (native.name === wasm.name) {
    console.error("@tensorflow/tfjs-node does not load: see scripts/build-tfjs-node.mjs");
    process.exit(1);
  }
  const show = ({ rmse, cpuSeconds, wallSeconds, repeatable }: Fit): object => {
    return { rmse, cpuSeconds, wallSeconds, repeatable };
  };
  const compared = networks.map(({ widths, steps }, index) => {
    const [first, second] = [wasm.fits[index]!, native.fits[index]!];
    const difference = (key: "weights" | "int8" | "predictions"): object => {
      const gaps = first[key].map((value, at) => Math.abs(value - second[key][at]!));
      return {
        largest: gaps.reduce((a, b) => Math.max(a, b), 0),
        changedShare: gaps.filter((gap) => gap > 0).length / gaps.length,
      };
    };
    return {
      network: [inputs, ...widths].join("-"),
      steps,
      wasm: show(first),
      native: show(second),
      weights: difference("weights"),
      int8Weights: difference("int8"),
      predictions: difference("predictions"),
    };
  });
  console.log(JSON.stringify({ wasm: wasm.name, native: native.name, compared }, null, 2));
}
