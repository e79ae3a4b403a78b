/** What is doubtful about a recording's bearing and the shafts geared to it, in words for stderr: orders, where a slip moves them, and what they hide. */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { StatedShafts } from "../../../core/contract/stated-shafts.ts";
import { warnOfSlip } from "../../../core/explain/slipped-races.ts";
import { warnOfBearing } from "../../../core/serving/bearing-warnings.ts";
import { warnOfGearedKinds, warnOfWholeTurns } from "../../../core/serving/geared-warnings.ts";

/** What is said of the machine of a recording. */
interface DescribedMachine extends Pick<StatedShafts, "gearedShafts"> {
  readonly bearing: BearingOrders;
}

/** Doubts of a bearing that is heard by such a bundle. */
export function listBearingDoubts(
  bundle: Pick<Manifest, "features" | "window">,
  { bearing, gearedShafts = [] }: DescribedMachine,
): readonly string[] {
  const whole = warnOfWholeTurns(gearedShafts);
  return [
    warnOfBearing(bearing)?.problem ?? null,
    warnOfSlip(bundle.features, bearing)?.problem ?? null,
    whole === null ? null : `${whole.problem}; ${whole.write}`,
    ...warnOfGearedKinds(bundle, { bearing, gearedShafts }).map(({ problem }) => problem),
  ].filter((doubt) => doubt !== null);
}
