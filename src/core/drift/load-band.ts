/**
 * At which load a machine was heard: half an octave of the turbine's power, else of the shaft's speed. Knows no machine's
 * rating: a band is of kilowatts or revolutions, not of a share of them.
 */
import type { DriftLoad } from "../contract/drift-verdict.ts";

/** Bands lie between ± this; what lies beyond counts in the outermost. */
export const outermostBand = 64;

/**
 * The load; undefined where it is not known.
 * @param powerKw NaN where it is not known; what is not above 0 is no load
 * @param shaftRpm NaN where it is not known
 */
export function findLoad(powerKw: number, shaftRpm: number): DriftLoad | undefined {
  if (powerKw > 0) return { by: "power", band: findBand(powerKw) };
  return shaftRpm > 0 ? { by: "speed", band: findBand(shaftRpm) } : undefined;
}

function findBand(value: number): number {
  return Math.max(-outermostBand, Math.min(outermostBand, Math.floor(2 * Math.log2(value))));
}
