/**
 * Learns a column at loads that its reference knows nothing of, on days that were heard at no others: power is told from now on or no
 * more, a turbine is rated anew. Days there are held against one another, never against those at loads that were known.
 */
import { type ColumnDay, listKnownLoads, summariseColumn } from "./column-day.ts";
import type { DayFeature } from "./day-summary.ts";
import { mostDays } from "./drift-task.ts";
import { isLongEnough, learnColumn, provisionalCurve, sortDays } from "./learn-day.ts";
import { beginColumn, type ColumnReference, mostLoads } from "./site-reference.ts";

/**
 * A learnt column after a day that cannot be compared. With the `learnDays`th such day its loads are known like the others.
 * @param given.today the day as the column's own curve sees it
 */
export function learnElsewhere(
  column: ColumnReference,
  given: { readonly feature: DayFeature; readonly today: ColumnDay; readonly period: number },
  learnDays: number,
): ColumnReference {
  const { feature, today, period } = given;
  const counts = feature.sketch.counts;
  const known = new Set(listKnownLoads(column.curve).map(([by, band]) => `${by}/${band}`));
  const loads = today.loads.filter(({ by, band }) => !known.has(`${by}/${band}`));
  const other = { ...(column.elsewhere ?? beginColumn(column.name, counts.length)), elsewhere: null };
  const day = summariseColumn(feature, loads.length === 0 ? [] : provisionalCurve(other, loads));
  if (!isLongEnough(day)) return column;
  const learnt = learnColumn(other, { period, day: { ...day, loads }, counts }, learnDays);
  return learnt.isLearnt ? join(column, learnt) : { ...column, elsewhere: withoutOwn(learnt) };
}

/** Both are deviations from an ordinary day at their own loads. */
function join(column: ColumnReference, learnt: ColumnReference): ColumnReference {
  const isNew = ([by, band]: readonly [number, number, ...unknown[]]): boolean =>
    learnt.curve.some((point) => point[0] === by && point[1] === band);
  return {
    ...column,
    elsewhere: null,
    // Of what was heard on a day or two beside other loads more is known now.
    curve: [...learnt.curve, ...column.curve.filter((point) => !isNew(point))].slice(0, mostLoads),
    days: sortDays([...column.days, ...learnt.days]).slice(-mostDays),
    stretches: column.stretches.map(([count, squares], index) => {
      const [moreCount, moreSquares] = learnt.stretches[index]!;
      return [count + moreCount, squares + moreSquares] as const;
    }),
    groups: column.groups.map((group, index) =>
      group.map((count, bin) => count + learnt.groups[index]![bin]!),
    ),
    run: null,
  };
}

/** It has no loads of a second kind itself. */
function withoutOwn({ elsewhere: _, ...column }: ColumnReference): Omit<ColumnReference, "elsewhere"> {
  return column;
}
