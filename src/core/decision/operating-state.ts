/**
 * The operating state of a turbine, after the categories of IEC 61400-26-1 that matter to a model. What cannot be
 * known is "information-unavailable"; it is never guessed to be healthy operation.
 */
import type { OperatingState } from "../contract/prediction.ts";

interface OperatingLimits {
  /** Below this the rotor stands or idles: standby. */
  readonly minOperatingRpm: number;
  /** From this speed on, full performance, where no power is measured. */
  readonly fullPerformanceRpm: number;
  /** From this power on, full performance; null when it is not known: power then only tells standby. */
  readonly fullPerformancePowerKw: number | null;
  /** Older data does not tell the present state. */
  readonly maxDataAgeMs: number;
}

interface OperatingEvidence {
  /** Shaft speed at the measuring point; NaN when unknown. */
  readonly shaftRpm: number;
  /** Electrical power; absent or NaN when unknown. */
  readonly powerKw?: number;
  /**
   * Age of the newest data, by a monotonic clock: a wall clock that jumps back would make stale data fresh. NaN when
   * there never was any; a negative age counts as 0.
   */
  readonly dataAgeMs: number;
  readonly limits: OperatingLimits;
}

/**
 * Classifies the operating state: unavailable when data is missing, stale or without speed; standby when the shaft turns
 * slower than an operating turbine's or no power is made; full or partial performance by power where it is known,
 * by speed otherwise.
 */
export function classifyOperatingState(evidence: OperatingEvidence): OperatingState {
  const { shaftRpm, powerKw, dataAgeMs, limits } = evidence;
  if (!(dataAgeMs <= limits.maxDataAgeMs)) return "information-unavailable";
  if (!Number.isFinite(shaftRpm)) return "information-unavailable";
  // The sign of a speed is only the sense of rotation.
  const speedRpm = Math.abs(shaftRpm);
  if (speedRpm < limits.minOperatingRpm) return "standby";
  if (powerKw !== undefined && Number.isFinite(powerKw)) {
    if (powerKw <= 0) return "standby";
    if (limits.fullPerformancePowerKw !== null) {
      return powerKw >= limits.fullPerformancePowerKw ? "full-performance" : "partial-performance";
    }
  }
  return speedRpm >= limits.fullPerformanceRpm ? "full-performance" : "partial-performance";
}

/** Why nothing is known of what a turbine in standby has. */
export const standby = { reason: "the turbine stands by", isStandby: true } as const;

/** Is a turbine in this state one that a model may be asked about? */
export function isOperating(state: OperatingState): boolean {
  return state === "full-performance" || state === "partial-performance";
}
