/** What two sources say of one thing. A header holds whole numbers, and people round. */

const sameShare = 0.001;

/** Do they differ by less than a thousandth? */
export function isSameNumber(one: number, other: number): boolean {
  return one === other || Math.abs(other / one - 1) <= sameShare;
}
