/** What is doubtful about a recording's bearing, in words for stderr: its orders, and where a slip moves them. */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { FeatureSpec } from "../../../core/contract/bundle/feature-spec.ts";
import { warnOfSlip } from "../../../core/explain/slipped-races.ts";
import { warnOfBearing } from "../../../core/serving/bearing-warnings.ts";

/** Doubts of a bearing that is heard by `features`. */
export function listBearingDoubts(features: FeatureSpec, bearing: BearingOrders): readonly string[] {
  return [warnOfBearing(bearing)?.problem ?? null, warnOfSlip(features, bearing)].filter(
    (doubt) => doubt !== null,
  );
}
