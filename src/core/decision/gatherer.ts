/**
 * Gathers evidence over windows for a decider: steps it, starts over when the baseline is another one, and says what
 * it means for every mode. Keeps nothing where bundle or site have no say.
 */
import type { EvidenceSpec } from "../contract/bundle/baseline-spec.ts";
import type { Calibration } from "../contract/bundle/manifest.ts";
import type { ModelRef } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import { type EvidenceState, isRaisedByEvidence, stepEvidence } from "./evidence.ts";
import type { GatheredEvidence } from "./mode-delay.ts";

/** What of a bundle the evidence needs. */
interface GathererParts {
  readonly calibration: readonly Calibration[];
  readonly evidence?: EvidenceSpec | undefined;
  readonly model: ModelRef;
}

interface Gatherer {
  /** One operating window further; one entry an output, or none without a baseline of this very model. */
  update(
    parts: GathererParts,
    baseline: SiteBaseline | null,
    fromMs: number,
    logits: ArrayLike<number>,
  ): readonly GatheredEvidence[];
  /** Another model serves. */
  forget(): void;
  /** For the decider's snapshot. */
  describe(): Pick<DeciderSnapshot, "evidence">;
}

/** Creates a gatherer, empty or from a snapshot of the same model. */
export function createGatherer(snapshot: DeciderSnapshot["evidence"]): Gatherer {
  let states: readonly EvidenceState[] = snapshot?.states ?? [];
  let version = snapshot?.baselineVersion ?? 0;
  const forget = (): void => {
    states = [];
    version = 0;
  };
  return {
    update({ evidence: spec, calibration, model }, baseline, fromMs, logits) {
      const isUsable =
        baseline?.model?.digest === model.digest && baseline.margins.length === calibration.length;
      if (spec === undefined || baseline === null || !isUsable) {
        forget();
        return [];
      }
      if (version !== baseline.version || states.length !== calibration.length) forget();
      version = baseline.version;
      states = stepEvidence(states, { fromMs, logits }, calibration, baseline, spec);
      return states.map(({ sum, sinceMs }, index) => ({
        raises: isRaisedByEvidence(states, index, spec),
        holds: sum > spec.clear,
        sinceMs,
      }));
    },
    forget,
    describe: () => (version === 0 ? {} : { evidence: { baselineVersion: version, states } }),
  };
}
