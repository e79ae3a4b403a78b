/**
 * The feature list of a bundle as data for a microcontroller: the feature section of `model.mcu.bin`
 * (firmware-bridge/mcu/MODEL_FORMAT.md). Says which lists a device can compute; computes nothing itself.
 */
import type {
  ChainSpec,
  FeatureDeclaration,
  FeatureParameter,
  FeatureSpec,
} from "../contract/bundle/feature-spec.ts";
import type { Scaler, WindowSpec } from "../contract/bundle/manifest.ts";
import { designAngleFilter } from "./angle-envelope.ts";
import { analysisRateHz, designAnalysisFilter } from "./envelope-order-chain.ts";
import {
  envelopeOrderChain,
  sectionFeatureBytes,
  sectionHeaderBytes,
  sectionOperators,
  sectionOrders,
} from "./mcu-section-layout.ts";

/** What the device needs to make the student's input of a stream of counts. */
export interface McuFeatures {
  readonly spec: FeatureSpec;
  readonly window: WindowSpec;
  readonly scaler: Scaler;
  /** Highest sampling rate in Hz that the data contract accepts. */
  readonly maxRateHz: number;
}

/** The section, or why a microcontroller cannot compute the list. */
export type McuSection =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** Sizes of the firmware's buffers (firmware-bridge/mcu/features.h). */
const limits = {
  features: 64,
  fftSize: 2048,
  whiteningOrder: 16,
  whiteningBlock: 64,
  taps: 65,
  floors: 96,
} as const;
const floorGridOrders = 0.25;

/** Encodes the section; a spec must have been bound before (`createWaveformExtractor`), parameters are not judged anew. */
export function encodeMcuSection({ spec, window, scaler, maxRateHz }: McuFeatures): McuSection {
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
  const param = (name: string): number => numberOf(chain, name);
  const fault = findFault(param, spec.list.length);
  if (fault !== null) return refused(fault);
  const filters: { readonly factor: number; readonly taps: Float64Array }[] = [
    { factor: 2, taps: designAngleFilter() },
  ];
  for (let factor = 2; factor <= Math.floor(maxRateHz / analysisRateHz); factor++) {
    const taps = designAnalysisFilter(factor);
    if (taps.length > limits.taps) return refused(`${maxRateHz} Hz need a filter of ${taps.length} taps`);
    filters.push({ factor, taps });
  }
  const filterBytes = filters.reduce((sum, { taps }) => sum + 4 + 2 * (taps.length + 1), 0);
  const bytes = new Uint8Array(sectionHeaderBytes + filterBytes + sectionFeatureBytes * spec.list.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, spec.list.length, true);
  view.setUint8(2, envelopeOrderChain);
  view.setUint8(3, filters.length - 1);
  view.setUint16(4, param("whiteningOrder"), true);
  view.setUint16(6, param("whiteningBlock"), true);
  view.setFloat32(8, param("whiteningMemory"), true);
  view.setUint16(12, param("samplesPerRevolution"), true);
  view.setUint16(14, param("fftSize"), true);
  view.setFloat32(16, param("floorOrders"), true);
  view.setFloat32(20, param("shaftGuardOrders"), true);
  view.setUint8(24, window.unit === "revolutions" ? 0 : 1);
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

function findFault(param: (name: string) => number, features: number): string | null {
  const highestOrder = 0.4 * param("samplesPerRevolution");
  const sizes: Readonly<Record<keyof typeof limits, number>> = {
    features,
    fftSize: param("fftSize"),
    whiteningOrder: param("whiteningOrder"),
    whiteningBlock: param("whiteningBlock"),
    taps: 0,
    floors: Math.ceil(highestOrder / floorGridOrders) + 2,
  };
  for (const [name, most] of Object.entries(limits) as [keyof typeof limits, number][]) {
    if (sizes[name] > most) return `${name} is ${sizes[name]}, the firmware holds ${most}`;
  }
  return null;
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

function placeIn(names: readonly string[], name: FeatureParameter): number | null {
  const place = names.indexOf(String(name));
  return place < 0 ? null : place;
}

function numberOf(chain: ChainSpec, name: string): number {
  return Number(chain.params[name]);
}

function refused(reason: string): McuSection {
  return { ok: false, reason };
}
