/**
 * What makes a bundle's scores, in one digest: equal for bundles that give the same logits and levels of the same samples. Whatever
 * else a manifest holds (version, calibration, thresholds, how healthy machines lie, where it came from) may differ.
 */
import { canonicalJsonBytes } from "../bundle/canonical-json.ts";
import { bundleFileNames, type Manifest } from "../contract/bundle/manifest.ts";
import type { ModelRef } from "../contract/prediction.ts";
import type { ScoringModel } from "../decision/scoring-model.ts";
import type { DriftReference } from "../drift/drift-reference.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { sha256Hex } from "../platform/files/sha256.ts";

/** What of a manifest makes scores. */
export type ScoringManifest = Pick<
  Manifest,
  "baseline" | "channels" | "features" | "files" | "normalBehaviour" | "outputs" | "scaler" | "window"
>;

const digests = new WeakMap<ScoringManifest, string>();

/** The digest, 64 hexadecimal digits; made once for each manifest. */
export function digestScoring(manifest: ScoringManifest): string {
  return findOrMake(digests, manifest, () => {
    const { baseline, channels, features, files, normalBehaviour, outputs, scaler, window } = manifest;
    const scoring = {
      student: files.find(({ path }) => path === bundleFileNames.model)?.sha256 ?? null,
      // A level is in decibels above the unit; how far a reading may lie decides what is heard, not how it is scored.
      channels: channels.map(({ name, unit, kind }) => ({ name, unit, kind })),
      window,
      features,
      scaler,
      outputs: outputs.map(({ failureMode }) => failureMode),
      levels: baseline?.levels ?? null,
      normalBehaviour: normalBehaviour ?? null,
    };
    return sha256Hex(canonicalJsonBytes(scoring));
  });
}

/** A bundle as what gives scores. */
export function describeScorer(bundle: {
  readonly manifest: ScoringManifest;
  readonly ref: ModelRef;
}): ScoringModel {
  return { model: bundle.ref, scoringDigest: digestScoring(bundle.manifest) };
}

/** A bundle as far as a point's days of drift rest on it. */
interface SketchingBundle {
  readonly manifest: ScoringManifest;
  readonly reference: Pick<DriftReference, "featureCount" | "features">;
}

const sketchDigests = new WeakMap<SketchingBundle, string>();

/**
 * As {@link digestScoring}, of what makes a day of drift as well: which columns there are, their roles and bins. Equal for bundles whose
 * days are of one history, however a day is held against training (thresholds, rates).
 */
export function digestSketching(bundle: SketchingBundle): string {
  return findOrMake(sketchDigests, bundle, () => {
    const { featureCount, features } = bundle.reference;
    const columns = features.map(({ name, role, edges }) => ({ name, role: role ?? null, edges }));
    const scoring = digestScoring(bundle.manifest);
    return sha256Hex(canonicalJsonBytes({ scoring, featureCount, columns }));
  });
}
