import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandomStudent } from "../../../scripts/mcu/random-student.ts";
import type { QuantisedLayer, QuantisedMlp } from "../../../src/core/contract/bundle/quantised-mlp.ts";
import { decodeStudent, encodeStudent, maxStudentBytes } from "../../../src/core/inference/onnx-codec.ts";
import {
  decodeOnnxModel,
  encodeOnnxModel,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "../../../src/core/inference/onnx-schema.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const sound = createRandomStudent(createRandom(3), [4, 3, 2]);
const soundBytes = encodeStudent(sound);

/** The sound model's file after `change` of its graph. */
function alter(change: (graph: OnnxGraph) => Partial<OnnxGraph>, model: Partial<OnnxModel> = {}): Uint8Array {
  const decoded = decodeOnnxModel(soundBytes) as OnnxModel;
  return encodeOnnxModel({ ...decoded, graph: { ...decoded.graph, ...change(decoded.graph) }, ...model });
}

function alterTensor(name: string, change: (tensor: OnnxTensor) => Partial<OnnxTensor>): Uint8Array {
  return alter(({ initializer }) => ({
    initializer: initializer.map((tensor) =>
      tensor.name === name ? { ...tensor, ...change(tensor) } : tensor,
    ),
  }));
}

function alterNode(name: string, change: (node: OnnxNode) => Partial<OnnxNode>): Uint8Array {
  return alter(({ node }) => ({
    node: node.map((one) => (one.name === name ? { ...one, ...change(one) } : one)),
  }));
}

function alterLayer(change: Partial<QuantisedLayer>): QuantisedMlp {
  return { ...sound, layers: [{ ...sound.layers[0]!, ...change }, ...sound.layers.slice(1)] };
}

describe("the ONNX codec of students", () => {
  test("gives back the student that was encoded, and the same bytes again", () => {
    const random = createRandom(1);
    for (const widths of [
      [1, 1],
      [17, 16, 8, 3],
      [5, 4],
      [64, 32, 16, 6],
      [3, 3, 3, 3, 3, 3],
    ]) {
      const mlp = createRandomStudent(random, widths);
      const bytes = encodeStudent(mlp);
      expect(decodeStudent(bytes)).toEqual(mlp);
      expect(encodeStudent(decodeStudent(bytes))).toEqual(bytes);
    }
  });

  test("does not share memory with the bytes that it read", () => {
    const bytes = encodeStudent(sound);
    const decoded = decodeStudent(bytes);
    bytes.fill(0xff);
    expect(decoded).toEqual(sound);
  });

  test("reads a graph of the same form whatever the order of its nodes and the names of its values", () => {
    const renamed = alter(({ node, initializer, input, output }) => {
      const rename = (name: string): string => (name === "" ? "" : `other/${name}`);
      return {
        node: node.toReversed().map((one) => ({
          ...one,
          name: "",
          input: one.input.map(rename),
          output: one.output.map(rename),
        })),
        initializer: initializer.map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
        input: input.map((value) => ({ ...value, name: rename(value.name) })),
        output: output.map((value) => ({ ...value, name: rename(value.name) })),
      };
    });
    expect(decodeStudent(renamed)).toEqual(sound);
    expect(encodeStudent(decodeStudent(renamed))).toEqual(soundBytes);
  });

  const hostile: Readonly<Record<string, Uint8Array>> = {
    "no bytes": new Uint8Array(0),
    text: new TextEncoder().encode("this is not a model"),
    "too many bytes": new Uint8Array(maxStudentBytes + 1),
    "no graph": encodeOnnxModel({ ...(decodeOnnxModel(soundBytes) as OnnxModel), graph: null as never }),
    "an old opset": alter(() => ({}), { opsetImport: [{ domain: "", version: 9 }] }),
    "another domain": alter(() => ({}), { opsetImport: [{ domain: "com.microsoft", version: 1 }] }),
    functions: alter(() => ({}), { functions: [Uint8Array.of(1)] }),
    "sparse constants": alter(() => ({ sparseInitializer: [Uint8Array.of(1)] })),
    "a constant kept outside the file": alterTensor("w0", () => ({ dataLocation: 1 })),
    "an enormous dimension": alterTensor("w0", () => ({ dims: [2 ** 40, 2 ** 40] })),
    "a negative dimension": alterTensor("w0", () => ({ dims: [-3, 4] })),
    "a zero dimension": alterTensor("w0", () => ({ dims: [0, 4] })),
    "many dimensions": alterTensor("w0", () => ({ dims: Array.from({ length: 1_000 }, () => 1) })),
    "dimensions that do not fit the data": alterTensor("w0", () => ({ dims: [3, 5] })),
    "swapped dimensions": alterTensor("w0", () => ({ dims: [4, 3] })),
    "data cut short": alterTensor("b0", ({ rawData }) => ({ rawData: rawData.subarray(1) })),
    "a constant of another type": alterTensor("w0", () => ({ dataType: 2 })),
    "a weight of 8 bits": alterTensor("w0", ({ rawData }) => ({ rawData: rawData.map(() => 64) })),
    "a bias that could overflow": alterTensor("b0", ({ rawData }) => ({ rawData: rawData.map(() => 0x7f) })),
    "a bias in other units": alterTensor("b1.scale", ({ rawData }) => ({
      rawData: rawData.map((byte, index) => (index === 0 ? byte ^ 1 : byte)),
    })),
    "a scale that is NaN": alterTensor("x0.scale", () => ({ rawData: Uint8Array.of(0, 0, 0xc0, 0x7f) })),
    "a scale of zero": alterTensor("x1.scale", () => ({ rawData: new Uint8Array(4) })),
    "an asymmetric weight": alterTensor("w0.zero", ({ rawData }) => ({ rawData: rawData.map(() => 1) })),
    "a constant twice": alter(({ initializer }) => ({ initializer: [...initializer, initializer[0]!] })),
    "a value made twice": alter(({ node }) => ({ node: [...node, node[0]!] })),
    "another operator": alterNode("x1.gemm.Gemm", () => ({ opType: "MatMul" })),
    "an operator of another domain": alterNode("x1.gemm.Gemm", () => ({ domain: "ai.onnx.ml" })),
    "a Gemm that does not transpose": alterNode("x1.gemm.Gemm", () => ({ attribute: [] })),
    "a Gemm with a factor": alterNode("x1.gemm.Gemm", ({ attribute }) => ({
      attribute: [...attribute, { name: "alpha", type: 1, f: 2 }],
    })),
    "a Gemm with a graph": alterNode("x1.gemm.Gemm", ({ attribute }) => ({
      attribute: [...attribute, { name: "then", type: 5, g: Uint8Array.of(8) }],
    })),
    "a Gemm without bias": alterNode("x1.gemm.Gemm", ({ input }) => ({ input: input.slice(0, 2) })),
    "a loop": alterNode("x0.q.QuantizeLinear", ({ input }) => ({ input: ["x1.gemm", ...input.slice(1)] })),
    "a node that leads nowhere": alter(({ node }) => ({
      node: [...node, { name: "", opType: "Exp", input: ["features"], output: ["y"], attribute: [] }],
    })),
    "a node with two outputs": alterNode("x1.gemm.Gemm", ({ output }) => ({ output: [...output, "more"] })),
    "very many nodes": alter(({ node }) => ({ node: Array.from({ length: 5_000 }, () => node[0]!) })),
    "no inputs": alter(() => ({ input: [] })),
    "another declared shape": alter(({ input }) => ({
      input: [
        {
          ...input[0]!,
          type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: 9 }] } } },
        },
      ],
    })),
    "an input without a type": alter(({ input }) => ({
      input: [{ name: input[0]!.name, type: null as never }],
    })),
  };
  test.each(Object.entries(hostile))("refuses a model with %s as INFERENCE", (_what, bytes) => {
    expect(() => decodeStudent(bytes)).toThrow(expect.objectContaining({ code: "INFERENCE" }));
  });

  test("refuses every model that was cut short", () => {
    for (let length = 0; length < soundBytes.length; length++) {
      expect(() => decodeStudent(soundBytes.subarray(0, length)), `${length} bytes`).toThrow(
        expect.objectContaining({ code: "INFERENCE" }),
      );
    }
  });

  test("answers random damage with a sound student or INFERENCE, never with anything else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(soundBytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const bytes = soundBytes.slice();
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            encodeStudent(decodeStudent(bytes));
          } catch (error) {
            expect(error).toMatchObject({ code: "INFERENCE" });
          }
        },
      ),
      { numRuns: 2_000, seed: 5 },
    );
  });

  const unsound: Readonly<Record<string, QuantisedMlp>> = {
    "no layers": { ...sound, layers: [] },
    "a scale that is not a float32": { ...sound, inputScale: 0.1 },
    "a zero point of 256": { ...sound, inputZeroPoint: 256 },
    "Relu with a zero point": alterLayer({ relu: true, outputZeroPoint: 3 }),
    "weights of another length": alterLayer({ weights: new Int8Array(5) }),
    "biases of another length": alterLayer({ bias: new Int32Array(5) }),
    "a layer that does not fit the one before": { ...sound, layers: [sound.layers[1]!, sound.layers[0]!] },
    "a negative weight scale": alterLayer({ weightScales: new Float32Array(3).fill(-1) }),
  };
  test.each(Object.entries(unsound))("does not write a student with %s", (_what, mlp) => {
    expect(() => encodeStudent(mlp)).toThrow(expect.objectContaining({ code: "INFERENCE" }));
  });
});
