/** What may be stated of the shafts that turn with a bearing: lines that stand where theirs do are then no fault's. */

export interface StatedShafts {
  /** Of the induction motor that turns the shaft, where an inverter feeds it; absent: none does. */
  readonly polePairs?: number | undefined;
  /**
   * Turns of each shaft that teeth lock to the bearing's, in one of the bearing's: 81/17, 4.765, where a wheel of 81 teeth on it drives a
   * pinion of 17. Numbers and no pairs of teeth, because a planet carrier's is no quotient of two wheels. Absent: nobody says.
   */
  readonly gearedShafts?: readonly number[] | undefined;
}

/** Slower motors than one with so many are geared. */
export const maxPolePairs = 24;

/** More would leave faults little room between their lines. */
export const maxGearedShafts = 4;
/** No gearbox has such a ratio. */
export const mostGearedTurns = 1000;

/** Reads geared shafts of a list, or of a text of numbers between commas; null: it is neither, or one of them cannot be. */
export function parseGearedShafts(value: unknown): readonly number[] | null {
  const parts = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > maxGearedShafts) return null;
  const turns = parts.map((part: unknown) =>
    typeof part === "string" || typeof part === "number" ? Number(part) : Number.NaN,
  );
  return turns.every((each) => each > 0 && each <= mostGearedTurns) ? turns : null;
}
