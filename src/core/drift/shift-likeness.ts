/** How alike points moved: their shifts as directions over columns. */
import type { DriftVerdict } from "../contract/drift-verdict.ts";

/** Unit vector over columns and aspects; empty when nothing moved. */
export type ShiftDirection = ReadonlyMap<string, number>;

/** Points whose directions have this cosine moved alike. */
const alike = 0.4;
/** One column must not outshout the others, however far it moved. */
const maxDeviations = 8;

/** Where a point moved. */
export function computeDirection({ shifts }: Pick<DriftVerdict, "shifts">): ShiftDirection {
  const direction = new Map<string, number>();
  for (const { name, aspect, shift, deviations } of shifts) {
    if (shift === 0) continue;
    direction.set(`${name} ${aspect}`, Math.sign(shift) * Math.min(Math.abs(deviations), maxDeviations));
  }
  return normalise(direction);
}

/** Did two points move in about one direction? */
export function movedAlike(a: ShiftDirection, b: ShiftDirection): boolean {
  let cosine = 0;
  for (const [key, value] of a) cosine += value * (b.get(key) ?? 0);
  return cosine >= alike;
}

function normalise(vector: ReadonlyMap<string, number>): ShiftDirection {
  const length = Math.sqrt([...vector.values()].reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : new Map([...vector].map(([key, value]) => [key, value / length]));
}
