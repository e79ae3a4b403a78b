/**
 * Features of a machine's healthy windows in one piece of memory, in single precision as they were measured: a thousand points
 * keep theirs for years, and need them once an alert. Chooses none.
 */
import type { LearntSpeeds, SiteBaseline } from "../../contract/site-baseline.ts";
import { listLearntSpeeds } from "./learnt-speeds.ts";

/** One row behind the other. */
export interface HealthyRows {
  /** Numbers of each row. */
  readonly features: number;
  readonly values: Float32Array;
  /** At which the machine was learnt, at first and later; empty: not known. */
  readonly speeds: readonly LearntSpeeds[];
}

/** What a baseline knows of them. */
interface LearntRows extends Pick<SiteBaseline, "shaftRpm" | "later"> {
  readonly featureRows?: readonly ArrayLike<number>[] | undefined;
}

/** Nothing is known. */
export const noHealthyRows: HealthyRows = { features: 0, values: new Float32Array(0), speeds: [] };

/** Copies the rows of a baseline; those that are not as long as the first are left out. */
export function packHealthyRows(baseline: LearntRows | null): HealthyRows {
  if (baseline === null) return noHealthyRows;
  const rows = baseline.featureRows ?? [];
  const speeds = listLearntSpeeds(baseline);
  const features = rows[0]?.length ?? 0;
  const fitting = rows.filter((row) => row.length === features);
  if (features === 0) return { ...noHealthyRows, speeds };
  const values = new Float32Array(fitting.length * features);
  for (const [place, row] of fitting.entries()) values.set(row, place * features);
  return { features, values, speeds };
}

/** The rows, as parts of that memory. */
export function listHealthyRows({ features, values }: HealthyRows): Float32Array[] {
  if (features === 0) return [];
  return Array.from({ length: values.length / features }, (_, place) =>
    values.subarray(place * features, (place + 1) * features),
  );
}

/** A baseline with the rows that it keeps, as it is written down. */
export function describeWithRows(baseline: SiteBaseline | null, kept: HealthyRows): SiteBaseline | null {
  const rows = listHealthyRows(kept);
  if (baseline === null || rows.length === 0) return baseline;
  return { ...baseline, featureRows: rows.map((row) => Array.from(row)) };
}
