/** What every window is held against, of the parts of a bundle that decide: the same for all points of a bundle. */
import type { BaselineSpec } from "../contract/bundle/baseline-spec.ts";
import type { Calibration, OutputClass } from "../contract/bundle/manifest.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { healthySeverityDb, severitySpread, vibrationLevelMode } from "./choose-alarm.ts";
import { findHighestHealthy, type HealthySpread, usualSpread } from "./fast-lane.ts";
import type { ScoringModel } from "./scoring-model.ts";
import { forgetEvidence, type SignalState } from "./signal-watch.ts";

/** What of a bundle decides, and the model whose predictions it belongs to. */
export interface DeciderParts extends ScoringModel {
  readonly outputs: readonly OutputClass[];
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /**
   * How raw logits of healthy machines lie: where it does not say, as `usualSpread` of `fast-lane.ts`. Absent: levels are not measured, and
   * none raises an alarm.
   */
  readonly baseline?: Pick<BaselineSpec, "healthy"> | undefined;
  /** Places of the outputs that this bearing's lines do not tell apart; absent: none. */
  readonly coinciding?: readonly number[] | undefined;
}

/** What of the parts every window is held against. */
export interface HeardParts extends Pick<DeciderParts, "outputs" | "calibration"> {
  readonly spread: HealthySpread;
  readonly failureModes: readonly string[];
  readonly coinciding: readonly number[];
}

const heardParts = new WeakMap<DeciderParts, HeardParts>();

/** One object for all who give the same parts. */
export function toHeardParts(parts: DeciderParts): HeardParts {
  return findOrMake(heardParts, parts, () => {
    const { outputs, calibration, baseline, coinciding = [] } = parts;
    const spread = baseline?.healthy ?? usualSpread;
    return { outputs, calibration, spread, failureModes: listFailureModes(parts), coinciding };
  });
}

/** Failure modes that alarms can be of: a model's own, then the level's where levels are measured. */
export function listFailureModes({
  outputs,
  baseline,
}: Pick<DeciderParts, "outputs" | "baseline">): string[] {
  const modes = outputs.map(({ failureMode }) => failureMode);
  return baseline === undefined ? modes : [...modes, vibrationLevelMode];
}

/** How a healthy signal of this name scatters. */
export function spreadOf({ spread }: Pick<HeardParts, "spread">, name: string): HealthySpread {
  return name === vibrationLevelMode ? severitySpread : spread;
}

/** Up to where a signal may lie that is healthy for all that is known. A severity is above this very machine: it only wanders. */
export function findHealthyEnd(spread: HealthySpread, name: string): number {
  return name === vibrationLevelMode ? healthySeverityDb : findHighestHealthy(spread);
}

/** What has gathered for a signal of this name is let go; its alarm stands until the signal is where that of a healthy machine may lie. */
export function startOver(state: SignalState, name: string, heard: Pick<HeardParts, "spread">): SignalState {
  const spread = spreadOf(heard, name);
  return forgetEvidence(state, spread, findHealthyEnd(spread, name));
}
