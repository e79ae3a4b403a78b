/**
 * Rounds the weights of a layer one input after another, each time moving those that are not rounded yet, and the bias, so
 * that the layer's outputs on its calibration rows stay as near as they can. Frantar, Ashkboos, Hoefler, Alistarh: "GPTQ",
 * ICLR 2023, section 3; after Hassibi and Stork: "Second order derivatives for network pruning", 1993.
 */
import { factorCholesky, solveCholesky } from "../../core/maths/cholesky.ts";

/** Share of the mean square of the inputs that is added to each, so that inputs that never move count as noise. */
const damping = 0.01;

/**
 * How the error of one input's weight is best spread over the others, from what the inputs [rows × inputs] are together:
 * the upper factor U of (XᵀX)⁻¹ = UᵀU, [inputs + 1, inputs + 1] row-major, where X has the bias's ones as its last column.
 */
export function factorInputs(features: Float32Array, rows: number): Float64Array {
  const inputs = features.length / rows;
  const size = inputs + 1;
  const square = new Float64Array(size * size);
  const row = new Float64Array(size).fill(1);
  for (let index = 0; index < rows; index++) {
    row.set(features.subarray(index * inputs, (index + 1) * inputs));
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) square[i * size + j]! += (row[i]! * row[j]!) / rows;
    }
  }
  let trace = 0;
  for (let i = 0; i < size; i++) trace += square[i * size + i]!;
  for (let i = 0; i < size; i++) square[i * size + i]! += (damping * trace) / size;
  const inverse = solveCholesky(factorCholesky(square, size), createIdentity(size), size);
  const lower = factorCholesky(inverse, size);
  return lower.map((_, index) => lower[(index % size) * size + Math.floor(index / size)]!);
}

/** One output of a layer, and how the errors of its weights are spread. */
interface CompensatedRow {
  readonly weights: Float32Array;
  readonly bias: number;
  /** Of {@link factorInputs}. */
  readonly upper: Float64Array;
}

/** Rounds the weights to integers by `round` (of weight over scale), in their sequence. Gives the bias that goes with them. */
export function roundCompensated(
  { weights, bias, upper }: CompensatedRow,
  { scale, round }: { readonly scale: number; readonly round: (value: number) => number },
  out: Int8Array,
): number {
  const size = weights.length + 1;
  const rest = new Float64Array(size).fill(bias);
  rest.set(weights);
  for (let input = 0; input < weights.length; input++) {
    const rounded = round(rest[input]! / scale);
    out[input] = rounded;
    const error = (rest[input]! - rounded * scale) / upper[input * size + input]!;
    for (let later = input + 1; later < size; later++) rest[later]! -= error * upper[input * size + later]!;
  }
  return rest[size - 1]!;
}

function createIdentity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, index) => (index % (size + 1) === 0 ? 1 : 0));
}
