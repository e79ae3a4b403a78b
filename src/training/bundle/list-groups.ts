import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";

/** Groups of features, in the sequence of their first features. */
export function listGroups({ list }: FeatureSpec): string[] {
  return [...new Set(list.map((feature) => feature.group))];
}
