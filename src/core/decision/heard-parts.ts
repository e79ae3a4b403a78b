/** What every window is held against, of the parts of a bundle's manifest that decide: the same for all points of a bundle. */
import type { Calibration, OutputClass } from "../contract/bundle/manifest.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { healthySeverityDb, severitySpread, vibrationLevelMode } from "./choose-alarm.ts";
import { findHighestHealthy, type HealthySpread, usualSpread } from "./fast-lane.ts";

/** The parts of a bundle's manifest that decide. */
export interface DecidingParts {
  readonly outputs: readonly OutputClass[];
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** False: levels are not measured, and none raises an alarm. Absent: they are. */
  readonly hasLevels?: boolean | undefined;
  /** How raw logits of healthy machines lie; absent: `usualSpread` of `fast-lane.ts`. */
  readonly healthy: HealthySpread | undefined;
  /** Places of the outputs that this bearing's lines do not tell apart; absent: none. */
  readonly coinciding?: readonly number[] | undefined;
}

/** What of the parts every window is held against. */
export interface HeardParts extends Pick<DecidingParts, "outputs" | "calibration"> {
  readonly spread: HealthySpread;
  readonly failureModes: readonly string[];
  readonly coinciding: readonly number[];
}

const heardParts = new WeakMap<DecidingParts, HeardParts>();

/** One object for all who give the same parts. */
export function toHeardParts(parts: DecidingParts): HeardParts {
  return findOrMake(heardParts, parts, () => {
    const { outputs, calibration, healthy: spread = usualSpread, coinciding = [] } = parts;
    return { outputs, calibration, spread, failureModes: listFailureModes(parts), coinciding };
  });
}

/** Failure modes that alarms can be of: a model's own, then the level's where levels are measured. */
export function listFailureModes({
  outputs,
  hasLevels = true,
}: Pick<DecidingParts, "outputs" | "hasLevels">): string[] {
  const modes = outputs.map(({ failureMode }) => failureMode);
  return hasLevels ? [...modes, vibrationLevelMode] : modes;
}

/** How a healthy signal of this name scatters. */
export function spreadOf({ spread }: Pick<HeardParts, "spread">, name: string): HealthySpread {
  return name === vibrationLevelMode ? severitySpread : spread;
}

/** Up to where a signal may lie that is healthy for all that is known. A severity is above this very machine: it only wanders. */
export function findHealthyEnd(spread: HealthySpread, name: string): number {
  return name === vibrationLevelMode ? healthySeverityDb : findHighestHealthy(spread);
}
