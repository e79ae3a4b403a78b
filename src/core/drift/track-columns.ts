/** Which columns of a turbine moved on which of some days, those that moved furthest first. */
import type { DriftRole, DriftVerdict, FeatureShift } from "../contract/drift-verdict.ts";

/** One column of one component, followed over the days on which it moved. */
export interface ColumnTrack {
  readonly component: string;
  readonly name: string;
  readonly role: DriftRole;
  /** One a day; null: it did not move, or nothing was assessed. */
  readonly shifts: readonly (FeatureShift | null)[];
}

/** @param days verdicts of one turbine, one list a day */
export function trackColumns(days: readonly (readonly DriftVerdict[])[]): readonly ColumnTrack[] {
  const tracks = new Map<string, ColumnTrack & { readonly shifts: (FeatureShift | null)[] }>();
  for (const [index, verdicts] of days.entries()) {
    for (const { component, shifts } of verdicts) {
      for (const shift of shifts) {
        const key = JSON.stringify([component, shift.name]);
        const track = tracks.get(key) ?? {
          component,
          name: shift.name,
          role: shift.role,
          shifts: days.map(() => null),
        };
        tracks.set(key, track);
        // The surest stands first.
        track.shifts[index] ??= shift;
      }
    }
  }
  const size = ({ shifts }: ColumnTrack): number =>
    Math.max(...shifts.map((shift) => Math.abs(shift?.deviations ?? 0)));
  return [...tracks.values()].sort((a, b) => size(b) - size(a));
}
