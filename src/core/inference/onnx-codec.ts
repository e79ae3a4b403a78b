/**
 * The student as an ONNX file and back: a QDQ graph of Gemm layers, opset 13, that ONNX Runtime fuses into integer
 * kernels. Writes equal bytes for equal students; reads only graphs of this one form, whatever their names and order,
 * and refuses everything else.
 *
 *     features ─ Quantize ─ Dequantize ─ Gemm ─ [Relu] ─ Quantize ─ Dequantize ─ Gemm ─ … ─ Quantize ─ logits
 *                 int8 weights ─ Dequantize ─┤                                    (uint8, the last has no Dequantize)
 *                 int32 bias ─── Dequantize ─┘
 */
import type { QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";
import { findStudentFault, studentLimits } from "./check-student.ts";
import { type DequantisedConstant, OnnxReader, refuseStudent } from "./onnx-reader.ts";
import {
  encodeOnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  onnxAttributeTypes,
  onnxTypes,
  ownModel,
} from "./onnx-schema.ts";

/** Name of the graph's input, float32 [rows × features], standardised. */
export const studentInputName = "features";
/** Name of the graph's output, uint8 [rows × outputs]. */
export const studentOutputName = "logits";
/** Largest file that is read. */
export const maxStudentBytes: number = 2 << 20;

/** Encodes a student as ONNX. Throws INFERENCE when it breaks its definition (`core/contract/bundle/quantised-mlp.ts`). */
export function encodeStudent(mlp: QuantisedMlp): Uint8Array {
  const fault = findStudentFault(mlp);
  if (fault !== null) refuseStudent(`it is not sound: ${fault}`);
  const initializer: OnnxTensor[] = [];
  const node: OnnxNode[] = [];
  const addNode = (call: NodeCall): string => {
    const { opType, input, output, attribute = [] } = call;
    node.push({ name: `${output}.${opType}`, opType, input, output: [output], attribute });
    return output;
  };
  const addQuantisation = (name: string, scale: number, zeroPoint: number): void => {
    initializer.push(tensor(`${name}.scale`, [], Float32Array.of(scale)));
    initializer.push(tensor(`${name}.zero`, [], Uint8Array.of(zeroPoint)));
  };
  const quantise = (name: string, value: string, output: string): string =>
    addNode({ opType: "QuantizeLinear", input: [value, `${name}.scale`, `${name}.zero`], output });
  const dequantise = (
    name: string,
    input: readonly string[],
    attribute: OnnxNode["attribute"] = [],
  ): string => addNode({ opType: "DequantizeLinear", input, output: `${name}.dq`, attribute });
  const byRow = [intAttribute("axis", 0)];

  addQuantisation("x0", mlp.inputScale, mlp.inputZeroPoint);
  let quantised = quantise("x0", studentInputName, "x0.q");
  let scaleIn = mlp.inputScale;
  for (const [index, layer] of mlp.layers.entries()) {
    const { inputs, outputs, weights, weightScales, bias } = layer;
    const [x, w, b, y] = [`x${index}`, `w${index}`, `b${index}`, `x${index + 1}`];
    initializer.push(
      tensor(w, [outputs, inputs], weights),
      tensor(`${w}.scale`, [outputs], weightScales),
      tensor(`${w}.zero`, [outputs], new Int8Array(outputs)),
      tensor(b, [outputs], bias),
      tensor(
        `${b}.scale`,
        [outputs],
        weightScales.map((scale) => scaleIn * scale),
      ),
    );
    addQuantisation(y, layer.outputScale, layer.outputZeroPoint);
    const input = [
      dequantise(x, [quantised, `${x}.scale`, `${x}.zero`]),
      dequantise(w, [w, `${w}.scale`, `${w}.zero`], byRow),
      dequantise(b, [b, `${b}.scale`], byRow),
    ];
    const attribute = [intAttribute("transB", 1)];
    let product = addNode({ opType: "Gemm", input, output: `${y}.gemm`, attribute });
    if (layer.relu) product = addNode({ opType: "Relu", input: [product], output: `${y}.relu` });
    const isLast = index === mlp.layers.length - 1;
    quantised = quantise(y, product, isLast ? studentOutputName : `${y}.q`);
    scaleIn = layer.outputScale;
  }
  const { inputs } = mlp.layers[0]!;
  const { outputs } = mlp.layers[mlp.layers.length - 1]!;
  return encodeOnnxModel({
    ...ownModel,
    graph: {
      name: "student",
      node,
      initializer,
      input: [value(studentInputName, onnxTypes.float, inputs)],
      output: [value(studentOutputName, onnxTypes.uint8, outputs)],
    },
  });
}

/** One operator call, named by what it makes. */
interface NodeCall extends Pick<OnnxNode, "opType" | "input"> {
  readonly output: string;
  readonly attribute?: OnnxNode["attribute"];
}

/**
 * Decodes a student from ONNX bytes of at most 2 MiB. Throws INFERENCE when they are not protobuf, not a graph of the
 * form above, or break the student's definition. The result shares no memory with `bytes`.
 */
export function decodeStudent(bytes: Uint8Array): QuantisedMlp {
  if (bytes.length > maxStudentBytes) {
    refuseStudent(`it has ${bytes.length} bytes, expected at most ${maxStudentBytes}`);
  }
  const reader = new OnnxReader(bytes);
  // From the output back to the input: each step names the one operator that may stand there.
  let quantise = reader.takeProducer(reader.output.name, "QuantizeLinear", 3);
  const layers: QuantisedMlp["layers"][number][] = [];
  const biases: DequantisedConstant[] = [];
  while (quantise.input[0] !== reader.input.name) {
    if (layers.length >= studentLimits.maxLayers) refuseStudent("it has too many layers");
    const output = reader.readQuantisation(quantise);
    const product = reader.takeProducer(quantise.input[0]!, "Gemm or Relu", null);
    const relu = product.opType === "Relu";
    if (relu && product.input.length !== 1) refuseStudent("Relu must have one input");
    const gemm = relu ? reader.takeProducer(product.input[0]!, "Gemm", 3) : product;
    reader.expectGemm(gemm);
    const weight = reader.readConstant(gemm.input[1]!, "int8");
    const bias = reader.readConstant(gemm.input[2]!, "int32");
    const [outputs, inputs] = weight.dims;
    if (outputs === undefined || inputs === undefined || weight.dims.length !== 2) {
      refuseStudent(`a weight has the shape [${weight.dims.join(", ")}], expected [outputs, inputs]`);
    }
    layers.unshift({
      inputs,
      outputs,
      weights: new Int8Array(weight.bytes.buffer),
      weightScales: weight.scales,
      bias: readInt32s(bias.bytes),
      relu,
      outputScale: output.scale,
      outputZeroPoint: output.zeroPoint,
    });
    biases.unshift(bias);
    const dequantise = reader.takeProducer(gemm.input[0]!, "DequantizeLinear", 3);
    quantise = reader.takeProducer(dequantise.input[0]!, "QuantizeLinear", 3);
    const before = reader.readQuantisation(quantise);
    const after = reader.readQuantisation(dequantise);
    if (before.scale !== after.scale || before.zeroPoint !== after.zeroPoint) {
      refuseStudent(
        "an activation is dequantised with another scale or zero point than it was quantised with",
      );
    }
  }
  const input = reader.readQuantisation(quantise);
  reader.expectAllUsed();
  const mlp: QuantisedMlp = { inputScale: input.scale, inputZeroPoint: input.zeroPoint, layers };
  const fault = findStudentFault(mlp);
  if (fault !== null) refuseStudent(`it is not sound: ${fault}`);
  expectBiasScales(mlp, biases);
  reader.expectShape(layers[0]!.inputs, layers[layers.length - 1]!.outputs);
  return mlp;
}

/** A bias must be in units of inputScale · weightScale of its channel, or its integers mean something else. */
function expectBiasScales(mlp: QuantisedMlp, biases: readonly DequantisedConstant[]): void {
  let scaleIn = mlp.inputScale;
  for (const [index, layer] of mlp.layers.entries()) {
    const actual = biases[index]!.scales;
    for (let output = 0; output < layer.outputs; output++) {
      if (actual[output] !== Math.fround(scaleIn * layer.weightScales[output]!)) {
        refuseStudent(`a bias scale of layer ${index} is not the input's scale times the weight's`);
      }
    }
    scaleIn = layer.outputScale;
  }
}

/** A constant of the array's own type. */
function tensor(
  name: string,
  dims: readonly number[],
  values: Float32Array | Int8Array | Int32Array | Uint8Array,
): OnnxTensor {
  const rawData = new Uint8Array(values.byteLength);
  const view = new DataView(rawData.buffer);
  if (values instanceof Float32Array) {
    for (const [index, each] of values.entries()) view.setFloat32(4 * index, each, true);
    return { name, dims, dataType: onnxTypes.float, rawData };
  }
  if (values instanceof Int32Array) {
    for (const [index, each] of values.entries()) view.setInt32(4 * index, each, true);
    return { name, dims, dataType: onnxTypes.int32, rawData };
  }
  rawData.set(values);
  return { name, dims, dataType: values instanceof Int8Array ? onnxTypes.int8 : onnxTypes.uint8, rawData };
}

function readInt32s(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, index) => view.getInt32(index * 4, true));
}

function intAttribute(name: string, i: number): OnnxNode["attribute"][number] {
  return { name, type: onnxAttributeTypes.int, i };
}

function value(name: string, elemType: number, columns: number): OnnxValue {
  const dim = [{ dimParam: "rows" }, { dimValue: columns }];
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
