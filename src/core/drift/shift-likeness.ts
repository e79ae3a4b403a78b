/** How alike points moved: their shifts as directions over columns. */
import type { DriftVerdict } from "../contract/drift-verdict.ts";

/** Unit vector over columns and aspects, as far as it is not 0; empty when nothing moved. */
export interface ShiftDirection {
  /** Numbers of columns and aspects, increasing; of one reader of directions. */
  readonly axes: Uint32Array;
  readonly values: Float64Array;
}

/** Points whose directions have this cosine moved alike. */
const alike = 0.4;
/** One column must not outshout the others, however far it moved. */
const maxDeviations = 8;

/** Reads directions that may be compared with one another. */
export function createDirectionReader(): (verdict: Pick<DriftVerdict, "shifts">) => ShiftDirection {
  const axisOf = new Map<string, number>();
  return ({ shifts }) => {
    const parts = new Map<number, number>();
    for (const { name, aspect, shift, deviations } of shifts) {
      if (shift === 0) continue;
      const key = `${name} ${aspect}`;
      const axis = axisOf.get(key) ?? axisOf.size;
      axisOf.set(key, axis);
      parts.set(axis, Math.sign(shift) * Math.min(Math.abs(deviations), maxDeviations));
    }
    const axes = Uint32Array.from(parts.keys()).sort();
    const length = Math.sqrt([...parts.values()].reduce((sum, value) => sum + value * value, 0));
    return {
      axes,
      values: Float64Array.from(axes, (axis) => (length === 0 ? 0 : parts.get(axis)! / length)),
    };
  };
}

/** Says of others whether they moved in about this direction. */
export function compareWith({ axes, values }: ShiftDirection): (other: ShiftDirection) => boolean {
  // One is compared with thousands: by axis instead of by place.
  const own = new Float64Array((axes.at(-1) ?? -1) + 1);
  for (const [at, axis] of axes.entries()) own[axis] = values[at]!;
  return (other) => {
    let cosine = 0;
    for (let at = 0; at < other.axes.length && other.axes[at]! < own.length; at++) {
      cosine += other.values[at]! * own[other.axes[at]!]!;
    }
    return cosine >= alike;
  };
}
