/** A number of things in words. */

/** `1 window`, `2 windows`. */
export function countOf(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
