/**
 * Gathers decisions into the rows of a prediction batch: mean and maximum of probability and risk, mean shaft speed. What
 * no window of a batch knows (risk, learning) has no column; a window that does not know its risk counts in none.
 */
import type { Decision } from "../../core/contract/prediction.ts";
import type { PredictionBatch } from "../../core/contract/uplink-record.ts";
import { makeDoubles } from "../../core/maths/shared-room.ts";

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
  return new BatchRows(failureModes);
}

class BatchRows implements RowBuilder {
  readonly #failureModes: number;
  /** Of the probabilities, and behind them of the risks. */
  readonly #tallies: Float64Array;
  windowsInRow = 0;
  #rpmSum = 0;
  #rpmWindows = 0;
  #last: WindowValues | null = null;
  #columns: GrowingColumns | null = null;

  constructor(failureModes: number) {
    this.#failureModes = failureModes;
    this.#tallies = makeDoubles(2 * failureModes * tallyFields.all);
  }

  get length(): number {
    return this.#columns?.timesMs.length ?? 0;
  }

  addWindow(window: WindowValues, shaftRpm: number): void {
    const { modes } = window;
    for (let index = 0; index < modes.length; index++) {
      const { probability, risk } = modes[index]!;
      addTally(this.#tallies, index, probability);
      if (risk !== undefined && risk !== null) addTally(this.#tallies, this.#failureModes + index, risk);
    }
    this.windowsInRow += 1;
    this.#last = window;
    if (Number.isNaN(shaftRpm)) return;
    this.#rpmSum += shaftRpm;
    this.#rpmWindows += 1;
  }

  addRow(window: WindowValues, shaftRpm: number): void {
    const columns = this.#openRow(window, 1, shaftRpm);
    for (const { probability, risk } of window.modes) {
      columns.meanProbability.push(probability);
      columns.maxProbability.push(probability);
      columns.meanRisk.push(risk ?? null);
      columns.maxRisk.push(risk ?? null);
    }
  }

  closeRow(): void {
    if (this.#last === null) return;
    const shaftRpm = this.#rpmWindows === 0 ? Number.NaN : this.#rpmSum / this.#rpmWindows;
    const columns = this.#openRow(this.#last, this.windowsInRow, shaftRpm);
    for (let index = 0; index < this.#failureModes; index++) {
      const probability = takeTally(this.#tallies, index);
      columns.meanProbability.push(probability?.mean ?? 0);
      columns.maxProbability.push(probability?.max ?? 0);
      const risk = takeTally(this.#tallies, this.#failureModes + index);
      columns.meanRisk.push(risk?.mean ?? null);
      columns.maxRisk.push(risk?.max ?? null);
    }
    this.#last = null;
    this.windowsInRow = 0;
    this.#rpmSum = 0;
    this.#rpmWindows = 0;
  }

  take(): PredictionColumns {
    const { meanRisk, maxRisk, isLearning, ...taken } = this.#columns ?? createColumns();
    this.#columns = null;
    return {
      ...taken,
      ...(meanRisk.some((risk) => risk !== null) ? { meanRisk, maxRisk } : {}),
      ...(isLearning.some((each) => each !== null) ? { isLearning } : {}),
    };
  }

  #openRow({ toMs, isLearning }: WindowValues, windows: number, shaftRpm: number): GrowingColumns {
    this.#columns ??= createColumns();
    this.#columns.timesMs.push(toMs);
    this.#columns.windows.push(windows);
    this.#columns.shaftRpm.push(shaftRpm);
    this.#columns.isLearning.push(isLearning ?? null);
    return this.#columns;
  }
}

/** Of a failure mode's values: their sum, the largest and how many there were. */
const tallyFields = { sum: 0, max: 1, count: 2, all: 3 } as const;

function addTally(tallies: Float64Array, place: number, value: number): void {
  const at = place * tallyFields.all;
  tallies[at + tallyFields.sum]! += value;
  tallies[at + tallyFields.max] = Math.max(tallies[at + tallyFields.max]!, value);
  tallies[at + tallyFields.count]!++;
}

/** Mean and maximum of the values; starts over. Null: there were none. */
function takeTally(
  tallies: Float64Array,
  place: number,
): { readonly mean: number; readonly max: number } | null {
  const at = place * tallyFields.all;
  const [sum = 0, max = 0, count = 0] = tallies.subarray(at, at + tallyFields.all);
  tallies.fill(0, at, at + tallyFields.all);
  // A sum of probabilities of 1 may come out a rounding error above its count.
  return count === 0 ? null : { mean: Math.min(max, sum / count), max };
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
