/** Back from a student's quantised input to standardised features, and to features: as exact as eight bits are. */
import type { Scaler } from "../contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";

/** Standardised features; quantising them again gives the same integers. */
export function dequantiseInput(
  { inputScale, inputZeroPoint }: Pick<QuantisedMlp, "inputScale" | "inputZeroPoint">,
  inputs: Uint8Array,
): Float32Array {
  return Float32Array.from(inputs, (value) => (value - inputZeroPoint) * inputScale);
}

/** Features in their own units, from standardised ones. */
export function unstandardise({ mean, inverseStd }: Scaler, standardised: Float32Array): Float32Array {
  return standardised.map((value, index) => value / inverseStd[index]! + mean[index]!);
}
