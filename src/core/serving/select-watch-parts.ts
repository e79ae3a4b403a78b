/** What of a bundle and of a point's bearing a watch decides by. */
import { type BearingOrders, bearingOrderNames } from "../contract/bundle/bearing.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { ModelRef } from "../contract/prediction.ts";
import type { WatchParts } from "../decision/reference/own-reference.ts";
import { shareCoincidingModes } from "../explain/coinciding-modes.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { digestScoring, type ScoringManifest } from "./digest-scoring.ts";

const selected = new WeakMap<object, Map<string, WatchParts>>();

/** The parts of a bundle that a watch needs, one object for all points that have the same bearing. */
export function selectWatchParts(
  manifest: ScoringManifest & Pick<Manifest, "calibration">,
  model: ModelRef,
  bearing: BearingOrders,
): WatchParts {
  const ofBundle = findOrMake(selected, manifest, () => new Map<string, WatchParts>());
  const modes: readonly string[] = shareCoincidingModes(manifest.features, bearing);
  const orders = bearingOrderNames.map((name) => bearing[name]);
  const key = orders.join();
  const known = ofBundle.get(key);
  if (known?.model === model) return known;
  const { outputs, calibration, baseline } = manifest;
  const coinciding = outputs.flatMap(({ failureMode }, at) => (modes.includes(failureMode) ? [at] : []));
  const scoringDigest = digestScoring(manifest);
  const parts: WatchParts = { outputs, calibration, baseline, model, scoringDigest, coinciding, orders };
  ofBundle.set(key, parts);
  return parts;
}
