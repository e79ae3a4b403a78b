/**
 * Evidence that gathers over windows against a site's own healthy baseline: a fault that is too weak to be told from
 * healthy machines in general, but not from this one while it was healthy. One-sided CUSUM a failure mode (Page 1954),
 * bounded, with hysteresis. Holds no clock: a turbine that stands only waits.
 *
 *   z = clip((margin − location) / (scale · √((1 + ρ) / (1 − ρ))));  sum ← min(2 · raise, max(0, sum + z − allowance))
 *
 * The root makes z's sums scatter as if windows were independent (ρ: autocorrelation while healthy), so that the time
 * to a false alarm is that of the textbook (Siegmund 1985, "Sequential Analysis", eq. 2.57).
 */
import type { EvidenceSpec } from "../contract/bundle/baseline-spec.ts";
import type { Calibration } from "../contract/bundle/manifest.ts";
import type { ModelRef } from "../contract/prediction.ts";
import type { SiteBaseline, SiteMargin } from "../contract/site-baseline.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";
import type { GatheredEvidence } from "./mode-delay.ts";

/** What has gathered for one failure mode; plain data that can be stored. */
export interface EvidenceState {
  readonly sum: number;
  /** Exponentially weighted mean of the calibrated probability. */
  readonly probability: number;
  /** Start of the window with which the sum last rose from 0; null at 0. */
  readonly sinceMs: number | null;
}

/** A margin is never known better than this, in calibrated logits. */
const scaleFloor = 0.25;
/** What the last window adds to the mean probability. */
const recentShare = 0.1;

/** Of each output: its calibrated logit above the highest of the others; of a single output: the logit itself. */
export function computeMargins(logits: ArrayLike<number>, calibration: readonly Calibration[]): number[] {
  const calibrated = calibration.map((each, index) => calibrateLogit(logits[index]!, each));
  if (calibrated.length === 1) return calibrated;
  return calibrated.map((own, index) => own - Math.max(...calibrated.filter((_, other) => other !== index)));
}

/** How far a margin lies above the healthy one, in long-run deviations. */
function standardiseMargin(margin: number, healthy: SiteMargin): number {
  const { location, scale, autocorrelation } = healthy;
  const longRun = Math.max(scale, scaleFloor) * Math.sqrt((1 + autocorrelation) / (1 - autocorrelation));
  return (margin - location) / longRun;
}

/** One window further, all modes. `before` may be empty: nothing has gathered. */
export function stepEvidence(
  before: readonly EvidenceState[],
  window: { readonly fromMs: number; readonly logits: ArrayLike<number> },
  rule: {
    readonly calibration: readonly Calibration[];
    readonly baseline: SiteBaseline;
    readonly spec: EvidenceSpec;
  },
): EvidenceState[] {
  const { calibration, baseline, spec } = rule;
  const margins = computeMargins(window.logits, calibration);
  return margins.map((margin, index) => {
    const old = before[index];
    const z = Math.min(spec.clip, Math.max(-spec.clip, standardiseMargin(margin, baseline.margins[index]!)));
    const sum = Math.min(2 * spec.raise, Math.max(0, (old?.sum ?? 0) + z - spec.allowance));
    const now = computeProbability(calibrateLogit(window.logits[index]!, calibration[index]!));
    const probability = old === undefined ? now : old.probability + recentShare * (now - old.probability);
    return { sum, probability, sinceMs: sum === 0 ? null : (old?.sinceMs ?? window.fromMs) };
  });
}

/** Does the evidence of mode `index` raise an alarm? Only the mode with the most evidence does. */
export function isRaisedByEvidence(
  states: readonly EvidenceState[],
  index: number,
  spec: EvidenceSpec,
): boolean {
  const own = states[index]!;
  if (own.sum < spec.raise || own.probability < spec.minProbability) return false;
  return states.every((other, at) => at === index || other.sum < own.sum);
}

/** What a gatherer keeps over a restart, as plain JSON. */
export interface EvidenceSnapshot {
  /** Version of the site's baseline that it has gathered against. */
  readonly baselineVersion: number;
  /** One an output. */
  readonly states: readonly EvidenceState[];
}

/** The parts of a bundle that evidence needs. */
interface EvidenceParts {
  readonly calibration: readonly Calibration[];
  readonly evidence?: EvidenceSpec | undefined;
  readonly model: ModelRef;
}

interface EvidenceGatherer {
  /** One operating window further; one entry an output, or none without a baseline of this very model. */
  update(
    parts: EvidenceParts,
    baseline: SiteBaseline | null,
    window: { readonly fromMs: number; readonly logits: ArrayLike<number> },
  ): readonly GatheredEvidence[];
  /** Another model serves. */
  forget(): void;
  /** For the decider's snapshot. */
  describe(): { readonly evidence?: EvidenceSnapshot };
}

/**
 * Gathers evidence for a decider, from nothing or from a snapshot of the same model. Starts over when the baseline is
 * another one.
 */
export function createEvidenceGatherer(snapshot: EvidenceSnapshot | undefined): EvidenceGatherer {
  let states: readonly EvidenceState[] = snapshot?.states ?? [];
  let version = snapshot?.baselineVersion ?? 0;
  const forget = (): void => {
    states = [];
    version = 0;
  };
  return {
    update({ evidence: spec, calibration, model }, baseline, window) {
      const isUsable =
        baseline?.model?.digest === model.digest && baseline.margins.length === calibration.length;
      if (spec === undefined || baseline === null || !isUsable) {
        forget();
        return [];
      }
      if (version !== baseline.version || states.length !== calibration.length) forget();
      version = baseline.version;
      states = stepEvidence(states, window, { calibration, baseline, spec });
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
