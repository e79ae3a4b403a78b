/**
 * What makes a bundle's scores, in one digest: equal for bundles that give the same logits and levels of the same samples. Whatever
 * else a manifest holds (version, calibration, thresholds, how healthy machines lie, where it came from) may differ.
 */
import { canonicalJsonBytes } from "../bundle/canonical-json.ts";
import { bundleFileNames, type Manifest } from "../contract/bundle/manifest.ts";
import type { ModelRef } from "../contract/prediction.ts";
import type { ScoringModel } from "../decision/scoring-model.ts";
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
