/**
 * The feature section of `model.mcu.bin` (firmware-bridge/mcu/MODEL_FORMAT.md): the feature list of a bundle as data for
 * a microcontroller, written and read back. Says which lists a device can compute; computes nothing itself.
 */
import {
  type FeatureDeclaration,
  type FeatureParameter,
  type FeatureSpec,
  featuresCatalogueVersion,
} from "../contract/bundle/feature-spec.ts";
import type { Scaler, WindowSpec } from "../contract/bundle/manifest.ts";
import { readTaps } from "../maths/decimation-kernel.ts";
import { designAngleFilter, type EnvelopeMeasure, envelopeMeasures } from "./angle-envelope.ts";
import { mostHarmonics as mostCombHarmonics } from "./comb-fit.ts";
import { analysisRateHz, designAnalysisFilter } from "./envelope-order-chain.ts";
import { countFloors } from "./order-spectrum.ts";

/** What a device needs to make the student's input of a stream of counts. */
export interface McuFeatures {
  readonly spec: FeatureSpec;
  readonly window: WindowSpec;
  readonly scaler: Scaler;
}

/** The section, or why a microcontroller cannot compute the list. */
type McuSection =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** Bytes before the filters. */
const sectionHeaderBytes = 40;
/** Bytes of a feature. */
const sectionFeatureBytes = 16;
/**
 * Number of the chain `envelope-order`, the only one, by what it integrates and whether that is held to a limit: firmware that does
 * not know one refuses it.
 */
function numberChain(measure: EnvelopeMeasure, limit: number): number {
  return (measure === "energy" ? 2 : 1) + (limit > 0 ? 2 : 0);
}
/** An operator's number is its place; two of former operators stay theirs. */
const sectionOperators = [
  "order-log-snr",
  "side-band-log-snr",
  "order-margin",
  null,
  null,
  "comb-log-snr",
  "comb-line-log-snr",
  "comb-side-log-snr",
  "half-comb-log-snr",
] as const;
/** The number of an order or of a spacing is its place. */
const sectionOrders = ["bpfo", "bpfi", "bsf", "ftf", "shaft"] as const;
/** Of a margin. */
const faultOrders: ReadonlySet<string> = new Set(["bpfo", "bpfi", "bsf"]);
/** Of operators but combs. */
const mostHarmonics = 16;
/** As float32. */
const mostTolerance = Math.fround(0.1);

/** Sizes of the firmware's buffers (firmware-bridge/mcu/features.h). */
const limits = {
  features: 64,
  fftSize: 4096,
  whiteningOrder: 16,
  whiteningBlock: 64,
  floors: 96,
} as const;
const mostTaps = 65;

/**
 * Encodes the section for sampling rates up to `maxRateHz`, the highest that the data contract accepts. A spec must have
 * been bound before (`createWaveformExtractor`): its parameters are not checked again.
 */
export function encodeMcuSection(features: McuFeatures & { readonly maxRateHz: number }): McuSection {
  const { spec, window, scaler, maxRateHz } = features;
  const chain = spec.chains[0];
  if (spec.chains.length !== 1 || chain === undefined || chain.kind !== "envelope-order") {
    return refused(
      `its chains are ${spec.chains.map((one) => one.kind).join(", ")}, expected one envelope-order`,
    );
  }
  if (window.hop !== window.length) {
    return refused(
      `its windows begin every ${window.hop} ${window.unit}, the firmware cuts one of ${window.length} behind the other`,
    );
  }
  const param = (name: string): number => Number(chain.params[name]);
  const sizes: Readonly<Record<keyof typeof limits, number>> = {
    features: spec.list.length,
    fftSize: param("fftSize"),
    whiteningOrder: param("whiteningOrder"),
    whiteningBlock: param("whiteningBlock"),
    // The firmware holds the same grid (firmware-bridge/mcu/feature_section.c, aurora_features_check).
    floors: countFloors(param("samplesPerRevolution")),
  };
  for (const [name, most] of Object.entries(limits) as [keyof typeof limits, number][]) {
    if (sizes[name] > most) return refused(`${name} is ${sizes[name]}, the firmware holds ${most}`);
  }
  const filters: { readonly factor: number; readonly taps: Float64Array }[] = [
    { factor: 2, taps: designAngleFilter() },
  ];
  for (let factor = 2; factor <= Math.floor(maxRateHz / analysisRateHz); factor++) {
    const taps = readTaps(designAnalysisFilter(factor));
    if (taps.length > mostTaps) return refused(`${maxRateHz} Hz need a filter of ${taps.length} taps`);
    filters.push({ factor, taps });
  }
  const filterBytes = filters.reduce((sum, { taps }) => sum + 4 + 2 * (taps.length + 1), 0);
  const bytes = new Uint8Array(sectionHeaderBytes + filterBytes + sectionFeatureBytes * spec.list.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, spec.list.length, true);
  const limit = Number(chain.params.envelopeLimit ?? 0);
  view.setUint8(2, numberChain(chain.params.envelope === "energy" ? "energy" : "magnitude", limit));
  view.setUint8(3, filters.length - 1);
  view.setUint16(4, param("whiteningOrder"), true);
  view.setUint16(6, param("whiteningBlock"), true);
  view.setFloat32(8, param("whiteningMemory"), true);
  view.setUint16(12, param("samplesPerRevolution"), true);
  view.setUint16(14, param("fftSize"), true);
  view.setFloat32(16, param("floorOrders"), true);
  view.setFloat32(20, param("shaftGuardOrders"), true);
  view.setUint8(24, window.unit === "revolutions" ? 0 : 1);
  view.setUint8(25, limit);
  view.setFloat32(28, window.length, true);
  view.setFloat32(32, window.hop, true);
  view.setFloat32(36, scaler.clamp, true);
  let offset = sectionHeaderBytes;
  for (const { factor, taps } of filters) {
    view.setUint16(offset, factor, true);
    view.setUint16(offset + 2, taps.length, true);
    offset += 4;
    for (let tap = 0; tap < (taps.length + 1) / 2; tap++, offset += 4)
      view.setFloat32(offset, taps[tap]!, true);
  }
  for (const [index, feature] of spec.list.entries()) {
    const coded = codeFeature(feature);
    if (typeof coded === "string") return refused(coded);
    bytes.set(coded.slice(0, 4), offset);
    view.setFloat32(offset + 4, coded[4]!, true);
    view.setFloat32(offset + 8, scaler.mean[index]!, true);
    view.setFloat32(offset + 12, scaler.inverseStd[index]!, true);
    offset += sectionFeatureBytes;
  }
  return { ok: true, bytes };
}

const chainName = "envelope";

/**
 * Decodes a section: what a simulated device computes is what the image says. Names of features and groups do not
 * travel; parameters are float32. Undefined when the bytes are no section that this version reads.
 */
export function readMcuSection(bytes: Uint8Array): McuFeatures | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < sectionHeaderBytes) return undefined;
  const limit = view.getUint8(25);
  if (limit === 1) return undefined;
  const envelope = envelopeMeasures.find((measure) => numberChain(measure, limit) === view.getUint8(2));
  if (envelope === undefined) return undefined;
  const features = view.getUint16(0, true);
  let offset = sectionHeaderBytes;
  for (let filter = 0; filter <= view.getUint8(3); filter++) {
    if (offset + 4 > bytes.length) return undefined;
    offset += 4 + 2 * (view.getUint16(offset + 2, true) + 1);
  }
  if (offset + features * sectionFeatureBytes !== bytes.length) return undefined;
  const samplesPerRevolution = view.getUint16(12, true);
  const fftSize = view.getUint16(14, true);
  const window: WindowSpec = {
    unit: view.getUint8(24) === 0 ? "revolutions" : "seconds",
    length: view.getFloat32(28, true),
    hop: view.getFloat32(32, true),
  };
  if (window.hop !== window.length) return undefined;
  const list: FeatureDeclaration[] = [];
  const mean: number[] = [];
  const inverseStd: number[] = [];
  for (let index = 0; index < features; index++, offset += sectionFeatureBytes) {
    const read = readFeature(view, offset);
    if (read === undefined) return undefined;
    const { operator, params } = read;
    list.push({ name: `f${index}`, operator, chain: chainName, params, group: "all" });
    mean.push(view.getFloat32(offset + 8, true));
    inverseStd.push(view.getFloat32(offset + 12, true));
  }
  const params: Record<string, FeatureParameter> = {
    whiteningOrder: view.getUint16(4, true),
    whiteningBlock: view.getUint16(6, true),
    whiteningMemory: view.getFloat32(8, true),
    samplesPerRevolution,
    fftSize,
    revolutions: Math.floor(Math.min(window.length + 2, fftSize / samplesPerRevolution)),
    floorOrders: view.getFloat32(16, true),
    shaftGuardOrders: view.getFloat32(20, true),
  };
  if (envelope !== "magnitude") params.envelope = envelope;
  if (limit > 0) params.envelopeLimit = limit;
  return {
    spec: {
      catalogueVersion: featuresCatalogueVersion,
      chains: [{ name: chainName, kind: "envelope-order", params }],
      list,
    },
    window,
    scaler: { mean, inverseStd, clamp: view.getFloat32(36, true) },
  };
}

/** Operator, order, spacing, harmonic and tolerance of a feature; or why the firmware cannot compute it. */
function codeFeature({ operator, params }: FeatureDeclaration): number[] | string {
  const number = placeIn(sectionOperators, operator);
  if (number === null) return `it has no operator "${operator}"`;
  const order = placeOfOrder(params.order);
  const spacing = placeOfOrder(params.spacing);
  if (order === null || spacing === null) {
    return `it knows no order "${order === null ? params.order : params.spacing}"`;
  }
  return [
    number,
    order,
    spacing,
    Number(params.harmonic ?? params.harmonics ?? 0),
    Number(params.tolerance ?? 0),
  ];
}

/** An operator that takes no order or no spacing has a 0 there. */
function placeOfOrder(name: FeatureParameter | undefined): number | null {
  return name === undefined ? 0 : placeIn(sectionOrders, name);
}

function placeIn(names: readonly (string | null)[], name: FeatureParameter): number | null {
  const place = names.indexOf(String(name));
  return place < 0 ? null : place;
}

function refused(reason: string): McuSection {
  return { ok: false, reason };
}

/** Undefined where the firmware would refuse it too. */
function readFeature(
  view: DataView,
  offset: number,
): Pick<FeatureDeclaration, "operator" | "params"> | undefined {
  const operator = sectionOperators[view.getUint8(offset)];
  const order = sectionOrders[view.getUint8(offset + 1)];
  const spacing = sectionOrders[view.getUint8(offset + 2)];
  const harmonic = view.getUint8(offset + 3);
  const tolerance = view.getFloat32(offset + 4, true);
  if (order === undefined || spacing === undefined) return undefined;
  const isComb = operator?.includes("comb-") === true;
  if (isComb && order === "shaft") return undefined;
  if (harmonic < 1 || harmonic > (isComb ? mostCombHarmonics : mostHarmonics)) return undefined;
  if (!(tolerance >= 0 && tolerance <= mostTolerance)) return undefined;
  switch (operator) {
    case "order-log-snr":
      return { operator, params: { order, harmonic, tolerance } };
    case "side-band-log-snr":
      return { operator, params: { order, spacing, harmonic, tolerance } };
    case "order-margin":
      if (!faultOrders.has(order)) return undefined;
      return { operator, params: { order, harmonics: harmonic, tolerance } };
    case "comb-log-snr":
    case "half-comb-log-snr":
      return { operator, params: { order, harmonics: harmonic, tolerance } };
    case "comb-line-log-snr":
    case "comb-side-log-snr":
      return { operator, params: { order, spacing, harmonics: harmonic, tolerance } };
    default:
      return undefined;
  }
}
