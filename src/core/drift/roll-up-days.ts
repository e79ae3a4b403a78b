/** Levels of points by day as rows of a heat map: of turbines, of sites and of the fleet; those that need attention first. */

import type { DriftLevel } from "../contract/drift-verdict.ts";
import type { DriftDays, PointLevels } from "../contract/drift-verdict-schema.ts";
import { groupBy } from "../maths/group-by.ts";
import { compareLevels, isAssessed, isMoved } from "./drift-level.ts";

/** The level of several points on one day: the one that says most, and of how many it is said. */
export interface RolledLevel {
  readonly level: DriftLevel | null;
  readonly count: number;
  /** Warnings, of which healthy points bring about as many. */
  readonly isExpected: boolean;
}

/**
 * How many of so many healthy points warn on a day: on average, and hardly ever more than.
 * @param warningShare share of its days on which a healthy point warns, as the assessment is configured; here and below
 */
export function expectWarnings(
  assessed: number,
  warningShare: number,
): { readonly mean: number; readonly most: number } {
  const mean = warningShare * assessed;
  return { mean, most: Math.floor(mean + 3 * Math.sqrt(mean * (1 - warningShare))) };
}

/** How many points of a day were assessed. */
export function countAssessed(counts: ReadonlyMap<DriftLevel, number>): number {
  return [...counts].reduce((sum, [level, count]) => sum + (isAssessed(level) ? count : 0), 0);
}

/** Some points together. */
export interface DriftRow {
  readonly site: string;
  /** Null: of a whole site. */
  readonly turbine: string | null;
  readonly points: readonly PointLevels[];
  /** One a day. */
  readonly levels: readonly RolledLevel[];
}

/** A row a turbine; what moved on the day at `index` first, then what moved lately, then by name. */
export function rollUpTurbines(known: DriftDays, index: number, warningShare: number): readonly DriftRow[] {
  const groups = groupBy(known.points, ({ site, turbine }) => JSON.stringify([site, turbine]));
  const rows = [...groups.values()].map((group) =>
    describeRow(group, group[0]!.turbine, { days: known.days.length, warningShare }),
  );
  return sortByUrgency(rows, index);
}

/** A row a site, by the same order. */
export function rollUpSites(known: DriftDays, index: number, warningShare: number): readonly DriftRow[] {
  const groups = groupBy(known.points, ({ site }) => site);
  const rows = [...groups.values()].map((group) =>
    describeRow(group, null, { days: known.days.length, warningShare }),
  );
  return sortByUrgency(rows, index);
}

/** All points together, one level a day. */
export function rollUpFleet({ days, points }: DriftDays, warningShare: number): readonly RolledLevel[] {
  return days.map((_, index) => rollUpDay(points, index, warningShare));
}

/** How many points are at each level on one day. */
export function countPointsByLevel(
  { points }: Pick<DriftDays, "points">,
  index: number,
): ReadonlyMap<DriftLevel, number> {
  const counts = new Map<DriftLevel, number>();
  for (const { levels } of points) {
    const level = levels[index] ?? null;
    if (level !== null) counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  return counts;
}

function describeRow(
  points: readonly PointLevels[],
  turbine: string | null,
  { days, warningShare }: { readonly days: number; readonly warningShare: number },
): DriftRow {
  const levels = Array.from({ length: days }, (_, index) => rollUpDay(points, index, warningShare));
  return { site: points[0]!.site, turbine, points, levels };
}

/** In one pass and without a map: it is called for each day of each turbine, of which there may be ten thousand. */
function rollUpDay(points: readonly PointLevels[], index: number, warningShare: number): RolledLevel {
  let level: DriftLevel | null = null;
  let [count, assessed] = [0, 0];
  for (const { levels } of points) {
    const own = levels[index] ?? null;
    if (own === null) continue;
    if (isAssessed(own)) assessed += 1;
    const order = level === null ? -1 : compareLevels(own, level);
    if (order < 0) [level, count] = [own, 1];
    else if (order === 0) count += 1;
  }
  const isExpected = level === "warning" && count <= expectWarnings(assessed, warningShare).most;
  return { level, count, isExpected };
}

function sortByUrgency(rows: readonly DriftRow[], index: number): readonly DriftRow[] {
  return rows
    .map((row) => ({ row, urgency: computeUrgency(row, index) }))
    .sort((a, b) => b.urgency - a.urgency || compareNames(a.row, b.row))
    .map(({ row }) => row);
}

/** The day itself counts more than all days before it. */
function computeUrgency({ levels }: DriftRow, index: number): number {
  const rank = ({ level }: RolledLevel): number => (level === "drift" ? 2 : isMoved(level) ? 1 : 0);
  const before = levels.slice(0, index).reduce((sum, rolled) => sum + rank(rolled), 0);
  const today = levels[index];
  if (today === undefined || !isMoved(today.level)) return before;
  return 1e6 * rank(today) + 1e3 * Math.min(today.count, 999) + before;
}

/** WT2 before WT10. */
const collator = new Intl.Collator("en", { numeric: true });

function compareNames(a: DriftRow, b: DriftRow): number {
  return collator.compare(a.site, b.site) || collator.compare(a.turbine ?? "", b.turbine ?? "");
}
