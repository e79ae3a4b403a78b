/** Builds the columns of a prediction batch: gathers windows into a row, or takes one window as a row of its own. */
import type { PredictionBatch } from "../../core/contract/uplink-record.ts";

/** The columns of a batch, rows in the order in which they were closed. */
export type PredictionColumns = Pick<
  PredictionBatch,
  "timesMs" | "windows" | "meanProbability" | "maxProbability" | "shaftRpm"
>;

/** The columns under construction. */
export interface RowBuilder {
  /** Closed rows. */
  readonly length: number;
  /** Windows gathered for the open row. */
  readonly windowsInRow: number;
  /** Gathers a window into the open row; one probability a failure mode. */
  addWindow(probabilities: readonly number[], shaftRpm: number, timeMs: number): void;
  /** Adds a closed row of one window; the open row stays open. */
  addRow(probabilities: readonly number[], shaftRpm: number, timeMs: number): void;
  /** Closes the open row, if it holds anything. */
  closeRow(): void;
  /** Gives the closed rows away. */
  take(): PredictionColumns;
}

/** Creates columns for so many failure modes. */
export function createRowBuilder(failureModes: number): RowBuilder {
  const sums = new Float64Array(failureModes);
  const maxima = new Float64Array(failureModes);
  let windowsInRow = 0;
  let rpmSum = 0;
  let rpmWindows = 0;
  let lastMs = 0;
  let columns = emptyColumns();
  const pushRow = (timeMs: number, windows: number, shaftRpm: number): void => {
    columns.timesMs.push(timeMs);
    columns.windows.push(windows);
    columns.shaftRpm.push(shaftRpm);
  };
  return {
    get length() {
      return columns.timesMs.length;
    },
    get windowsInRow() {
      return windowsInRow;
    },
    addWindow(probabilities, shaftRpm, timeMs) {
      for (const [mode, probability] of probabilities.entries()) {
        sums[mode]! += probability;
        maxima[mode] = Math.max(maxima[mode]!, probability);
      }
      windowsInRow += 1;
      lastMs = timeMs;
      if (Number.isNaN(shaftRpm)) return;
      rpmSum += shaftRpm;
      rpmWindows += 1;
    },
    addRow(probabilities, shaftRpm, timeMs) {
      pushRow(timeMs, 1, shaftRpm);
      columns.meanProbability.push(...probabilities);
      columns.maxProbability.push(...probabilities);
    },
    closeRow() {
      if (windowsInRow === 0) return;
      pushRow(lastMs, windowsInRow, rpmWindows === 0 ? Number.NaN : rpmSum / rpmWindows);
      for (let mode = 0; mode < failureModes; mode++) {
        // A sum of probabilities of 1 may come out a rounding error above its count.
        columns.meanProbability.push(Math.min(maxima[mode]!, sums[mode]! / windowsInRow));
        columns.maxProbability.push(maxima[mode]!);
      }
      sums.fill(0);
      maxima.fill(0);
      windowsInRow = 0;
      rpmSum = 0;
      rpmWindows = 0;
    },
    take() {
      const taken = columns;
      columns = emptyColumns();
      return taken;
    },
  };
}

function emptyColumns(): { [Name in keyof PredictionColumns]: number[] } {
  return { timesMs: [], windows: [], meanProbability: [], maxProbability: [], shaftRpm: [] };
}
