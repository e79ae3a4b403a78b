/**
 * The part of ONNX's protobuf schema (onnx.proto3, IR version 8) that a quantised MLP needs, as protobufjs reflection.
 * Fields by which a model could reach beyond itself (external data, subgraphs, functions) are declared so that the
 * codec can refuse them; all others are skipped.
 */
import protobuf from "protobufjs/light.js";

/** TensorProto.DataType. */
export const onnxTypes = { float: 1, uint8: 2, int8: 3, int32: 6 } as const;

/** AttributeProto.AttributeType. */
export const onnxAttributeTypes = { float: 1, int: 2 } as const;

/** A constant. `rawData` is little-endian, row-major. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
  readonly dataLocation?: number;
}

interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly g?: Uint8Array;
}

/** One operator call; an empty input name means "left out". */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttribute[];
}

/** Name, element type and shape of an input or output of the graph. */
export interface OnnxValue {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly { readonly dimValue?: number; readonly dimParam?: string }[] };
    };
  };
}

export interface OnnxGraph {
  readonly name: string;
  readonly node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  readonly input: readonly OnnxValue[];
  readonly output: readonly OnnxValue[];
  readonly sparseInitializer?: readonly Uint8Array[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain?: string; readonly version: number }[];
  readonly graph: OnnxGraph;
  readonly functions?: readonly Uint8Array[];
}

/** What every model that is written here says of itself. */
export const ownModel: Omit<OnnxModel, "graph"> = {
  irVersion: 8,
  producerName: "aurora-edge",
  opsetImport: [{ domain: "", version: 13 }],
};

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: { type: "int64", id: 1 },
        producerName: { type: "string", id: 2 },
        graph: { type: "GraphProto", id: 7 },
        opsetImport: { rule: "repeated", type: "OperatorSetIdProto", id: 8 },
        functions: { rule: "repeated", type: "bytes", id: 25 },
      },
    },
    OperatorSetIdProto: {
      fields: { domain: { type: "string", id: 1 }, version: { type: "int64", id: 2 } },
    },
    GraphProto: {
      fields: {
        node: { rule: "repeated", type: "NodeProto", id: 1 },
        name: { type: "string", id: 2 },
        initializer: { rule: "repeated", type: "TensorProto", id: 5 },
        input: { rule: "repeated", type: "ValueInfoProto", id: 11 },
        output: { rule: "repeated", type: "ValueInfoProto", id: 12 },
        sparseInitializer: { rule: "repeated", type: "bytes", id: 15 },
      },
    },
    NodeProto: {
      fields: {
        input: { rule: "repeated", type: "string", id: 1 },
        output: { rule: "repeated", type: "string", id: 2 },
        name: { type: "string", id: 3 },
        opType: { type: "string", id: 4 },
        attribute: { rule: "repeated", type: "AttributeProto", id: 5 },
        domain: { type: "string", id: 7 },
      },
    },
    AttributeProto: {
      fields: {
        name: { type: "string", id: 1 },
        f: { type: "float", id: 2 },
        i: { type: "int64", id: 3 },
        g: { type: "bytes", id: 6 },
        type: { type: "int32", id: 20 },
      },
    },
    TensorProto: {
      fields: {
        dims: { rule: "repeated", type: "int64", id: 1 },
        dataType: { type: "int32", id: 2 },
        name: { type: "string", id: 8 },
        rawData: { type: "bytes", id: 9 },
        dataLocation: { type: "int32", id: 14 },
      },
    },
    ValueInfoProto: {
      fields: { name: { type: "string", id: 1 }, type: { type: "TypeProto", id: 2 } },
    },
    TypeProto: { fields: { tensorType: { type: "TensorTypeProto", id: 1 } } },
    TensorTypeProto: {
      fields: { elemType: { type: "int32", id: 1 }, shape: { type: "TensorShapeProto", id: 2 } },
    },
    TensorShapeProto: { fields: { dim: { rule: "repeated", type: "DimensionProto", id: 1 } } },
    DimensionProto: {
      fields: { dimValue: { type: "int64", id: 1 }, dimParam: { type: "string", id: 2 } },
    },
  },
});
const modelType = root.lookupType("ModelProto");

/** Encodes a model; fields in the order of their numbers, so that equal models have equal bytes. */
export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  return Uint8Array.from(modelType.encode(modelType.create(model)).finish());
}

/**
 * Decodes a model: the shape of the object is as declared (missing fields have protobuf's defaults, a missing
 * sub-message is null), nothing else is checked. Throws protobufjs' errors on bytes that are not protobuf.
 */
export function decodeOnnxModel(bytes: Uint8Array): unknown {
  return modelType.toObject(modelType.decode(bytes), { longs: Number, defaults: true });
}
