/**
 * The student in plain TypeScript, bit for bit what ONNX Runtime and the microcontroller compute (definition in
 * `core/contract/bundle/quantised-mlp.ts`). Serves where the native library does not load, and is the oracle for the others.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { QuantisedLayer, QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";
import { findStudentFault } from "./check-student.ts";
import type { StudentEngine } from "./student-engine.ts";

/** Synchronous core of the integer engine. */
export interface IntegerKernel {
  readonly inputs: number;
  readonly outputs: number;
  readonly outputScale: number;
  readonly outputZeroPoint: number;
  /** Runs `rows` rows (row-major float32 [rows × inputs]) into `out` (uint8 [rows × outputs]); allocates nothing. */
  runInto(standardised: Float32Array, rows: number, out: Uint8Array): void;
  /**
   * The same from already quantised inputs (uint8 [rows × inputs]), as the microcontroller receives them in tests.
   */
  runQuantisedInto(quantised: Uint8Array, rows: number, out: Uint8Array): void;
}

/** Creates the kernel. Throws INFERENCE when `mlp` breaks its definition. */
export function createIntegerKernel(mlp: QuantisedMlp): IntegerKernel {
  const fault = findStudentFault(mlp);
  if (fault !== null) {
    throw new AuroraError("INFERENCE", `the student is not sound: ${fault}`, { op: "create integer engine" });
  }
  const layers = foldLayers(mlp);
  const activations = layers.map((layer) => new Uint8Array(layer.outputs));
  const { inputScale, inputZeroPoint } = mlp;
  const inputs = mlp.layers[0]!.inputs;
  const last = mlp.layers[mlp.layers.length - 1]!;
  const outputs = last.outputs;
  const quantisedInput = new Uint8Array(inputs);

  // biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
  const runLayers = (input: Uint8Array, inputOffset: number, out: Uint8Array, outOffset: number): void => {
    let from = input;
    let fromOffset = inputOffset;
    for (let index = 0; index < layers.length; index++) {
      const isLast = index === layers.length - 1;
      const to = isLast ? out : activations[index]!;
      runLayer(layers[index]!, from, fromOffset, to, isLast ? outOffset : 0);
      from = to;
      fromOffset = 0;
    }
  };
  return {
    inputs,
    outputs,
    outputScale: last.outputScale,
    outputZeroPoint: last.outputZeroPoint,
    runInto(standardised, rows, out) {
      expectRoom("inputs", standardised.length, { rows, columns: inputs });
      expectRoom("outputs", out.length, { rows, columns: outputs });
      for (let row = 0; row < rows; row++) {
        const offset = row * inputs;
        for (let index = 0; index < inputs; index++) {
          quantisedInput[index] = quantiseInput(standardised[offset + index]!, inputScale, inputZeroPoint);
        }
        runLayers(quantisedInput, 0, out, row * outputs);
      }
    },
    runQuantisedInto(quantised, rows, out) {
      expectRoom("inputs", quantised.length, { rows, columns: inputs });
      expectRoom("outputs", out.length, { rows, columns: outputs });
      for (let row = 0; row < rows; row++) runLayers(quantised, row * inputs, out, row * outputs);
    },
  };
}

/** Wraps the kernel as a {@link StudentEngine}. Throws INFERENCE when `mlp` breaks its definition. */
export function createIntegerEngine(mlp: QuantisedMlp): StudentEngine {
  const kernel = createIntegerKernel(mlp);
  return {
    kind: "integer",
    inputs: kernel.inputs,
    outputs: kernel.outputs,
    outputScale: kernel.outputScale,
    outputZeroPoint: kernel.outputZeroPoint,
    run: async (standardised, rows) => {
      const out = new Uint8Array(rows * kernel.outputs);
      kernel.runInto(standardised, rows, out);
      return out;
    },
    close: async () => {},
  };
}

/** A layer whose bias holds its input's zero point, and whose scales are one factor: what this engine and a microcontroller run. */
export interface FoldedLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly outputZeroPoint: number;
  /** bias − zeroPointIn · Σ weights, int32 [outputs]: the zero point leaves the inner loop. */
  readonly foldedBias: Int32Array;
  /** fround(fround(scaleIn · weightScale) / scaleOut) [outputs]. */
  readonly multipliers: Float32Array;
  /** Row-major [outputs × inputs]. */
  readonly weights: Int8Array;
}

/** The layers of a sound student, folded; nothing of them is shared with it. */
export function foldLayers(mlp: QuantisedMlp): readonly FoldedLayer[] {
  let scaleIn = mlp.inputScale;
  let zeroPointIn = mlp.inputZeroPoint;
  return mlp.layers.map((layer) => {
    const folded = foldLayer(layer, scaleIn, zeroPointIn);
    scaleIn = layer.outputScale;
    zeroPointIn = layer.outputZeroPoint;
    return folded;
  });
}

function foldLayer(layer: QuantisedLayer, scaleIn: number, zeroPointIn: number): FoldedLayer {
  const { inputs, outputs, outputZeroPoint } = layer;
  const foldedBias = new Int32Array(outputs);
  const multipliers = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    let sum = 0;
    for (let input = 0; input < inputs; input++) sum += layer.weights[output * inputs + input]!;
    foldedBias[output] = layer.bias[output]! - zeroPointIn * sum;
    multipliers[output] = Math.fround(scaleIn * layer.weightScales[output]!) / layer.outputScale;
  }
  const weights = Int8Array.from(layer.weights);
  return { inputs, outputs, outputZeroPoint, foldedBias, multipliers, weights };
}

// biome-ignore lint/complexity/useMaxParams: a kernel of the hot path
function runLayer(
  layer: FoldedLayer,
  from: Uint8Array,
  fromOffset: number,
  to: Uint8Array,
  toOffset: number,
): void {
  const { inputs, outputs, weights, foldedBias, multipliers, outputZeroPoint } = layer;
  let output = 0;
  // Four outputs at once: an input is loaded once for four products, which halves the time of the simple loop.
  for (; output + 4 <= outputs; output += 4) {
    const weight0 = output * inputs;
    const weight1 = weight0 + inputs;
    const weight2 = weight1 + inputs;
    const weight3 = weight2 + inputs;
    let sum0 = foldedBias[output]!;
    let sum1 = foldedBias[output + 1]!;
    let sum2 = foldedBias[output + 2]!;
    let sum3 = foldedBias[output + 3]!;
    for (let input = 0; input < inputs; input++) {
      const value = from[fromOffset + input]!;
      sum0 = (sum0 + Math.imul(weights[weight0 + input]!, value)) | 0;
      sum1 = (sum1 + Math.imul(weights[weight1 + input]!, value)) | 0;
      sum2 = (sum2 + Math.imul(weights[weight2 + input]!, value)) | 0;
      sum3 = (sum3 + Math.imul(weights[weight3 + input]!, value)) | 0;
    }
    to[toOffset + output] = requantise(sum0, multipliers[output]!, outputZeroPoint);
    to[toOffset + output + 1] = requantise(sum1, multipliers[output + 1]!, outputZeroPoint);
    to[toOffset + output + 2] = requantise(sum2, multipliers[output + 2]!, outputZeroPoint);
    to[toOffset + output + 3] = requantise(sum3, multipliers[output + 3]!, outputZeroPoint);
  }
  for (; output < outputs; output++) {
    const weight = output * inputs;
    let sum = foldedBias[output]!;
    for (let input = 0; input < inputs; input++) {
      sum = (sum + Math.imul(weights[weight + input]!, from[fromOffset + input]!)) | 0;
    }
    to[toOffset + output] = requantise(sum, multipliers[output]!, outputZeroPoint);
  }
}

/** Standardised features on the student's input grid: what a microcontroller's student is given. */
export function quantiseInputs(
  { inputScale, inputZeroPoint }: Pick<QuantisedMlp, "inputScale" | "inputZeroPoint">,
  standardised: Float32Array,
): Uint8Array {
  return Uint8Array.from(standardised, (value) => quantiseInput(value, inputScale, inputZeroPoint));
}

/** A quotient in double rounded once more to float32 is the float32 quotient (53 ≥ 2 · 24 + 2 bits). */
function quantiseInput(standardised: number, scale: number, zeroPoint: number): number {
  return quantise(Math.fround(standardised / scale), zeroPoint);
}

function requantise(sum: number, multiplier: number, zeroPoint: number): number {
  return quantise(Math.fround(Math.fround(sum) * multiplier), zeroPoint);
}

/** Adding and taking away 1.5 · 2^52 rounds a double to an integer, half to even, without a branch. */
const roundingMagic = 6755399441055744;

/** clamp(roundHalfEven(value) + zeroPoint, 0, 255); clamped before rounding, which is the same for whole bounds. */
function quantise(value: number, zeroPoint: number): number {
  const low = -zeroPoint;
  const high = 255 - zeroPoint;
  const clamped = value < low ? low : value > high ? high : value;
  return clamped + roundingMagic - roundingMagic + zeroPoint;
}

function expectRoom(
  what: string,
  length: number,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): void {
  if (!Number.isInteger(rows) || rows < 0 || length < rows * columns) {
    throw new RangeError(`${what}: ${length} values do not hold ${rows} rows of ${columns}`);
  }
}
