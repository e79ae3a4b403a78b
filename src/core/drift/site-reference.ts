/**
 * What a point's own days look like: plain data that is written to disk and grows with no number of days. A column's days are
 * kept as deviations at equal loads, its distribution as a few groups of days. Holds no raw value.
 */
import { z } from "zod";
import { onDemand } from "../contract/on-demand.ts";
import { mostDays } from "./drift-task.ts";

/** Slots of the stretches whose scatter within a day is kept. */
export const stretchLengths = [1, 2, 4, 8, 16] as const;

/** Groups of days whose sketches are kept apart, so that a distance has an error. */
export const sketchGroups = 8;

/** Loads of one column, at most; what is heard at another is not compared. */
export const mostLoads = 48;

/** 0: load not known, 1: by power, 2: by speed; band; rows; days; mean at an ordinary day. */
export type CurvePoint = readonly [by: 0 | 1 | 2, band: number, rows: number, days: number, mean: number];

/** One load on one day of learning: as {@link CurvePoint}, without the days. */
type LearningLoad = readonly [by: 0 | 1 | 2, band: number, rows: number, mean: number];

/**
 * One column on one day: period since the epoch, effective slots and rows heard, deviation at equal loads in the column's unit,
 * mean logarithm of the variance within an hour (null: not known), share of values that are none, variance that the logarithm has
 * of its few rows alone.
 */
export type KeptDay = readonly [
  period: number,
  slots: number,
  rows: number,
  level: number,
  spread: number | null,
  invalid: number,
  spreadError: number,
];

export interface ColumnReference {
  readonly name: string;
  /** False until enough days are known: `days` then hold what robust averaging took off, and `learning` the loads. */
  readonly isLearnt: boolean;
  readonly learning: readonly (readonly LearningLoad[])[];
  readonly curve: readonly CurvePoint[];
  /** The oldest first. */
  readonly days: readonly KeptDay[];
  /** The last days that were heard, not yet in `days`; the second says whether they may get there. */
  readonly recent: readonly (readonly [KeptDay, boolean])[];
  /** Days that were off, of which it is not known yet whether the machine comes back by itself. */
  readonly spell: readonly KeptDay[];
  /** One a length of {@link stretchLengths}: stretches, and their sum of squared deviations from their day's mean. */
  readonly stretches: readonly (readonly [number, number])[];
  /** One a group of days: counts in the bins. */
  readonly groups: readonly (readonly number[])[];
  /** The days in a row that lie off in one direction: since when, epoch ms. */
  readonly run: readonly [direction: 1 | -1, sinceMs: number] | null;
  /** What is being learnt of days at loads that the curve knows nothing of; null: nothing. */
  readonly elsewhere: Omit<ColumnReference, "elsewhere"> | null;
}

export interface SiteReference {
  readonly version: 1;
  /** Of the days that were assessed; null before the first. */
  readonly periodMs: number | null;
  /** Start of the last day that was assessed, epoch ms. */
  readonly lastMs: number | null;
  /** Columns that are assessed, by name; conditions have none. */
  readonly columns: readonly ColumnReference[];
}

const finite = z.number();
const count = z.number().nonnegative();
const by = onDemand(() => z.union([z.literal(0), z.literal(1), z.literal(2)]));
const keptDaySchema = onDemand(() =>
  z.tuple([z.int(), count, count, finite, finite.nullable(), z.number().min(0).max(1), count]),
);

const columnSchema = onDemand(() =>
  z.object({
    name: z.string(),
    isLearnt: z.boolean(),
    learning: z.array(z.array(z.tuple([by(), z.int(), count, finite])).max(mostLoads)).max(mostDays),
    curve: z.array(z.tuple([by(), z.int(), count, count, finite])).max(mostLoads),
    days: z.array(keptDaySchema()).max(mostDays),
    recent: z.array(z.tuple([keptDaySchema(), z.boolean()])).max(3),
    // References of before have none.
    spell: z.array(keptDaySchema()).max(10).default([]),
    stretches: z.array(z.tuple([count, count])).length(stretchLengths.length),
    groups: z.array(z.array(count)).length(sketchGroups),
    run: z.tuple([z.union([z.literal(1), z.literal(-1)]), finite]).nullable(),
  }),
);

/** What {@link SiteReference} is on disk. */
export const siteReferenceSchema: () => z.ZodType<SiteReference> = onDemand(() =>
  z.object({
    version: z.literal(1),
    periodMs: z.number().positive().nullable(),
    lastMs: finite.nullable(),
    columns: z
      // References of before learn at no other loads.
      .array(columnSchema().extend({ elsewhere: columnSchema().nullable().default(null) }))
      .max(512),
  }),
);

/** A point of which nothing is known yet. */
export function beginSiteReference(): SiteReference {
  return { version: 1, periodMs: null, lastMs: null, columns: [] };
}

/** A column of which nothing is known yet. */
export function beginColumn(name: string, bins: number): ColumnReference {
  return {
    name,
    isLearnt: false,
    learning: [],
    curve: [],
    days: [],
    recent: [],
    spell: [],
    stretches: stretchLengths.map(() => [0, 0]),
    groups: Array.from({ length: sketchGroups }, () => new Array<number>(bins).fill(0)),
    run: null,
    elsewhere: null,
  };
}

/**
 * Goes on with what is known of some columns under another model: those that mean the same there, such as absolute levels.
 * A column whose bins changed in number begins anew.
 */
export function carryColumns(
  reference: SiteReference,
  columns: readonly { readonly name: string; readonly edges: readonly number[] }[],
): SiteReference {
  const kept = reference.columns.filter(({ name, groups }) =>
    columns.some((column) => column.name === name && groups[0]!.length === column.edges.length + 1),
  );
  return {
    version: reference.version,
    periodMs: reference.periodMs,
    lastMs: reference.lastMs,
    columns: kept,
  };
}
