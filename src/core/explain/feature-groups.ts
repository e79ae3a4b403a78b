/** The players of an explanation: which sensor group each feature belongs to. */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";

/** Largest number of groups: 2^12 coalitions. */
export const maxGroups = 12;

/** Named groups over a feature vector. */
export interface FeatureGroups {
  readonly names: readonly string[];
  /** Index into `names` of every feature, in the order of the feature vector. */
  readonly ofFeature: readonly number[];
}

/** The groups of a bundle: `names` is the manifest's list, in its order. Throws RangeError on an unknown group. */
export function groupFeatures(features: Pick<FeatureSpec, "list">, names: readonly string[]): FeatureGroups {
  const ofFeature = features.list.map((feature) => {
    const group = names.indexOf(feature.group);
    if (group < 0)
      throw new RangeError(`the feature "${feature.name}" is of the unknown group "${feature.group}"`);
    return group;
  });
  return { names, ofFeature };
}
