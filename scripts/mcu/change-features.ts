/** A shipped model with other features, for a device too: for what no shipped bundle has yet. Its decisions mean nothing. */
import type {
  ChainSpec,
  FeatureDeclaration,
  FeatureParameter,
} from "../../src/core/contract/bundle/feature-spec.ts";
import { createMcuModel } from "../../src/training/bundle/create-mcu-model.ts";
import type { ShippedModel } from "./shipped-models.ts";

/** What is changed. */
export interface FeaturesChange {
  /** Parameters of every chain, beside those that it has; undefined takes one away. */
  readonly params?: Readonly<Record<string, FeatureParameter | undefined>>;
  /** Another list, as long as the model's: its student and its scaler stay. */
  readonly list?: readonly FeatureDeclaration[];
}

/** The model with `change`. @throws Error where a microcontroller cannot compute it. */
export function changeFeatures(model: ShippedModel, { params = {}, list }: FeaturesChange): ShippedModel {
  const { features } = model.manifest;
  const chains = features.chains.map((chain): ChainSpec => {
    const said = Object.entries({ ...chain.params, ...params });
    return {
      ...chain,
      params: Object.fromEntries(
        said.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    };
  });
  const changed = { ...features, chains, list: list ?? features.list };
  if (changed.list.length !== features.list.length) {
    throw new Error(`${changed.list.length} features for a student of ${features.list.length}`);
  }
  const manifest = { ...model.manifest, features: changed };
  const mcuModel = createMcuModel(manifest, model.student);
  // Flag 0 says that there is a section of features.
  if ((mcuModel[6]! & 1) === 0) throw new Error("not for a microcontroller");
  return { ...model, id: `${model.id}, changed`, manifest, mcuModel, isShipped: false };
}

/** The bearing list with combs where it has lines and side bands by themselves; its length is kept. */
export function listCombs(list: readonly FeatureDeclaration[]): FeatureDeclaration[] {
  return list.map((feature) => {
    const [order, what] = feature.name.split(/\.(.*)/);
    const make = faultOrders.has(order!) ? combs[what!] : undefined;
    if (make === undefined) return feature;
    const { operator, ...params } = make;
    return {
      ...feature,
      operator,
      params: { order: order!, tolerance: feature.params.tolerance!, ...params },
    };
  });
}

const faultOrders: ReadonlySet<string> = new Set(["bpfo", "bpfi", "bsf"]);

/** By what stands there otherwise; the two that ask for one comb stand one behind the other. */
const combs: Readonly<Record<string, { readonly operator: string } & FeatureDeclaration["params"]>> = {
  h1: { operator: "comb-log-snr", harmonics: 3 },
  h2: { operator: "comb-line-log-snr", harmonics: 3, spacing: "shaft" },
  h3: { operator: "comb-side-log-snr", harmonics: 3, spacing: "shaft" },
  margin: { operator: "half-comb-log-snr", harmonics: 3 },
  "side.shaft": { operator: "comb-line-log-snr", harmonics: 2, spacing: "ftf" },
  "side.ftf": { operator: "comb-side-log-snr", harmonics: 2, spacing: "ftf" },
};
