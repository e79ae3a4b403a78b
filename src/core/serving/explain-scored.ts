/**
 * Explains what was decided of a window with the deployed student: of two bands, the one that says more of the fault. Chooses
 * a band for every failure mode by itself: each may ring elsewhere.
 */
import type { Explanation, SensorBand } from "../contract/prediction.ts";
import type { ExplanationBackground } from "../explain/background.ts";
import { explainWindow, type ScoredWindow } from "./loaded-bundle.ts";

/** The group whose share is what the band that says less takes away: 2 · ln 2 of a logit at most. */
export const otherBandGroup = "other band";

/**
 * One explanation for every output, in order; base value and shares sum to the logit that was decided upon. `own` is the
 * machine's own background, where it is known: of the lower band, so that the upper one is held against the bundle's.
 * Rejects with INFERENCE when the engine fails.
 */
export async function explainScored(
  { window, output, bundle }: ScoredWindow,
  own: ExplanationBackground | null = null,
): Promise<Explanation[]> {
  const { features, upperFeatures } = window;
  const { bands, logits } = output;
  const lower = await explainWindow(bundle, features, own);
  if (bands === undefined || upperFeatures === undefined) return lower;
  const upper = await explainWindow(bundle, upperFeatures);
  return Array.from(logits, (joined, mode): Explanation => {
    const band: SensorBand = bands.upper.logits[mode]! > bands.lower.logits[mode]! ? "upper" : "lower";
    const { groups, ...explained } = (band === "upper" ? upper : lower)[mode]!;
    const share = joined - bands[band].logits[mode]!;
    return { ...explained, groups: [...groups, { name: otherBandGroup, share }], band };
  });
}
