/** Which speeds of a shaft are told apart: in steps, and as ranges that lie apart. */

/** Speeds are told apart by steps of this share. */
const speedStep = 0.025;
/** Outside the learnt speeds by more than this share a level is expected by guess. */
export const speedMargin = 0.1;

/** Number of the step in which a speed lies; of a ratio of two speeds: so many steps apart. NaN: of none. */
export function stepOfSpeed(shaftRpm: number): number {
  return Math.round(Math.log(shaftRpm) / speedStep);
}

/** From the slowest to the fastest of some speeds, rpm. */
interface SpeedRange {
  readonly min: number;
  readonly max: number;
}

/** The slowest first; those that lie less than {@link speedMargin} apart on either side are one. */
export function joinSpeeds(ranges: readonly SpeedRange[]): readonly SpeedRange[] {
  const joined: { readonly min: number; max: number }[] = [];
  for (const { min, max } of ranges.toSorted((one, other) => one.min - other.min)) {
    const last = joined.at(-1);
    if (last !== undefined && min * (1 - speedMargin) <= last.max * (1 + speedMargin))
      last.max = Math.max(last.max, max);
    else joined.push({ min, max });
  }
  return joined;
}
