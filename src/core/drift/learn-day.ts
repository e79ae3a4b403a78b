/** Takes days into a column's reference: first until enough are known, then those that were stable, for a bounded memory. */
import { average } from "../maths/moments.ts";
import { type ColumnDay, type LoadMean, leastLoadDays } from "./column-day.ts";
import { mostDays } from "./drift-task.ts";
import {
  type ColumnReference,
  type CurvePoint,
  type KeptDay,
  mostLoads,
  sketchGroups,
} from "./site-reference.ts";

/** Rows and effective slots without which nothing is learnt from a day. */
const leastLearningRows = 12;
const leastLearningSlots = 6;

/**
 * Of a spell of days that were off: so many days with the two before it, the share of the known days, and their standard
 * deviations, up to which it is learnt.
 */
const longestSpell = 9;
const spellShare = 0.1;
const widestSpell = 4;

/** Counts of a group of days beyond which the older ones fade. */
const mostGroupCounts = 20_000;

export function isLongEnough(day: ColumnDay): boolean {
  return day.rows >= leastLearningRows && day.slots >= leastLearningSlots;
}

/** The oldest first. */
export function sortDays(days: readonly KeptDay[]): readonly KeptDay[] {
  return [...days].sort((a, b) => a[0] - b[0]);
}

/** What is kept of a day. */
export function keepDay(period: number, day: ColumnDay): KeptDay {
  const spread = day.spread === null ? null : round(day.spread, 4);
  const [slots, level, invalid] = [round(day.slots, 3), round(day.level, 4), round(day.invalid, 3)];
  return [period, slots, day.rows, level, spread, invalid, round(day.spreadError, 2)];
}

/** A day whose column is still being learnt; with the `learnDays`th the column is learnt. */
export function learnColumn(
  column: ColumnReference,
  given: { readonly period: number; readonly day: ColumnDay; readonly counts: readonly number[] },
  learnDays: number,
): ColumnReference {
  const { period, day, counts } = given;
  const kept = keepDay(period, day);
  const next: ColumnReference = {
    ...column,
    learning: [...column.learning, day.loads.slice(0, mostLoads).map(toLearning)],
    days: [...column.days, [kept[0], kept[1], kept[2], round(-day.clipped, 4), kept[4], kept[5], kept[6]]],
    stretches: addStretches(column, day),
    groups: addCounts(column, period, counts),
  };
  return next.days.length < learnDays ? next : fitLoads(next);
}

/** A stable day of a column that is learnt. */
export function refineColumn(
  column: ColumnReference,
  given: { readonly kept: KeptDay; readonly day: ColumnDay; readonly counts: readonly number[] },
): ColumnReference {
  const { kept, day, counts } = given;
  return {
    ...column,
    curve: addNewLoads(column.curve, day.loads, kept[3]),
    stretches: addStretches(column, day),
    groups: addCounts(column, kept[0], counts),
  };
}

/**
 * Moves days that have waited long enough into the reference, if nothing was wrong with them. Days that were off wait until the
 * machine is as before, and then come with them: see {@link tameSpell}.
 */
export function admitDays(column: ColumnReference, recent: ColumnReference["recent"]): ColumnReference {
  let { days, spell } = column;
  for (const [day, isFine] of recent.slice(0, -2)) {
    if (isFine) {
      // Days at other loads may have been learnt while this one waited.
      days = sortDays([...days, ...tameSpell(days, spell), day]).slice(-mostDays);
      spell = [];
    } else if (day[1] >= leastLearningSlots && spell.length <= longestSpell) {
      spell = [...spell, day];
    }
  }
  return { ...column, recent: recent.slice(-2), days, spell };
}

/**
 * What is learnt of days that were off, now that the machine is as before with nothing done to it: such days are a part of how it
 * runs, and were told. Nothing of much more than a week, which somebody may have ended; none further off than {@link widestSpell},
 * and of those that were further one of ten known days at most, so that a cable that was loose for days does not blind
 * anybody for a quarter of a year.
 */
function tameSpell(days: readonly KeptDay[], spell: readonly KeptDay[]): readonly KeptDay[] {
  if (spell.length > longestSpell) return [];
  const level = createLimit(days.map((day) => day[3]));
  const spread = createLimit(days.flatMap((day) => (day[4] === null ? [] : [day[4]])));
  const mostInvalid = Math.max(...days.map((day) => day[5]));
  let left = Math.ceil(days.length * spellShare);
  return spell.flatMap((day): KeptDay[] => {
    const tamed: KeptDay = [
      day[0],
      day[1],
      day[2],
      level(day[3]),
      day[4] === null ? null : spread(day[4]),
      Math.min(mostInvalid, day[5]),
      day[6],
    ];
    const isWild = tamed.some((value, index) => value !== day[index]);
    return isWild && left-- <= 0 ? [] : [tamed];
  });
}

/** Keeps a value within so many standard deviations of these. */
function createLimit(values: readonly number[]): (value: number) => number {
  const mean = average(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const reach = widestSpell * Math.sqrt(squares / Math.max(1, values.length - 1));
  return (value) => {
    const near = Math.min(mean + reach, Math.max(mean - reach, value));
    return near === value ? value : round(near, 4);
  };
}

/** Means at the loads heard so far, for the hours of days that are still being learnt. */
export function provisionalCurve(column: ColumnReference, today: readonly LoadMean[]): CurvePoint[] {
  const loads = [...column.learning.flat(), ...today.slice(0, mostLoads).map(toLearning)];
  const points = new Map<string, [0 | 1 | 2, number, number, number]>();
  for (const [by, band, rows, mean] of loads) {
    const held = points.get(`${by}/${band}`) ?? [by, band, 0, 0];
    held[2] += rows;
    held[3] += rows * mean;
    points.set(`${by}/${band}`, held);
  }
  return [...points.values()].map(([by, band, rows, sum]) => [by, band, rows, 1, sum / rows]);
}

/**
 * Separates days from loads: every mean of a load on a day is the load's plus the day's deviation (a two-way layout with
 * unequal numbers, by alternating weighted means).
 */
function fitLoads(column: ColumnReference): ColumnReference {
  const days = column.learning.map((loads) => loads.map((load) => ({ load, key: `${load[0]}/${load[1]}` })));
  const level = new Float64Array(days.length);
  const means = new Map<string, number>();
  for (let step = 0; step < 30; step++) {
    const sums = new Map<string, [number, number]>();
    for (const [index, loads] of days.entries()) {
      for (const { load, key } of loads) {
        const held = sums.get(key) ?? [0, 0];
        held[0] += load[2];
        held[1] += load[2] * (load[3] - level[index]!);
        sums.set(key, held);
      }
    }
    for (const [key, [rows, sum]] of sums) means.set(key, sum / rows);
    let total = 0;
    for (const [index, loads] of days.entries()) {
      let rows = 0;
      let sum = 0;
      for (const { load, key } of loads) {
        rows += load[2];
        sum += load[2] * (load[3] - means.get(key)!);
      }
      level[index] = sum / Math.max(1, rows);
      total += level[index]!;
    }
    if (means.size === 1) break;
    for (let index = 0; index < level.length; index++) level[index]! -= total / level.length;
  }
  const curve = new Map<string, [0 | 1 | 2, number, number, number, number]>();
  for (const { load, key } of days.flat()) {
    const held = curve.get(key) ?? [load[0], load[1], 0, 0, round(means.get(key)!, 9)];
    held[2] += load[2];
    held[3]++;
    curve.set(key, held);
  }
  return {
    ...column,
    isLearnt: true,
    learning: [],
    curve: [...curve.values()].sort((a, b) => b[2] - a[2]).slice(0, mostLoads),
    days: column.days.map((day, index) => [
      day[0],
      day[1],
      day[2],
      round(level[index]! + day[3], 4),
      day[4],
      day[5],
      day[6],
    ]),
  };
}

/** Goes on to learn loads of which too few days are known; those that are known stand. */
function addNewLoads(
  curve: readonly CurvePoint[],
  loads: readonly LoadMean[],
  level: number,
): readonly CurvePoint[] {
  const next = [...curve];
  for (const { by, band, count, mean } of loads) {
    const index = next.findIndex((point) => point[0] === by && point[1] === band);
    const held = next[index];
    if (held === undefined) {
      if (next.length < mostLoads) next.push([by, band, count, 1, mean - level]);
    } else if (held[3] < leastLoadDays) {
      const rows = held[2] + count;
      next[index] = [by, band, rows, held[3] + 1, (held[4] * held[2] + (mean - level) * count) / rows];
    }
  }
  return next;
}

function addStretches(column: ColumnReference, day: ColumnDay): ColumnReference["stretches"] {
  if (day.slots < 12) return column.stretches;
  return column.stretches.map(([count, squares], index) => {
    const [moreCount, moreSquares] = day.stretches[index]!;
    // Ninety days of single slots: older ones fade.
    const keep = count > 24 * mostDays ? 1 - 1 / mostDays : 1;
    return [round(count * keep + moreCount, 6), round(squares * keep + moreSquares, 6)] as const;
  });
}

function addCounts(
  column: ColumnReference,
  period: number,
  counts: readonly number[],
): ColumnReference["groups"] {
  const group = ((period % sketchGroups) + sketchGroups) % sketchGroups;
  return column.groups.map((held, index) => {
    if (index !== group) return held;
    const added = held.map((count, bin) => count + counts[bin]!);
    const total = added.reduce((sum, count) => sum + count, 0);
    return total > mostGroupCounts ? added.map((count) => Math.round(count / 2)) : added;
  });
}

function toLearning({ by, band, count, mean }: LoadMean): readonly [0 | 1 | 2, number, number, number] {
  return [by, band, count, round(mean, 8)];
}

/** As few digits as are written to disk. */
function round(value: number, digits: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const places = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  if (places > 300) return 0;
  // Powers of ten divide exactly to the nearest number that is written so.
  return places >= 0
    ? Math.round(value * 10 ** places) / 10 ** places
    : Math.round(value / 10 ** -places) * 10 ** -places;
}
