/** Reads the pieces of a student's ONNX graph one by one, each held against what is expected. Trusts no size. */
import { AuroraError } from "../contract/aurora-error.ts";
import { studentLimits } from "./check-student.ts";
import {
  decodeOnnxModel,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  onnxTypes,
} from "./onnx-schema.ts";

/** A dequantised constant: its integers as bytes (a copy), and one float32 scale for each of dims[0]. */
export interface DequantisedConstant {
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
  readonly scales: Float32Array;
}

/** Per-tensor quantisation of an activation. */
interface Quantisation {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Throws INFERENCE: the model is refused because `reason`. */
export function refuseStudent(reason: string, cause?: unknown): never {
  throw new AuroraError("INFERENCE", `the model is refused: ${reason}`, {
    op: "read model",
    hint: "models are quantised MLPs as `aurora train` writes them",
    cause,
  });
}

const bytesOfType: Readonly<Record<number, number>> = {
  [onnxTypes.float]: 4,
  [onnxTypes.uint8]: 1,
  [onnxTypes.int8]: 1,
  [onnxTypes.int32]: 4,
};
const maxNodes = studentLimits.maxLayers * 8;

/** A graph whose nodes and constants are taken one by one; each may be taken as often as it is named. */
export class OnnxReader {
  readonly input: OnnxValue;
  readonly output: OnnxValue;
  readonly #producers = new Map<string, OnnxNode>();
  readonly #tensors = new Map<string, OnnxTensor>();
  readonly #usedNodes = new Set<OnnxNode>();

  /** Throws INFERENCE when the bytes are not an ONNX model that could be a student. */
  constructor(bytes: Uint8Array) {
    const model = decodeModel(bytes);
    const graph = model.graph ?? refuseStudent("it has no graph");
    const opset = model.opsetImport.length === 1 ? model.opsetImport[0]! : undefined;
    if (opset === undefined || (opset.domain ?? "") !== "" || opset.version < 13 || opset.version > 23) {
      refuseStudent("it must import the standard operators, version 13 to 23, and no others");
    }
    if ((model.functions?.length ?? 0) > 0) refuseStudent("it holds functions");
    if ((graph.sparseInitializer?.length ?? 0) > 0) refuseStudent("it holds sparse constants");
    if (graph.node.length > maxNodes) {
      refuseStudent(`it has ${graph.node.length} nodes, expected at most ${maxNodes}`);
    }
    for (const tensor of graph.initializer) {
      if (this.#tensors.has(tensor.name)) refuseStudent(`the constant "${tensor.name}" stands twice`);
      if (tensor.dataLocation) refuseStudent(`the constant "${tensor.name}" is kept outside the file`);
      this.#tensors.set(tensor.name, tensor);
    }
    for (const node of graph.node) {
      const output = node.output.length === 1 ? node.output[0]! : "";
      if (output === "") refuseStudent(`a ${node.opType} has ${node.output.length} outputs, expected 1`);
      if (this.#producers.has(output) || this.#tensors.has(output)) {
        refuseStudent(`the value "${output}" is made twice`);
      }
      if ((node.domain ?? "") !== "") refuseStudent(`a ${node.opType} is of the domain "${node.domain}"`);
      this.#producers.set(output, node);
    }
    if (graph.input.length !== 1 || graph.output.length !== 1) {
      refuseStudent(
        `it has ${graph.input.length} inputs and ${graph.output.length} outputs, expected 1 of each`,
      );
    }
    this.input = graph.input[0]!;
    this.output = graph.output[0]!;
    if (this.#producers.has(this.input.name) || this.#tensors.has(this.input.name)) {
      refuseStudent("its input is made inside the graph");
    }
  }

  /** The node that makes `name`; refuses another operator than `expected` ("A" or "A or B"), or input count. */
  takeProducer(name: string, expected: string, inputs: number | null): OnnxNode {
    const node = this.#producers.get(name);
    if (node === undefined) refuseStudent(`nothing makes the value "${name}", expected ${expected}`);
    if (!expected.split(" or ").includes(node.opType)) {
      refuseStudent(`the operator "${node.opType}" stands where ${expected} is expected`);
    }
    if (inputs !== null && node.input.length !== inputs) {
      refuseStudent(`a ${node.opType} has ${node.input.length} inputs, expected ${inputs}`);
    }
    if (this.#usedNodes.has(node)) refuseStudent(`the value "${name}" is used twice`);
    this.#usedNodes.add(node);
    return node;
  }

  /** Scale and zero point of a per-tensor QuantizeLinear or DequantizeLinear of uint8. */
  readQuantisation(node: OnnxNode): Quantisation {
    for (const attribute of node.attribute) {
      // With one scale for the whole tensor the axis has no meaning.
      if (attribute.name !== "axis") refuseStudent(`a ${node.opType} has the attribute "${attribute.name}"`);
    }
    const scale = this.#readTensor(node.input[1]!, onnxTypes.float);
    const zeroPoint = this.#readTensor(node.input[2]!, onnxTypes.uint8);
    if (scale.elements !== 1 || zeroPoint.elements !== 1) {
      refuseStudent(`a ${node.opType} of an activation must have one scale and one zero point`);
    }
    return { scale: readFloats(scale.bytes)[0]!, zeroPoint: zeroPoint.bytes[0]! };
  }

  /** The dequantised constant that `name` stands for: symmetric, per tensor or per channel of its first axis. */
  readConstant(name: string, type: "int8" | "int32"): DequantisedConstant {
    const node = this.takeProducer(name, "DequantizeLinear", null);
    if (node.input.length < 2 || node.input.length > 3) {
      refuseStudent(`a DequantizeLinear has ${node.input.length} inputs, expected 2 or 3`);
    }
    const tensor = this.#readTensor(node.input[0]!, onnxTypes[type]);
    const channels = tensor.dims[0];
    if (channels === undefined || tensor.dims.length !== (type === "int8" ? 2 : 1)) {
      refuseStudent(`the constant "${node.input[0]}" has ${tensor.dims.length} dimensions`);
    }
    const scales = readFloats(this.#readTensor(node.input[1]!, onnxTypes.float).bytes);
    if (scales.length !== 1 && scales.length !== channels) {
      refuseStudent(`the constant "${node.input[0]}" has ${scales.length} scales, expected ${channels}`);
    }
    let axis = 1;
    for (const attribute of node.attribute) {
      if (attribute.name !== "axis") {
        refuseStudent(`a DequantizeLinear has the attribute "${attribute.name}"`);
      }
      axis = attribute.i ?? 0;
    }
    if (scales.length > 1 && axis !== 0) refuseStudent("weights must be quantised along axis 0");
    if (node.input.length === 3 && node.input[2] !== "") {
      const zeros = this.#readTensor(node.input[2]!, onnxTypes[type]);
      if (zeros.elements !== scales.length || zeros.bytes.some((byte) => byte !== 0)) {
        refuseStudent("weights and biases must be symmetric (zero point 0)");
      }
    }
    return {
      dims: tensor.dims,
      bytes: tensor.bytes,
      scales: scales.length === channels ? scales : new Float32Array(channels).fill(scales[0]!),
    };
  }

  /** Refuses a Gemm that is not x · weightᵀ + bias. */
  expectGemm(node: OnnxNode): void {
    if (node.opType !== "Gemm") refuseStudent(`the operator "${node.opType}" stands where Gemm is expected`);
    if (node.input.length !== 3) refuseStudent(`a Gemm has ${node.input.length} inputs, expected 3`);
    let transB = 0;
    for (const { name, i, f, g } of node.attribute) {
      if (g !== undefined && g.length > 0) refuseStudent("a Gemm holds a graph");
      const known =
        name === "transB" ||
        (name === "transA" && i === 0) ||
        ((name === "alpha" || name === "beta") && f === 1);
      if (!known) refuseStudent(`a Gemm has the attribute "${name}" with another value than the default`);
      if (name === "transB") transB = i ?? 0;
    }
    if (transB !== 1) refuseStudent("a Gemm must have transB = 1");
  }

  /** Refuses a graph that holds more than what was taken. */
  expectAllUsed(): void {
    if (this.#usedNodes.size !== this.#producers.size) {
      refuseStudent(`${this.#producers.size - this.#usedNodes.size} of its nodes lead nowhere`);
    }
  }

  /** Refuses declared shapes other than float32 [rows × inputs] → uint8 [rows × outputs]. */
  expectShape(inputs: number, outputs: number): void {
    expectValue(this.input, onnxTypes.float, inputs);
    expectValue(this.output, onnxTypes.uint8, outputs);
  }

  #readTensor(
    name: string,
    dataType: number,
  ): { readonly dims: readonly number[]; readonly elements: number; readonly bytes: Uint8Array } {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) refuseStudent(`the constant "${name}" is not there`);
    if (tensor.dataType !== dataType) {
      refuseStudent(`the constant "${name}" is of type ${tensor.dataType}, expected ${dataType}`);
    }
    let elements = 1;
    if (tensor.dims.length > 2) refuseStudent(`the constant "${name}" has ${tensor.dims.length} dimensions`);
    for (const dim of tensor.dims) {
      if (!Number.isInteger(dim) || dim < 1 || dim > studentLimits.maxWidth) {
        refuseStudent(`the constant "${name}" has a dimension of ${dim}`);
      }
      elements *= dim;
    }
    const expected = elements * bytesOfType[dataType]!;
    if (tensor.rawData.length !== expected) {
      refuseStudent(
        `the constant "${name}" has ${tensor.rawData.length} bytes of raw data, expected ${expected}`,
      );
    }
    return { dims: tensor.dims, elements, bytes: Uint8Array.from(tensor.rawData) };
  }
}

function decodeModel(bytes: Uint8Array): OnnxModel {
  try {
    // Names and numbers have the declared types whatever the bytes were; sub-messages may be null.
    return decodeOnnxModel(bytes) as OnnxModel;
  } catch (cause) {
    return refuseStudent("it is not an ONNX file, or is cut short", cause);
  }
}

function readFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

function expectValue(value: OnnxValue, elemType: number, columns: number): void {
  const tensor = value.type?.tensorType;
  const dims = tensor?.shape?.dim ?? [];
  if (tensor?.elemType !== elemType || dims.length !== 2 || dims[1]!.dimValue !== columns) {
    refuseStudent(`the value "${value.name}" is not declared as [rows × ${columns}] of type ${elemType}`);
  }
}
