/**
 * A tiny ONNX model that shows how this CPU's integer kernels add u8·s8 products: on AVX2 without VNNI a pair of them
 * saturates at int16, so that 8-bit weights give wrong sums; 7-bit weights must be exact everywhere.
 */
import { encodeOnnxModel, type OnnxValue, onnxTypes, ownModel } from "./onnx-schema.ts";

/** What the probe found. */
export interface SaturationProbe {
  /** Sums with weights ±63 are exact. Without this the native engine must not serve. */
  readonly sevenBitExact: boolean;
  /** Sums with weights 127 and −128 are exact as well (VNNI, ARM). Nothing depends on it; reported. */
  readonly eightBitExact: boolean;
}

const depth = 64;
/** Columns for each weight, so that wide kernels are tried as well as narrow ones. */
const columnsPerWeight = 17;
const weights = [127, -128, 63, -63] as const;

/** Input of the probe, uint8 [1 × 64], all 255. */
export const probeInputName = "a";
/** Output of the probe, int32 [1 × 68]. */
export const probeOutputName = "sums";
/** Of the input, uint8. */
export const probeShape: readonly [number, number] = [1, depth];

export function createProbeInput(): Uint8Array {
  return new Uint8Array(depth).fill(255);
}

/** ONNX bytes of a MatMulInteger over 64 rows. */
export function encodeProbe(): Uint8Array {
  const columns = weights.length * columnsPerWeight;
  const rawData = new Int8Array(depth * columns);
  for (let index = 0; index < rawData.length; index++) rawData[index] = weightOfColumn(index % columns);
  return encodeOnnxModel({
    ...ownModel,
    graph: {
      name: "saturation-probe",
      node: [
        {
          name: "sum",
          opType: "MatMulInteger",
          input: [probeInputName, "b"],
          output: [probeOutputName],
          attribute: [],
        },
      ],
      initializer: [
        {
          name: "b",
          dims: [depth, columns],
          dataType: onnxTypes.int8,
          rawData: new Uint8Array(rawData.buffer),
        },
      ],
      input: [declare(probeInputName, onnxTypes.uint8, depth)],
      output: [declare(probeOutputName, onnxTypes.int32, columns)],
    },
  });
}

/** Reads the probe's sums: exact ones are 255 · 64 · weight (2,072,640, −2,088,960 and ±1,028,160). */
export function readProbeSums(sums: Int32Array): SaturationProbe {
  const exact = (bits: number): boolean =>
    sums.length === weights.length * columnsPerWeight &&
    sums.every((sum, column) => {
      const weight = weightOfColumn(column);
      const isSevenBit = Math.abs(weight) <= 63;
      return isSevenBit !== (bits === 7) || sum === 255 * depth * weight;
    });
  return { sevenBitExact: exact(7), eightBitExact: exact(8) };
}

function weightOfColumn(column: number): number {
  return weights[Math.floor(column / columnsPerWeight)]!;
}

function declare(name: string, elemType: number, columns: number): OnnxValue {
  const dim = [{ dimValue: 1 }, { dimValue: columns }];
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
