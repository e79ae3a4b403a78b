/** Which of the offered bundles a gateway should have. Pure; refuses nothing itself. */
import { compareVersions } from "../../core/bundle/version.ts";
import type { OfferedTarget } from "./tuf-client.ts";
import type { ServingBundle } from "./update-states.ts";

/** What there is for this gateway among the offered bundles. */
export interface TargetChoice {
  /** The newest bundle of our model that is newer than what serves; null if there is none. */
  readonly newest: OfferedTarget | null;
  /** A bundle with the version that serves and other content: nobody may take it. */
  readonly twin: OfferedTarget | null;
}

/** Chooses among `offered`, leaving out other models and what `isRefused`. Of equal versions the first one counts. */
export function chooseTarget(
  offered: readonly OfferedTarget[],
  serving: Pick<ServingBundle, "name" | "version" | "digest">,
  isRefused: (target: OfferedTarget) => boolean,
): TargetChoice {
  const ours = offered.filter((target) => target.name === serving.name && !isRefused(target));
  let newest: OfferedTarget | null = null;
  for (const target of ours) {
    if (compareVersions(target.version, (newest ?? serving).version) > 0) newest = target;
  }
  const twin = ours.find(({ version, digest }) => version === serving.version && digest !== serving.digest);
  return { newest, twin: twin ?? null };
}
