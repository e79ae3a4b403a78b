/**
 * The declared feature list of a bundle: named operators of the features catalogue with their parameters.
 * Names no implementation; `src/core/features` executes it, for training and for serving alike.
 */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";

/** The version of the operator catalogue that this runtime executes; a bundle for another is refused. */
export const featuresCatalogueVersion = 1;

/** A parameter of a chain or an operator. */
export type FeatureParameter = number | string | boolean;

/** A signal chain: what several features share (for example whitening → envelope → order spectrum). */
export interface ChainSpec {
  /** Name by which features refer to it, unique in the spec. */
  readonly name: string;
  /** Kind of chain in the catalogue. */
  readonly kind: string;
  readonly params: Readonly<Record<string, FeatureParameter>>;
}

/** One feature: an operator applied to the product of a chain. */
export interface FeatureDeclaration {
  /** Unique name, for example `bpfi.h1`. */
  readonly name: string;
  /** Operator in the catalogue, for example `order-log-snr`. */
  readonly operator: string;
  readonly chain: string;
  readonly params: Readonly<Record<string, FeatureParameter>>;
  /** Sensor group that it belongs to in explanations. */
  readonly group: string;
}

export interface FeatureSpec {
  readonly catalogueVersion: number;
  readonly chains: readonly ChainSpec[];
  /** In the order of the feature vector; 1 to 512. */
  readonly list: readonly FeatureDeclaration[];
}

const name = z.string().min(1).max(64);
const params = onDemand(() =>
  z.record(z.string().max(64), z.union([z.number(), z.string().max(256), z.boolean()])),
);

export const featureSpecSchema: () => z.ZodType<FeatureSpec> = onDemand(() =>
  z
    .strictObject({
      catalogueVersion: z.int().min(1),
      chains: z
        .array(z.strictObject({ name, kind: name, params: params() }))
        .min(1)
        .max(64),
      list: z
        .array(z.strictObject({ name, operator: name, chain: name, params: params(), group: name }))
        .min(1)
        .max(512),
    })
    .superRefine((spec, context) => {
      const chains = new Set(spec.chains.map((chain) => chain.name));
      const names = new Set<string>();
      for (const [index, feature] of spec.list.entries()) {
        if (!chains.has(feature.chain)) {
          context.addIssue({
            code: "custom",
            path: ["list", index, "chain"],
            message: `no chain "${feature.chain}"`,
          });
        }
        if (names.has(feature.name)) {
          context.addIssue({
            code: "custom",
            path: ["list", index, "name"],
            message: `"${feature.name}" stands twice`,
          });
        }
        names.add(feature.name);
      }
    }),
);
