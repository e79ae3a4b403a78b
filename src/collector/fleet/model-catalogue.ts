/** The models whose bundles this collector knows: their words, and what training day looked like. Verifies before it believes. */

import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { decodeReference } from "../../core/drift/reference-codec.ts";

/** One model. */
export interface KnownModel {
  /** SHA-256 of the manifest, as predictions and drift reports name it. */
  readonly digest: string;
  readonly manifest: Pick<Manifest, "name" | "version" | "title" | "outputs" | "features" | "thresholds">;
  readonly reference: DriftReference;
}

/** Finds models. */
export interface ModelCatalogue {
  find(digest: string): KnownModel | undefined;
  list(): readonly KnownModel[];
}

/** A catalogue of given models. */
export function createModelCatalogue(models: readonly KnownModel[]): ModelCatalogue {
  const byDigest = new Map(models.map((model) => [model.digest, model]));
  return { find: (digest) => byDigest.get(digest), list: () => models };
}

/** Loads the model of a bundle folder. @throws AuroraError BUNDLE_* when it does not verify */
export async function loadModel(dir: string, trustedKeys: readonly TrustedKey[]): Promise<KnownModel> {
  const { digest, manifest, files } = await verifyBundle(dir, trustedKeys);
  return { digest, manifest, reference: decodeReference(files.get(bundleFileNames.reference)!) };
}
