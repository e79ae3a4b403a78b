/**
 * The student as integers: what ONNX Runtime, the TypeScript engine and the microcontroller all compute.
 *
 * Definition (bit for bit, all in float32 where `fround` stands):
 * - input: `q = clamp(roundHalfEven(fround(x / inputScale)) + inputZeroPoint, 0, 255)`
 * - layer: `acc = bias + Σ weight · (q − zeroPointIn)` in int32,
 *   `q' = clamp(roundHalfEven(fround(fround(acc) · fround(fround(scaleIn · weightScale) / scaleOut))) + zeroPointOut, 0, 255)`
 * - Relu is the clamp at `outputZeroPoint` from below; a layer with Relu has `outputZeroPoint` 0, so that it costs nothing.
 * - every scale is a float32 value (`Math.fround(scale) === scale`).
 */

export interface QuantisedLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Row-major [outputs × inputs], −63 … 63 (7 bits: no saturation on CPUs without VNNI). */
  readonly weights: Int8Array;
  /** One float32 scale an output channel. */
  readonly weightScales: Float32Array;
  /** int32, in units of inputScale · weightScale of its channel. */
  readonly bias: Int32Array;
  readonly relu: boolean;
  /** Quantisation of this layer's output (uint8). */
  readonly outputScale: number;
  readonly outputZeroPoint: number;
}

/** The whole student. The output of the last layer are the quantised logits. */
export interface QuantisedMlp {
  readonly inputScale: number;
  readonly inputZeroPoint: number;
  readonly layers: readonly QuantisedLayer[];
}

/** What one window costs: multiply-adds of all layers, biases not counted. */
export function countMultiplyAdds({ layers }: { readonly layers: readonly LayerShape[] }): number {
  return layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
}

type LayerShape = Pick<QuantisedLayer, "inputs" | "outputs">;
