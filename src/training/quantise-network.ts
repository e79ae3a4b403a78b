/**
 * From a plain float network to the integers that every engine computes (`contract/quantised-mlp.ts`): uint8
 * activations, 7-bit weights with a scale per output channel, int32 bias. The ranges of the activations are chosen on
 * a calibration set of training rows, by the error of the outputs: of logits with weight on rows near the decision, of
 * a regression's values as they are.
 */
import type { QuantisedLayer, QuantisedMlp } from "../contract/quantised-mlp.ts";
import { createIntegerKernel } from "../inference/integer-engine.ts";
import type { DenseLayer } from "./tied-network.ts";
import { runDense } from "./tied-network.ts";

/** Largest magnitude of a weight: 7 bits, so that no CPU's int16 intermediate saturates. */
export const maxQuantisedWeight = 63;

/** What the ranges are calibrated on. */
export interface CalibrationSet {
  /** [rows × features], standardised and clamped. */
  readonly features: Float32Array;
  readonly rows: number;
  /** Standardised inputs are within ± this. */
  readonly clamp: number;
  /** What the outputs are: `logits` (default), where an error near zero weighs more and one beyond ±8 nothing; or `values`. */
  readonly judge?: "logits" | "values";
}

/** Shares of the largest activation that are tried as the end of a range. */
const rangeShares = [1.15, 1, 0.9, 0.8, 0.7, 0.6] as const;

/** Quantises; deterministic. The layers are a plain network that ends in logits. */
export function quantiseNetwork(layers: readonly DenseLayer[], calibration: CalibrationSet): QuantisedMlp {
  const { rows } = calibration;
  const inputScale = Math.fround((2 * calibration.clamp) / 255);
  const inputZeroPoint = 128;
  const activations = layers.map((_, index) =>
    runDense(layers.slice(0, index + 1), calibration.features, rows),
  );
  const target = activations[layers.length - 1]!;
  const isLogits = calibration.judge !== "values";
  const importance = isLogits ? rowImportance(target, rows) : new Float64Array(rows).fill(1);
  // Beyond ±8 a logit's exact value changes no probability: only its being there counts.
  const bound = isLogits ? 8 : Number.POSITIVE_INFINITY;

  let shares = layers.map(() => 1);
  const build = (candidate: readonly number[]): QuantisedMlp => {
    let scale = inputScale;
    const quantised = layers.map((layer, index): QuantisedLayer => {
      const result = quantiseLayer(layer, scale, activations[index]!, candidate[index]!);
      scale = result.outputScale;
      return result;
    });
    return { inputScale, inputZeroPoint, layers: quantised };
  };
  const errorOf = (candidate: readonly number[]): number => {
    const actual = runQuantised(build(candidate), calibration.features, rows);
    const outputs = target.length / rows;
    let sum = 0;
    for (let index = 0; index < target.length; index++) {
      const error = clampTo(actual[index]!, bound) - clampTo(target[index]!, bound);
      sum += importance[Math.floor(index / outputs)]! * error * error;
    }
    return sum;
  };
  let best = errorOf(shares);
  for (const [index] of layers.entries()) {
    for (const share of rangeShares) {
      const candidate = shares.map((value, at) => (at === index ? share : value));
      const error = errorOf(candidate);
      if (error < best) {
        best = error;
        shares = candidate;
      }
    }
  }
  return build(shares);
}

/** Dequantised logits [rows × outputs] of the integer student on standardised rows. */
export function runQuantised(mlp: QuantisedMlp, standardised: Float32Array, rows: number): Float32Array {
  const kernel = createIntegerKernel(mlp);
  const out = new Uint8Array(rows * kernel.outputs);
  kernel.runInto(standardised, rows, out);
  return Float32Array.from(out, (value) => (value - kernel.outputZeroPoint) * kernel.outputScale);
}

function quantiseLayer(
  layer: DenseLayer,
  inputScale: number,
  activation: Float32Array,
  share: number,
): QuantisedLayer {
  const weights = new Int8Array(layer.weights.length);
  const weightScales = new Float32Array(layer.outputs);
  const bias = new Int32Array(layer.outputs);
  for (let output = 0; output < layer.outputs; output++) {
    const row = layer.weights.subarray(output * layer.inputs, (output + 1) * layer.inputs);
    const largest = row.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
    // A neuron without weights keeps its bias: any scale will do that leaves it within int32.
    const scale = Math.fround((largest > 1e-6 ? largest : 1) / maxQuantisedWeight);
    weightScales[output] = scale;
    for (let input = 0; input < layer.inputs; input++) {
      const value = roundHalfEven(row[input]! / scale);
      weights[output * layer.inputs + input] = Math.max(
        -maxQuantisedWeight,
        Math.min(maxQuantisedWeight, value),
      );
    }
    bias[output] = clampTo(roundHalfEven(layer.bias[output]! / Math.fround(inputScale * scale)), 2 ** 30);
  }
  let low = 0;
  let high = 0;
  for (const value of activation) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (layer.relu) {
    const outputScale = Math.fround(Math.max(1e-3, high * share) / 255);
    return { ...shape(layer), weights, weightScales, bias, relu: true, outputScale, outputZeroPoint: 0 };
  }
  const outputScale = Math.fround(Math.max(1e-3, (high - low) * share) / 255);
  const outputZeroPoint = Math.max(0, Math.min(255, Math.round((-low * share) / outputScale)));
  return { ...shape(layer), weights, weightScales, bias, relu: false, outputScale, outputZeroPoint };
}

const shape = (layer: DenseLayer): { inputs: number; outputs: number } => ({
  inputs: layer.inputs,
  outputs: layer.outputs,
});

/** Rows whose highest logit is near zero, where decisions are made, count up to four times as much. */
function rowImportance(logits: Float32Array, rows: number): Float64Array {
  const outputs = logits.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => {
    const highest = logits.subarray(row * outputs, (row + 1) * outputs).reduce((a, b) => Math.max(a, b));
    return 1 + 3 * Math.exp(-0.5 * (highest / 1.5) ** 2);
  });
}

function clampTo(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}

/** As ONNX's QuantizeLinear and C's `rintf`. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction < 0.5) return floor;
  if (fraction > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
