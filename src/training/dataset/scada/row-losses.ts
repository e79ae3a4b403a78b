/** Rows of tables that cannot be used: how many, why, and where the first one of each kind stands. */

/** Why a row is not used. */
export type LossReason =
  | "no-time"
  | "no-turbine"
  | "other-turbine"
  | "outside"
  | "missing-reading"
  | "out-of-range"
  | "repeated";

/** In words, for who reads of them. */
export const lossWords: Readonly<Record<LossReason, string>> = {
  "no-time": "have no time of the form that is configured",
  "no-turbine": "name no turbine",
  "other-turbine": "are of turbines that are not configured",
  outside: "lie outside the days that their file is used for",
  "missing-reading": "lack a reading of a channel",
  "out-of-range": "hold a reading outside its channel's range",
  repeated: "repeat a time of the same turbine",
};

export interface RowLoss {
  readonly reason: LossReason;
  readonly rows: number;
  /** The first: file, `line 12` or `row 12`, and what stands there. */
  readonly first: { readonly file: string; readonly place: string; readonly value: string };
}

export interface LossCount {
  /** Counts one row, or more; `describe` is asked for the first of its reason only. */
  add(reason: LossReason, describe: () => RowLoss["first"], rows?: number): void;
  list(): RowLoss[];
}

/** Creates a count that starts at zero. */
export function countLosses(): LossCount {
  const counts = new Map<LossReason, { rows: number; first: RowLoss["first"] }>();
  return {
    add: (reason, describe, rows = 1) => {
      const known = counts.get(reason);
      if (known === undefined) counts.set(reason, { rows, first: describe() });
      else known.rows += rows;
    },
    list: () => [...counts].map(([reason, { rows, first }]) => ({ reason, rows, first })),
  };
}

/** A loss in a sentence. */
export function sayLoss({ reason, rows, first }: RowLoss): string {
  return `${rows} rows ${lossWords[reason]}, the first in ${first.file}, ${first.place}: ${first.value}`;
}
