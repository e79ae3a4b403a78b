/**
 * At which load a machine was heard: half an octave of the turbine's power, else of the shaft's speed. Knows no machine's
 * rating: a band is of kilowatts or revolutions, not of a share of them.
 */
import type { DriftLoad } from "../contract/drift-verdict.ts";

/** Bands lie between ± this; what lies beyond counts in the outermost. */
export const outermostBand = 64;

/** Codes of loads, see {@link codeLoad}: bands of power first, then those of speed. */
const bands = 2 * outermostBand + 1;

/** The code of a load that is not known. */
export const unknownLoad = -1;

/**
 * The load as a whole number, so that a window needs no object: {@link unknownLoad} or the place of its band.
 * @param powerKw NaN where it is not known; what is not above 0 is no load
 * @param shaftRpm NaN where it is not known
 */
export function codeLoad(powerKw: number, shaftRpm: number): number {
  if (powerKw > 0) return findBand(powerKw) + outermostBand;
  return shaftRpm > 0 ? findBand(shaftRpm) + outermostBand + bands : unknownLoad;
}

/** The load of a code; undefined where it is not known. */
export function decodeLoad(code: number): DriftLoad | undefined {
  if (code === unknownLoad) return undefined;
  return code < bands
    ? { by: "power", band: code - outermostBand }
    : { by: "speed", band: code - outermostBand - bands };
}

function findBand(value: number): number {
  return Math.max(-outermostBand, Math.min(outermostBand, Math.floor(2 * Math.log2(value))));
}
