/**
 * Reads the feature section of `model.mcu.bin` back into a feature list (firmware-bridge/mcu/MODEL_FORMAT.md): what a
 * simulated device computes is what the image says. Names of features and groups do not travel; parameters are float32.
 */
import {
  type FeatureDeclaration,
  type FeatureSpec,
  featuresCatalogueVersion,
} from "../contract/bundle/feature-spec.ts";
import type { Scaler, WindowSpec } from "../contract/bundle/manifest.ts";
import {
  envelopeOrderChain,
  sectionFeatureBytes,
  sectionHeaderBytes,
  sectionOperators,
  sectionOrders,
} from "./mcu-section-layout.ts";

/** What a device needs to make the student's input of a stream of counts. */
export interface McuSectionContent {
  readonly spec: FeatureSpec;
  readonly window: WindowSpec;
  readonly scaler: Scaler;
}

const chain = "envelope";

/** The content; undefined when the bytes are no section that this version reads. */
export function readMcuSection(bytes: Uint8Array): McuSectionContent | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < sectionHeaderBytes || view.getUint8(2) !== envelopeOrderChain) return undefined;
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
    const operator = sectionOperators[view.getUint8(offset)];
    if (operator === undefined) return undefined;
    list.push({ name: `f${index}`, operator, chain, params: readParams(view, offset), group: "all" });
    mean.push(view.getFloat32(offset + 8, true));
    inverseStd.push(view.getFloat32(offset + 12, true));
  }
  const params = {
    whiteningOrder: view.getUint16(4, true),
    whiteningBlock: view.getUint16(6, true),
    whiteningMemory: view.getFloat32(8, true),
    samplesPerRevolution,
    fftSize,
    revolutions: Math.floor(Math.min(window.length + 2, fftSize / samplesPerRevolution)),
    floorOrders: view.getFloat32(16, true),
    shaftGuardOrders: view.getFloat32(20, true),
  };
  return {
    spec: {
      catalogueVersion: featuresCatalogueVersion,
      chains: [{ name: chain, kind: "envelope-order", params }],
      list,
    },
    window,
    scaler: { mean, inverseStd, clamp: view.getFloat32(36, true) },
  };
}

function readParams(view: DataView, offset: number): FeatureDeclaration["params"] {
  const order = sectionOrders[view.getUint8(offset + 1)]!;
  const spacing = sectionOrders[view.getUint8(offset + 2)]!;
  const harmonic = view.getUint8(offset + 3);
  const tolerance = view.getFloat32(offset + 4, true);
  switch (sectionOperators[view.getUint8(offset)]) {
    case "order-log-snr":
      return { order, harmonic, tolerance };
    case "side-band-log-snr":
      return { order, spacing, harmonic, tolerance };
    case "order-margin":
      return { order, harmonics: harmonic, tolerance };
    default:
      return {};
  }
}
