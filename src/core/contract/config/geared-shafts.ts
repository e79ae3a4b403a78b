/**
 * Shafts that teeth lock to the bearing's own, as turns of each in one of the bearing's shaft: 81/17, 4.765, where a wheel of 81 teeth on
 * it drives a pinion of 17. A number and no pair of teeth, because a planet carrier's is no quotient of two wheels.
 */

/** More would leave faults little room between their lines. */
export const maxGearedShafts = 4;
/** No gearbox has such a ratio. */
export const mostGearedTurns = 1000;

/** Reads a list, or a text of numbers between commas; null: it is neither, or one of them cannot be. */
export function parseGearedShafts(value: unknown): readonly number[] | null {
  const parts = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > maxGearedShafts) return null;
  const turns = parts.map((part: unknown) =>
    typeof part === "string" || typeof part === "number" ? Number(part) : Number.NaN,
  );
  return turns.every((each) => each > 0 && each <= mostGearedTurns) ? turns : null;
}
