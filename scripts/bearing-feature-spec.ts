/**
 * The feature list of the bearing bundle, as `models/bearing-vibration/train.yaml` has it ({@link shippedFeatureSpec}), and the shorter
 * one that it grew from: whitened envelope, one spectrum over shaft orders, logarithmic signal-to-noise ratios. Free of level, of
 * sampling rate and of the bearing's geometry.
 *
 * Chosen on the tuning folds 1–3 of the CWRU bearings alone. How training makes rows of a recording, with the code
 * that serves:
 *
 *   const extractor = createWaveformExtractor(shippedFeatureSpec);
 *   const windower = createRevolutionWindower(shippedWindow, {
 *     begin: (_slot, start) => extractor.begin({ sampleRateHz: start.sampleRateHz, bearing, shaftRpm: start.shaftRpm }),
 *     push: (_slot, run) => extractor.push(run),
 *     end: () => { extractor.finish(row, 0); rows.push(row.slice()); },
 *     abandon: (_slot, quarantine) => count(quarantine),
 *     refuse: (quarantine) => count(quarantine),
 *   });
 *   // then windower.accept(block) for consecutive blocks of the recording
 *
 * With overlapping windows (hop < length) use one extractor a slot: `countWindowSlots(spec)`.
 */
import { bearingFaults, faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import {
  type FeatureDeclaration,
  type FeatureSpec,
  featuresCatalogueVersion,
} from "../src/core/contract/bundle/feature-spec.ts";
import type { WindowSpec } from "../src/core/contract/bundle/manifest.ts";

/** The window that goes with {@link shippedFeatureSpec}. */
export const shippedWindow: WindowSpec = { unit: "revolutions", length: 60, hop: 60 };

/** The window that goes with {@link bearingFeatureSpec}. */
export const bearingWindow: WindowSpec = { unit: "revolutions", length: 30, hop: 30 };

const chain = "envelope";
const tolerance = 0.02;

/** The fault hypotheses in the sequence of the student's outputs. */
const hypotheses = faultKinds.map((kind) => bearingFaults[kind]);

/**
 * Six features each for inner race (0 …), outer race and rolling element, in the same sequence: log SNR of harmonics
 * 1–3, mean side bands at shaft and at cage distance around harmonic 1, margin over the other hypotheses. Then what
 * they share: cage and shaft. Kurtosis and crest factor of the envelope were tried on the tuning folds and are left out
 * (`src/adr/0009-whiten-with-a-short-memory.md`).
 */
export const bearingFeatureSpec: FeatureSpec = {
  catalogueVersion: featuresCatalogueVersion,
  chains: [
    {
      name: chain,
      kind: "envelope-order",
      params: {
        whiteningOrder: 6,
        whiteningBlock: 32,
        whiteningMemory: 0.75,
        samplesPerRevolution: 48,
        fftSize: 2048,
        revolutions: 32,
        floorOrders: 2,
        // 1.2 / 30 revolutions: the line of a shaft harmonic, without its skirts.
        shaftGuardOrders: 0.04,
      },
    },
  ],
  list: [
    ...hypotheses.flatMap(({ order, part: group }): FeatureDeclaration[] => [
      ...[1, 2, 3].map((harmonic) => ({
        name: `${order}.h${harmonic}`,
        operator: "order-log-snr",
        chain,
        params: { order, harmonic, tolerance },
        group,
      })),
      ...(["shaft", "ftf"] as const).map((spacing) => ({
        name: `${order}.side.${spacing}`,
        operator: "side-band-log-snr",
        chain,
        params: { order, spacing, harmonic: 1, tolerance },
        group,
      })),
      {
        name: `${order}.margin`,
        operator: "order-margin",
        chain,
        params: { order, harmonics: 3, tolerance },
        group,
      },
    ]),
    {
      name: "cage.h1",
      operator: "order-log-snr",
      chain,
      params: { order: "ftf", harmonic: 1, tolerance },
      group: "cage",
    },
    ...[1, 2].map((harmonic) => ({
      name: `shaft.h${harmonic}`,
      operator: "order-log-snr",
      chain,
      params: { order: "shaft", harmonic, tolerance: 0.01 },
      group: "shaft",
    })),
  ],
};

/** `spec` with four combs (src/adr/0062) behind each failure mode's margin: they are tied alike. */
export function addCombs(spec: FeatureSpec): FeatureSpec {
  const list = spec.list.flatMap((feature) =>
    feature.operator === "order-margin" ? [feature, ...listCombs(feature)] : [feature],
  );
  return { ...spec, list };
}

function listCombs({ chain, group, params: { order, tolerance } }: FeatureDeclaration): FeatureDeclaration[] {
  const combs: readonly (readonly [string, string, FeatureDeclaration["params"]])[] = [
    ["comb", "comb-log-snr", { harmonics: 2 }],
    ["comb.line", "comb-line-log-snr", { spacing: "ftf", harmonics: 2 }],
    ["comb.side", "comb-side-log-snr", { spacing: "ftf", harmonics: 2 }],
    ["comb.half", "half-comb-log-snr", { harmonics: 3 }],
  ];
  return combs.map(([name, operator, params]) => ({
    name: `${order}.${name}`,
    operator,
    chain,
    params: { order: order!, tolerance: tolerance!, ...params },
    group,
  }));
}

/** What ships: energies held to a limit, combs beside the lines, and a spectrum of sixty revolutions (src/adr/0064, 0065). */
export const shippedFeatureSpec: FeatureSpec = {
  ...addCombs(bearingFeatureSpec),
  chains: bearingFeatureSpec.chains.map((each) => ({
    ...each,
    params: {
      ...each.params,
      whiteningMemory: 0.9,
      envelope: "energy",
      envelopeLimit: 6,
      fftSize: 4096,
      revolutions: 64,
      shaftGuardOrders: 0.02,
    },
  })),
};
