/** Which speeds of a shaft are told apart. */

/** Speeds are told apart by steps of this share. */
const speedStep = 0.025;

/** Number of the step in which a speed lies; of a ratio of two speeds: so many steps apart. NaN: of none. */
export function stepOfSpeed(shaftRpm: number): number {
  return Math.round(Math.log(shaftRpm) / speedStep);
}
