/** What several points did as one story, so that each of them is told by the same sentence. */
import type { FeatureShift } from "../contract/drift-verdict.ts";
import { groupBy } from "../maths/group-by.ts";
import { computeMedian } from "../maths/robust.ts";
import { shiftOfDay } from "./describe-column.ts";
import type { ReadVerdict } from "./read-verdicts.ts";

/** What points did together. */
export interface JointStory {
  /** How many points it tells of. */
  readonly points: number;
  /** When the first of them began to be off, epoch ms. */
  readonly sinceMs: number;
  /** The surest first. */
  readonly shifts: readonly FeatureShift[];
}

/** What one point did, as far as its pattern shows it. */
export function storyOf({ signature, verdict }: ReadVerdict): readonly FeatureShift[] {
  return signature.shifts.length > 0 ? signature.shifts : verdict.shifts;
}

/** What most of the points did: medians over those that did it; where none did what most did, what the first of them did. */
export function joinStories(points: readonly ReadVerdict[]): JointStory {
  const sinceMs = points.reduce((first, { onsetMs }) => Math.min(first, onsetMs), Number.POSITIVE_INFINITY);
  const told = groupBy(
    points.flatMap(storyOf),
    ({ name, aspect, shift }) => `${name}/${aspect}/${Math.sign(shift)}`,
  );
  const joined = [...told.values()]
    .filter((shifts) => shifts.length > points.length / 2)
    .map(joinShifts)
    .sort((a, b) => Math.abs(b.deviations) - Math.abs(a.deviations) || (a.name < b.name ? -1 : 1));
  return { points: points.length, sinceMs, shifts: joined.length > 0 ? joined : storyOf(points[0]!) };
}

function joinShifts(shifts: readonly FeatureShift[]): FeatureShift {
  return {
    ...shifts[0]!,
    shift: computeMedian(shifts.map(shiftOfDay)),
    loads: [],
    deviations: computeMedian(shifts.map(({ deviations }) => deviations)),
  };
}
