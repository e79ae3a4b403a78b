/**
 * The part of the fleet's record that holds predictions over time: rows as gateways sent them, and, of those that arrived long
 * ago, longer rows that sum them up. Who reads gets both as one series, and is told how long a row is.
 */
import type { TurbineRef } from "./machine-record.ts";

export interface PredictionRecord {
  /** One series for each point of a turbine, in the order of the components. */
  predictions(query: PredictionRange): Promise<readonly PredictionSeries[]>;
  /** Time of a turbine's newest prediction up to `untilMs`; 0 when there is none. */
  newestPredictionMs(query: TurbineRef & { readonly untilMs: number }): Promise<number>;
  /**
   * One step of thinning: some rows that arrived long enough ago and are shorter than asked are summed up into rows of that
   * length, in one transaction that ends soon. Every window is counted in one row before and after, whatever ends the process, and
   * whoever does the same at the same time.
   */
  thinPredictions(thinning: PredictionThinning): Promise<ThinnedPredictions>;
}

/** Which rows become how long. */
export interface PredictionThinning {
  /** Rows that arrived on a day (UTC, by the collector's clock) that had ended by then. */
  readonly receivedBeforeMs: number;
  /** Length of the rows that they become, counted from 1970; ms, at most {@link longestRowMs}. */
  readonly rowMs: number;
}

/** What a step did. */
export interface ThinnedPredictions {
  /** Rows that are gone, as the engine counts them. */
  readonly rows: number;
  /** Is nothing left to do? */
  readonly isDone: boolean;
}

/** A day: no row is longer. */
export const longestRowMs = 86_400_000;

export interface PredictionRange extends TurbineRef {
  readonly component?: string | undefined;
  /** Rows as they were sent count by their time; a longer one belongs to every range that it overlaps. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows are summed up to steps of this length; 1 keeps every row. */
  readonly bucketMs: number;
}

/** Probabilities of one point over time, in columns as a chart wants them. */
export interface PredictionSeries {
  readonly component: string;
  readonly failureModes: readonly string[];
  /** End of the last window in each step, increasing. */
  readonly timesMs: readonly number[];
  /** One array a failure mode, one entry a time; null where a mode has no value. 0 to 1. */
  readonly mean: readonly (readonly (number | null)[])[];
  readonly max: readonly (readonly (number | null)[])[];
  /** The lowest mean of a row as it was sent. */
  readonly min: readonly (readonly (number | null)[])[];
  /** Risk at the site's prior, as the probabilities; null where it is not known, for example while the point learnt. */
  readonly meanRisk: readonly (readonly (number | null)[])[];
  readonly maxRisk: readonly (readonly (number | null)[])[];
  /** One a time: was the point learning? Null: not known. */
  readonly isLearning: readonly (boolean | null)[];
  /** Mean shaft speed, null where it is not known. */
  readonly shaftRpm: readonly (number | null)[];
  /** Windows that each step sums up. */
  readonly windows: readonly number[];
  /** Length of the longest row in each step, ms; 0: all are as they were sent. */
  readonly resolutionMs: readonly number[];
  /** Version of the model at the end of the range. */
  readonly modelVersion: string | null;
}
