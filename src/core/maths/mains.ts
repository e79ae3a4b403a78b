/** The mains' frequency and its multiples: they stand at the same hertz, whatever the speed. */

/** Of a grid, anywhere. */
export const mainsHz = [50, 60] as const;
/** Share by which a mains' frequency is off on an ordinary day. */
export const mainsDeviation = 0.001;

/** Does a multiple of 50 or of 60 Hz, with what a grid's frequency is off, lie within `reachHz` of `hertz`? */
export function standsOnMains(hertz: number, reachHz: number): boolean {
  return mainsHz.some((mains) => {
    const multiple = mains * Math.max(1, Math.round(hertz / mains));
    return Math.abs(multiple - hertz) <= reachHz + mainsDeviation * hertz;
  });
}
