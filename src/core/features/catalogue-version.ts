/** Refuses feature specs that were written for another catalogue. */
import { type FeatureSpec, featuresCatalogueVersion } from "../contract/bundle/feature-spec.ts";
import { refuse } from "./read-params.ts";

/** @throws AuroraError BUNDLE_INCOMPATIBLE unless the spec is for the catalogue of this runtime. */
export function checkCatalogueVersion(spec: FeatureSpec): void {
  if (spec.catalogueVersion !== featuresCatalogueVersion) {
    throw refuse(
      "feature spec",
      `is for catalogue version ${spec.catalogueVersion}, this runtime has ${featuresCatalogueVersion}`,
    );
  }
}
