/** The feature list of the bearing bundle. */
import {
  type FeatureDeclaration,
  type FeatureSpec,
  featuresCatalogueVersion,
} from "../contract/feature-spec.ts";

const chain = "envelope";
const tolerance = 0.02;
const harmonics = [1, 2, 3] as const;

/** The three fault hypotheses with their orders; the student's outputs are in this sequence. */
const hypotheses = [
  { order: "bpfi", group: "inner race", spacing: "shaft" },
  { order: "bpfo", group: "outer race", spacing: "shaft" },
  { order: "bsf", group: "rolling element", spacing: "shaft" },
] as const;

/**
 * Whitened envelope, spectrum over shaft orders, logarithmic signal-to-noise ratios. The same operators stand for
 * inner race, outer race and rolling element, in the same sequence, so that a student may tie its weights over
 * the three hypotheses.
 */
export const bearingFeatureSpec: FeatureSpec = {
  catalogueVersion: featuresCatalogueVersion,
  chains: [
    {
      name: chain,
      kind: "envelope-order",
      params: {
        whiteningOrder: 16,
        whiteningBlock: 1024,
        samplesPerRevolution: 48,
        fftSize: 2048,
        revolutions: 32,
        floorOrders: 2,
      },
    },
  ],
  list: [
    ...hypotheses.flatMap(({ order, group }): FeatureDeclaration[] => [
      ...harmonics.map((harmonic) => ({
        name: `${order}.h${harmonic}`,
        operator: "order-log-snr",
        chain,
        params: { order, harmonic, tolerance },
        group,
      })),
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
    { name: "envelope.kurtosis", operator: "envelope-kurtosis", chain, params: {}, group: "impulsiveness" },
  ],
};
