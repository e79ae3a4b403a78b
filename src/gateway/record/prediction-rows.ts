/**
 * Gathers decisions into the rows of a prediction batch: mean and maximum of probability and risk, mean shaft speed. What
 * no window of a batch knows (risk, learning) has no column; a window that does not know its risk counts in none.
 */
import type { Decision } from "../../core/contract/prediction.ts";
import type { PredictionBatch } from "../../core/contract/uplink-record.ts";

/** The columns of a batch, rows in the order in which they were closed. */
type PredictionColumns = Pick<
  PredictionBatch,
  | "timesMs"
  | "windows"
  | "meanProbability"
  | "maxProbability"
  | "shaftRpm"
  | "meanRisk"
  | "maxRisk"
  | "isLearning"
>;

/** What a row takes of a window. */
type WindowValues = Pick<Decision, "modes" | "toMs" | "isLearning">;

export interface RowBuilder {
  /** Closed rows. */
  readonly length: number;
  /** Windows gathered for the open row. */
  readonly windowsInRow: number;
  /** Gathers a window into the open row; the modes are those of the batch. `shaftRpm` may be NaN. */
  addWindow(window: WindowValues, shaftRpm: number): void;
  /** Adds a closed row of one window; the open row stays open. */
  addRow(window: WindowValues, shaftRpm: number): void;
  /** Closes the open row, if it holds anything. */
  closeRow(): void;
  /** Gives the closed rows away. */
  take(): PredictionColumns;
}

/** Creates columns for so many failure modes. */
export function createRowBuilder(failureModes: number): RowBuilder {
  const probabilities = createTallies(failureModes);
  const risks = createTallies(failureModes);
  let windowsInRow = 0;
  let rpmSum = 0;
  let rpmWindows = 0;
  let last: WindowValues | null = null;
  let columns = createColumns();
  const pushRow = ({ toMs, isLearning }: WindowValues, windows: number, shaftRpm: number): void => {
    columns.timesMs.push(toMs);
    columns.windows.push(windows);
    columns.shaftRpm.push(shaftRpm);
    columns.isLearning.push(isLearning ?? null);
  };
  return {
    get length() {
      return columns.timesMs.length;
    },
    get windowsInRow() {
      return windowsInRow;
    },
    addWindow(window, shaftRpm) {
      for (const [index, { probability, risk }] of window.modes.entries()) {
        probabilities[index]!.add(probability);
        if (risk !== undefined && risk !== null) risks[index]!.add(risk);
      }
      windowsInRow += 1;
      last = window;
      if (Number.isNaN(shaftRpm)) return;
      rpmSum += shaftRpm;
      rpmWindows += 1;
    },
    addRow(window, shaftRpm) {
      pushRow(window, 1, shaftRpm);
      for (const { probability, risk } of window.modes) {
        columns.meanProbability.push(probability);
        columns.maxProbability.push(probability);
        columns.meanRisk.push(risk ?? null);
        columns.maxRisk.push(risk ?? null);
      }
    },
    closeRow() {
      if (last === null) return;
      pushRow(last, windowsInRow, rpmWindows === 0 ? Number.NaN : rpmSum / rpmWindows);
      for (const [index, tally] of probabilities.entries()) {
        const probability = tally.take();
        columns.meanProbability.push(probability?.mean ?? 0);
        columns.maxProbability.push(probability?.max ?? 0);
        const risk = risks[index]!.take();
        columns.meanRisk.push(risk?.mean ?? null);
        columns.maxRisk.push(risk?.max ?? null);
      }
      last = null;
      windowsInRow = 0;
      rpmSum = 0;
      rpmWindows = 0;
    },
    take() {
      const { meanRisk, maxRisk, isLearning, ...taken } = columns;
      columns = createColumns();
      return {
        ...taken,
        ...(meanRisk.some((risk) => risk !== null) ? { meanRisk, maxRisk } : {}),
        ...(isLearning.some((each) => each !== null) ? { isLearning } : {}),
      };
    },
  };
}

/** Mean and maximum of the values of one failure mode. */
interface Tally {
  add(value: number): void;
  /** Gives them and starts over; null: there were no values. */
  take(): { readonly mean: number; readonly max: number } | null;
}

function createTallies(failureModes: number): readonly Tally[] {
  return Array.from({ length: failureModes }, () => {
    let sum = 0;
    let max = 0;
    let count = 0;
    return {
      add: (value) => {
        sum += value;
        max = Math.max(max, value);
        count += 1;
      },
      take: () => {
        // A sum of probabilities of 1 may come out a rounding error above its count.
        const taken = count === 0 ? null : { mean: Math.min(max, sum / count), max };
        sum = 0;
        max = 0;
        count = 0;
        return taken;
      },
    };
  });
}

interface GrowingColumns {
  readonly timesMs: number[];
  readonly windows: number[];
  readonly meanProbability: number[];
  readonly maxProbability: number[];
  readonly shaftRpm: number[];
  readonly meanRisk: (number | null)[];
  readonly maxRisk: (number | null)[];
  readonly isLearning: (boolean | null)[];
}

function createColumns(): GrowingColumns {
  return {
    timesMs: [],
    windows: [],
    meanProbability: [],
    maxProbability: [],
    shaftRpm: [],
    meanRisk: [],
    maxRisk: [],
    isLearning: [],
  };
}
