/** How many things there are, and which, in words. */

/** `1 window`, `2 windows`. */
export function countOf(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** `There are a, b, c.`; of one, `There is only a.` */
export function sayThereAre(names: readonly string[]): string {
  return `${new Set(names).size === 1 ? "There is only" : "There are"} ${listSome(names)}.`;
}

/** `a, b, c`; of more than eight names their number is told beside them. Each is named once. */
export function listSome(names: readonly string[]): string {
  const all = [...new Set(names)];
  const shown = all.slice(0, 8).join(", ");
  return all.length > 8 ? `${shown} and ${all.length - 8} more` : shown;
}
