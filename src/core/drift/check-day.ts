/** Refuses a day that does not fit its task, does not hold together, or does not come after the last one. */
import type { DayFeature, DaySummary } from "./day-summary.ts";
import { slotsOfDay } from "./day-summary.ts";
import type { DriftTask } from "./drift-task.ts";
import type { SiteReference } from "./site-reference.ts";
import { countValues } from "./sketcher.ts";

/** @throws RangeError that says what is wrong */
export function checkDay(task: DriftTask, day: DaySummary, reference: SiteReference): void {
  const { fromMs, periodMs, features } = day;
  if (!(periodMs >= 1000 && Number.isFinite(periodMs)) || !Number.isInteger(fromMs / periodMs)) {
    throw new RangeError(`a day from ${fromMs} ms is no multiple of its period of ${periodMs} ms`);
  }
  if (reference.periodMs !== null && reference.periodMs !== periodMs) {
    throw new RangeError(`a day of ${periodMs} ms against a reference of days of ${reference.periodMs} ms`);
  }
  if (reference.lastMs !== null && fromMs <= reference.lastMs) {
    throw new RangeError(`the day from ${fromMs} ms is not after the last one, from ${reference.lastMs} ms`);
  }
  const bins = new Map(task.columns.map(({ name, edges }) => [name, edges.length + 1]));
  for (const { name, groups } of reference.columns) {
    if (bins.get(name) !== groups[0]?.length) {
      throw new RangeError(`the reference knows the column "${name}" with ${groups[0]?.length} bins`);
    }
  }
  let last = -1;
  for (const feature of features) {
    const index = feature.sketch.feature;
    const column = task.columns[index];
    if (column === undefined || index <= last) {
      throw new RangeError(`feature ${index} is unknown, there twice or out of order`);
    }
    last = index;
    const fault = findFault(feature, column.edges.length + 1);
    if (fault !== null) throw new RangeError(`feature ${index} "${column.name}": ${fault}`);
  }
}

function findFault({ sketch, cells }: DayFeature, bins: number): string | null {
  if (sketch.counts.length !== bins) return `${sketch.counts.length} bins, expected ${bins}`;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (!sketch.counts.every(isCount) || !isCount(sketch.invalid)) return "counts that are no counts";
  if (![sketch.mean, sketch.sumSquares, sketch.min, sketch.max].every(Number.isFinite)) {
    return "moments that are not finite";
  }
  let values = 0;
  for (const { slot, count, mean, sumSquares, load } of cells) {
    if (!isCount(slot) || slot >= slotsOfDay) return `slot ${slot}, expected 0 to ${slotsOfDay - 1}`;
    if (!isCount(count) || count === 0) return `a cell of ${count} values`;
    if (!Number.isFinite(mean) || !(sumSquares >= 0 && sumSquares < Number.POSITIVE_INFINITY)) {
      return "moments of a cell that are not finite";
    }
    if (load !== null && !(Number.isInteger(load.band) && Math.abs(load.band) <= 200)) {
      return `a load of band ${load.band}`;
    }
    values += count;
  }
  const total = countValues(sketch);
  return values === total ? null : `${values} values in its cells, ${total} in its bins`;
}
