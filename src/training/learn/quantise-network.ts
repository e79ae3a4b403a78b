/**
 * From a plain float network to the integers that every engine computes (`core/contract/bundle/quantised-mlp.ts`): uint8
 * activations, 7-bit weights with a scale per output channel, int32 bias. The ranges of the activations are chosen on
 * a calibration set of training rows, by the error of the outputs: of logits with weight on rows near the decision, of
 * a regression's values as they are.
 */
import type { QuantisedLayer, QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { studentLimits } from "../../core/inference/check-student.ts";
import { createIntegerKernel } from "../../core/inference/integer-engine.ts";
import { factorInputs, roundCompensated } from "./compensated-rounding.ts";
import { type DenseLayer, runDense } from "./dense-network.ts";
import type { WeightRounding } from "./student-recipe.ts";

/** What the ranges are calibrated on. */
interface CalibrationSet {
  /** [rows × features], standardised and clamped. */
  readonly features: Float32Array;
  readonly rows: number;
  /** Standardised inputs are within ± this. */
  readonly clamp: number;
  /** What the outputs are: `logits` (default), where an error near zero weighs more and one beyond ±8 nothing; or `values`. */
  readonly outputKind?: "logits" | "values";
  /** Default: `nearest`. */
  readonly rounding?: WeightRounding | undefined;
}

/** How values become uint8: `q = clamp(roundHalfEven(value / scale) + zeroPoint, 0, 255)`; the scale is a float32 value. */
interface ActivationGrid {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Shares of the largest activation that are tried as the end of a range. */
const rangeShares = [1.15, 1, 0.9, 0.8, 0.7, 0.6] as const;

/** Quantises; deterministic. The layers are a plain network that ends in logits. */
export function quantiseNetwork(layers: readonly DenseLayer[], calibration: CalibrationSet): QuantisedMlp {
  const { rows } = calibration;
  const input = { scale: Math.fround((2 * calibration.clamp) / 255), zeroPoint: 128 };
  const activations = layers.map((_, index) =>
    runDense(layers.slice(0, index + 1), calibration.features, rows),
  );
  const target = activations[layers.length - 1]!;
  const spread =
    calibration.rounding === "compensated"
      ? layers.map((_, index) => factorInputs(activations[index - 1] ?? calibration.features, rows))
      : undefined;
  const isLogits = calibration.outputKind !== "values";
  const importance = isLogits ? rowImportance(target, rows) : new Float64Array(rows).fill(1);
  // Beyond ±8 a logit's exact value changes no probability: only its being there counts.
  const bound = isLogits ? 8 : Number.POSITIVE_INFINITY;

  let shares = layers.map(() => 1);
  const build = (candidate: readonly number[]): QuantisedMlp =>
    quantiseOnGrids(
      layers,
      [input, ...layers.map((layer, index) => fitGrid(layer, activations[index]!, candidate[index]!))],
      spread,
    );
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

/**
 * Quantises on given grids: that of the inputs, then one a layer's outputs. Weights go to the nearest integer, or with
 * `spread` (of `factorInputs`, one a layer) make up for each other.
 */
export function quantiseOnGrids(
  layers: readonly DenseLayer[],
  grids: readonly ActivationGrid[],
  spread?: readonly Float64Array[],
): QuantisedMlp {
  return {
    inputScale: grids[0]!.scale,
    inputZeroPoint: grids[0]!.zeroPoint,
    layers: layers.map((layer, index) =>
      quantiseLayer(layer, [grids[index]!, grids[index + 1]!], spread?.[index]),
    ),
  };
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
  [{ scale: inputScale }, grid]: readonly [inputs: ActivationGrid, outputs: ActivationGrid],
  spread: Float64Array | undefined,
): QuantisedLayer {
  const weights = new Int8Array(layer.weights.length);
  const weightScales = new Float32Array(layer.outputs);
  const bias = new Int32Array(layer.outputs);
  for (let output = 0; output < layer.outputs; output++) {
    const row = layer.weights.subarray(output * layer.inputs, (output + 1) * layer.inputs);
    const rounded = weights.subarray(output * layer.inputs, (output + 1) * layer.inputs);
    const largest = row.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
    // A neuron without weights keeps its bias: any scale will do that leaves it within int32.
    const scale = Math.fround((largest > 1e-6 ? largest : 1) / studentLimits.maxWeight);
    weightScales[output] = scale;
    let rest = layer.bias[output]!;
    const by = { scale, round: roundWeight };
    if (spread !== undefined)
      rest = roundCompensated({ weights: row, bias: rest, upper: spread }, by, rounded);
    else for (const [input, weight] of row.entries()) rounded[input] = roundWeight(weight / scale);
    bias[output] = clampTo(roundHalfEven(rest / Math.fround(inputScale * scale)), 2 ** 30);
  }
  return {
    inputs: layer.inputs,
    outputs: layer.outputs,
    weights,
    weightScales,
    bias,
    relu: layer.relu,
    outputScale: grid.scale,
    outputZeroPoint: grid.zeroPoint,
  };
}

function roundWeight(value: number): number {
  return clampTo(roundHalfEven(value), studentLimits.maxWeight);
}

/** The grid of a layer's outputs that reaches to a share of the largest `activation`. */
function fitGrid({ relu }: DenseLayer, activation: Float32Array, share: number): ActivationGrid {
  let low = 0;
  let high = 0;
  for (const value of activation) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (relu) return { scale: Math.fround(Math.max(1e-3, high * share) / 255), zeroPoint: 0 };
  const scale = Math.fround(Math.max(1e-3, (high - low) * share) / 255);
  return { scale, zeroPoint: Math.max(0, Math.min(255, Math.round((-low * share) / scale))) };
}

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
