/** Holds a student against its definition and against bounds that keep every engine exact. Repairs nothing. */
import type { QuantisedLayer, QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";

/** Bounds of a student; within them int32 accumulators cannot overflow and no float32 factor is subnormal. */
export const studentLimits = {
  maxLayers: 16,
  /** Inputs or outputs of one layer. */
  maxWidth: 4096,
  /** Largest |weight|: 7 bits, because u8·s8 pairs saturate at int16 on CPUs with AVX2 but no VNNI. */
  maxWeight: 63,
  /** 2^30: leaves room for 4,096 · 63 · 255 on top without overflow of int32. */
  maxBias: 1_073_741_824,
  /** 2^-40 and 2^40. */
  minScale: 9.094947017729282e-13,
  maxScale: 1_099_511_627_776,
} as const;

/** The first breach of the definition in words, or null when the student is sound. */
export function findStudentFault(mlp: QuantisedMlp): string | null {
  const inputFault = findQuantisationFault(mlp.inputScale, mlp.inputZeroPoint);
  if (inputFault !== null) return `the input's ${inputFault}`;
  if (mlp.layers.length < 1 || mlp.layers.length > studentLimits.maxLayers) {
    return `there are ${mlp.layers.length} layers, expected 1 to ${studentLimits.maxLayers}`;
  }
  let inputs = mlp.layers[0]!.inputs;
  for (const [index, layer] of mlp.layers.entries()) {
    if (layer.inputs !== inputs) {
      return `layer ${index} takes ${layer.inputs} inputs, but ${inputs} come`;
    }
    const fault = findLayerFault(layer);
    if (fault !== null) return `layer ${index}: ${fault}`;
    inputs = layer.outputs;
  }
  return null;
}

function findLayerFault(layer: QuantisedLayer): string | null {
  const { inputs, outputs } = layer;
  if (!isWidth(inputs) || !isWidth(outputs)) {
    return `its shape is ${outputs} × ${inputs}, expected 1 to ${studentLimits.maxWidth} each`;
  }
  if (layer.weights.length !== inputs * outputs) {
    return `it has ${layer.weights.length} weights, expected ${inputs * outputs}`;
  }
  if (layer.weightScales.length !== outputs || layer.bias.length !== outputs) {
    return `it has ${layer.weightScales.length} scales and ${layer.bias.length} biases, expected ${outputs}`;
  }
  for (const weight of layer.weights) {
    if (weight > studentLimits.maxWeight || weight < -studentLimits.maxWeight) {
      return `weight ${weight} is outside ±${studentLimits.maxWeight}`;
    }
  }
  for (const bias of layer.bias) {
    if (Math.abs(bias) > studentLimits.maxBias) return `bias ${bias} is outside ±2^30`;
  }
  for (const scale of layer.weightScales) {
    if (!isScale(scale)) return `weight scale ${scale} is not within 2^-40 … 2^40`;
  }
  const fault = findQuantisationFault(layer.outputScale, layer.outputZeroPoint);
  if (fault !== null) return `its output's ${fault}`;
  if (layer.relu && layer.outputZeroPoint !== 0) {
    return `its output's zero point is ${layer.outputZeroPoint}, expected 0 after Relu`;
  }
  return null;
}

function findQuantisationFault(scale: number, zeroPoint: number): string | null {
  if (!isScale(scale)) return `scale ${scale} is not a float32 within 2^-40 … 2^40`;
  if (!Number.isInteger(zeroPoint) || zeroPoint < 0 || zeroPoint > 255) {
    return `zero point ${zeroPoint} is not an integer within 0 … 255`;
  }
  return null;
}

function isWidth(width: number): boolean {
  return Number.isInteger(width) && width >= 1 && width <= studentLimits.maxWidth;
}

function isScale(scale: number): boolean {
  return Math.fround(scale) === scale && scale >= studentLimits.minScale && scale <= studentLimits.maxScale;
}
