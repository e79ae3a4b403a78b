/**
 * `model.mcu.bin`: the student as a microcontroller runs it in place (firmware-bridge/mcu/MODEL_FORMAT.md). Codec only;
 * equal models give equal bytes, and what is read has passed every check that the device makes.
 */

import { semverPattern } from "../contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";
import { sha256 } from "../platform/files/sha256.ts";
import { findStudentFault } from "./check-student.ts";
import { type FoldedLayer, foldLayers } from "./integer-engine.ts";
import {
  maxMcuModelBytes,
  mcuDigestBytes,
  mcuFormat,
  mcuHasFeatures,
  mcuHeaderBytes,
  mcuLayerBytes,
  mcuMagic,
  mcuMaxBias,
  mcuNameBytes,
  mcuNeverRaises,
  mcuVersionBytes,
  mcuWeightOffset,
  refuseMcuModel,
  roundUpTo4,
} from "./mcu-layout.ts";

interface McuModel {
  /** Name of the bundle: at most 31 characters of ASCII. */
  readonly name: string;
  /** Semantic version of the bundle: at most 15 characters, major and minor ≤ 255, patch ≤ 65,535. */
  readonly version: string;
  readonly student: QuantisedMlp;
  /** One an output: the quantised logit from which it alarms, 0 … 255, or 256 for never. */
  readonly raiseAt: readonly number[];
  /** The feature section, a multiple of 4 bytes long; null when the device does not compute features. */
  readonly features: Uint8Array | null;
}

export interface McuImage {
  readonly name: string;
  readonly version: string;
  readonly securityCounter: number;
  readonly inputScale: number;
  readonly inputZeroPoint: number;
  readonly outputScale: number;
  readonly outputZeroPoint: number;
  readonly layers: readonly FoldedLayer[];
  readonly raiseAt: readonly number[];
  readonly features: Uint8Array | null;
}

/**
 * The counter that a device compares to refuse a downgrade: major << 24 | minor << 16 | patch.
 * @throws AuroraError BUNDLE_FORMAT for a version that does not fit.
 */
export function computeSecurityCounter(version: string): number {
  const parts = semverPattern.exec(version);
  const [major, minor, patch] = [Number(parts?.[1]), Number(parts?.[2]), Number(parts?.[3])];
  if (!(major <= 255 && minor <= 255 && patch <= 65_535)) {
    throw refuseMcuModel(`cannot number version "${version}": expected up to 255.255.65535`);
  }
  return major * 0x1000000 + minor * 0x10000 + patch;
}

/** Encodes a model. @throws AuroraError BUNDLE_FORMAT when a part breaks its definition or does not fit. */
export function encodeMcuModel(model: McuModel): Uint8Array {
  const { student, raiseAt, features } = model;
  const fault = findStudentFault(student);
  if (fault !== null) throw refuseMcuModel(`cannot hold the student: ${fault}`);
  const first = student.layers[0]!;
  const last = student.layers[student.layers.length - 1]!;
  checkRaiseAt(raiseAt, last.outputs);
  if (features !== null && (features.length === 0 || features.length % 4 !== 0)) {
    throw refuseMcuModel(`cannot hold a feature section of ${features.length} bytes`);
  }
  const raiseOffset = student.layers.reduce(
    (sum, layer) => sum + countLayerBytes(layer.inputs, layer.outputs),
    mcuHeaderBytes + mcuLayerBytes * student.layers.length,
  );
  const featuresOffset = raiseOffset + roundUpTo4(2 * last.outputs);
  const end = featuresOffset + (features?.length ?? 0);
  const bytes = new Uint8Array(end + mcuDigestBytes);
  if (bytes.length > maxMcuModelBytes) throw refuseMcuModel(`would have ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, mcuMagic, true);
  view.setUint16(4, mcuFormat, true);
  view.setUint16(6, features === null ? 0 : mcuHasFeatures, true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, computeSecurityCounter(model.version), true);
  putText(bytes.subarray(16, 16 + mcuNameBytes), model.name);
  putText(bytes.subarray(48, 48 + mcuVersionBytes), model.version);
  view.setUint16(64, first.inputs, true);
  view.setUint16(66, last.outputs, true);
  bytes.set([student.layers.length, student.inputZeroPoint, last.outputZeroPoint], 68);
  view.setFloat32(72, student.inputScale, true);
  view.setFloat32(76, last.outputScale, true);
  view.setUint32(80, features === null ? 0 : featuresOffset, true);
  view.setUint32(84, features?.length ?? 0, true);
  putLayers(view, student);
  for (const [index, at] of raiseAt.entries()) view.setUint16(raiseOffset + 2 * index, at, true);
  if (features !== null) bytes.set(features, featuresOffset);
  bytes.set(sha256(bytes.subarray(0, end)), end);
  return bytes;
}

/** Decodes a file. @throws AuroraError BUNDLE_FORMAT, saying what was expected and what came. */
export function decodeMcuModel(bytes: Uint8Array): McuImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const least = mcuHeaderBytes + mcuLayerBytes + mcuDigestBytes;
  if (bytes.length < least || bytes.length > maxMcuModelBytes || bytes.length % 4 !== 0) {
    throw refuseMcuModel(`has ${bytes.length} bytes`);
  }
  if (view.getUint32(0, true) !== mcuMagic) throw refuseMcuModel("does not begin with AMCU");
  const format = view.getUint16(4, true);
  if (format !== mcuFormat) throw refuseMcuModel(`has format ${format}, expected ${mcuFormat}`);
  const flags = view.getUint16(6, true);
  if ((flags & ~mcuHasFeatures) !== 0) throw refuseMcuModel(`has the unknown flags ${flags}`);
  const stated = view.getUint32(8, true);
  if (stated !== bytes.length) throw refuseMcuModel(`has ${bytes.length} bytes, its header says ${stated}`);
  const end = bytes.length - mcuDigestBytes;
  const digest = sha256(bytes.subarray(0, end));
  if (digest.some((byte, index) => byte !== bytes[end + index])) throw refuseMcuModel("has a wrong digest");
  const version = takeText(bytes.subarray(48, 48 + mcuVersionBytes));
  const securityCounter = view.getUint32(12, true);
  if (computeSecurityCounter(version) !== securityCounter) {
    throw refuseMcuModel(`has the security counter ${securityCounter}, not that of its version ${version}`);
  }
  const { layers, next } = takeLayers(view, end);
  const outputs = layers[layers.length - 1]!.outputs;
  if (view.getUint16(66, true) !== outputs) throw refuseMcuModel("does not end with its outputs");
  const featuresOffset = next + roundUpTo4(2 * outputs);
  const featuresBytes = end - featuresOffset;
  const wanted =
    (flags & mcuHasFeatures) === 0 ? [0, 0, 0] : [featuresOffset, Math.max(4, featuresBytes), featuresBytes];
  if (
    view.getUint32(80, true) !== wanted[0] ||
    view.getUint32(84, true) !== wanted[1] ||
    featuresBytes !== wanted[2]
  ) {
    throw refuseMcuModel(`has parts that do not add up to ${bytes.length} bytes`);
  }
  const raiseAt = Array.from({ length: outputs }, (_, index) => view.getUint16(next + 2 * index, true));
  checkRaiseAt(raiseAt, outputs);
  return {
    name: takeText(bytes.subarray(16, 16 + mcuNameBytes)),
    version,
    securityCounter,
    inputScale: view.getFloat32(72, true),
    inputZeroPoint: bytes[69]!,
    outputScale: view.getFloat32(76, true),
    outputZeroPoint: bytes[70]!,
    layers,
    raiseAt,
    features: featuresBytes === 0 ? null : bytes.slice(featuresOffset, end),
  };
}

function putLayers(view: DataView, student: QuantisedMlp): void {
  let offset = mcuHeaderBytes + mcuLayerBytes * student.layers.length;
  for (const [index, layer] of foldLayers(student).entries()) {
    const { inputs, outputs, outputZeroPoint, foldedBias, multipliers, weights } = layer;
    const entry = mcuHeaderBytes + mcuLayerBytes * index;
    view.setUint16(entry, inputs, true);
    view.setUint16(entry + 2, outputs, true);
    view.setUint8(entry + 4, outputZeroPoint);
    const rows = roundUpTo4(outputs);
    for (let output = 0; output < rows; output++) {
      const bias = foldedBias[output] ?? 0;
      // Far beyond any trained student; the device refuses it, so that no sum can run over.
      if (Math.abs(bias) > mcuMaxBias) throw refuseMcuModel(`cannot hold the bias ${bias} of layer ${index}`);
      view.setInt32(offset + 4 * output, bias, true);
      view.setFloat32(offset + 4 * (rows + output), multipliers[output] ?? 1, true);
    }
    for (const [place, weight] of weights.entries())
      view.setInt8(placeOfWeight(offset, layer, place), weight);
    offset += countLayerBytes(inputs, outputs);
  }
}

/** Where in the file the weight lies that is number `place`, row-major, of a layer from `offset` on. */
function placeOfWeight(
  offset: number,
  { inputs, outputs }: Pick<FoldedLayer, "inputs" | "outputs">,
  place: number,
): number {
  const behindNumbers = offset + 8 * roundUpTo4(outputs);
  return behindNumbers + mcuWeightOffset(Math.floor(place / inputs), place % inputs, inputs);
}

function takeLayers(
  view: DataView,
  end: number,
): { readonly layers: readonly FoldedLayer[]; readonly next: number } {
  const count = view.getUint8(68);
  let offset = mcuHeaderBytes + mcuLayerBytes * count;
  let width = view.getUint16(64, true);
  const layers: FoldedLayer[] = [];
  for (let index = 0; index < count; index++) {
    const entry = mcuHeaderBytes + mcuLayerBytes * index;
    if (entry + mcuLayerBytes > end) throw refuseMcuModel("ends inside its table of layers");
    const inputs = view.getUint16(entry, true);
    const outputs = view.getUint16(entry + 2, true);
    if (inputs !== width || inputs === 0 || outputs === 0) {
      throw refuseMcuModel(`has a layer of ${outputs} × ${inputs} behind one of ${width}`);
    }
    const next = offset + countLayerBytes(inputs, outputs);
    if (next > end) throw refuseMcuModel("ends inside a layer");
    const rows = roundUpTo4(outputs);
    const at = offset;
    layers.push({
      inputs,
      outputs,
      outputZeroPoint: view.getUint8(entry + 4),
      foldedBias: Int32Array.from({ length: outputs }, (_, output) => view.getInt32(at + 4 * output, true)),
      multipliers: Float32Array.from({ length: outputs }, (_, output) =>
        view.getFloat32(at + 4 * (rows + output), true),
      ),
      weights: Int8Array.from({ length: outputs * inputs }, (_, place) =>
        view.getInt8(placeOfWeight(at, { inputs, outputs }, place)),
      ),
    });
    offset = next;
    width = outputs;
  }
  if (layers.length === 0) throw refuseMcuModel("has no layer");
  return { layers, next: offset };
}

function countLayerBytes(inputs: number, outputs: number): number {
  return roundUpTo4(outputs) * (8 + roundUpTo4(inputs));
}

function checkRaiseAt(raiseAt: readonly number[], outputs: number): void {
  const fits = (at: number): boolean => Number.isInteger(at) && at >= 0 && at <= mcuNeverRaises;
  if (raiseAt.length !== outputs || !raiseAt.every(fits)) {
    throw refuseMcuModel(`needs ${outputs} logit thresholds from 0 to ${mcuNeverRaises}`);
  }
}

function putText(field: Uint8Array, text: string): void {
  if (!/^[\x21-\x7e]+$/.test(text) || text.length >= field.length) {
    throw refuseMcuModel(`cannot hold "${text}": expected 1 to ${field.length - 1} printable characters`);
  }
  field.set(new TextEncoder().encode(text));
}

function takeText(field: Uint8Array): string {
  const length = field.indexOf(0);
  const text = new TextDecoder().decode(field.subarray(0, Math.max(0, length)));
  if (!/^[\x21-\x7e]+$/.test(text) || field.subarray(length).some((byte) => byte !== 0)) {
    throw refuseMcuModel("has a name or version that is not zero-padded text");
  }
  return text;
}

/**
 * The same model under another version: number, counter and digest of the file change, and nothing else.
 * @throws AuroraError BUNDLE_FORMAT for a file that is no model, or a version that does not fit
 */
export function renumberMcuModel(bytes: Uint8Array, version: string): Uint8Array {
  decodeMcuModel(bytes);
  const renumbered = Uint8Array.from(bytes);
  const end = bytes.length - mcuDigestBytes;
  new DataView(renumbered.buffer).setUint32(12, computeSecurityCounter(version), true);
  const room = renumbered.subarray(48, 48 + mcuVersionBytes);
  room.fill(0);
  putText(room, version);
  renumbered.set(sha256(renumbered.subarray(0, end)), end);
  return renumbered;
}
