/** Where the mains' frequency and its multiples stand: at the same hertz, whatever the speed. */

const mainsHz = [50, 60] as const;
/** Share by which a mains' frequency is off on an ordinary day. */
const mainsDeviation = 0.001;

/** Does a multiple of 50 or of 60 Hz, with what a grid's frequency is off, lie within `reachHz` of `hertz`? */
export function standsOnMains(hertz: number, reachHz: number): boolean {
  return mainsHz.some((mains) => {
    const multiple = mains * Math.max(1, Math.round(hertz / mains));
    return Math.abs(multiple - hertz) <= reachHz + mainsDeviation * hertz;
  });
}
