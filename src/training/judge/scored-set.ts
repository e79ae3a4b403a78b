/**
 * Scores of several models on the same cases, with what is needed to judge them fairly: which cases belong to one
 * physical thing (and are resampled together), and which slice they lie in. Plain numbers; knows no kind of data.
 */
import { gatherRows } from "../../core/maths/gather-rows.ts";

/** Consecutive rows of one recording and channel. */
export interface ScoredSignal {
  readonly id: string;
  /** The physical thing whose cases stand or fall together, for example a bearing: what the bootstrap resamples. */
  readonly unit: string;
  /** Units are resampled within their stratum, so that every kind stays represented. */
  readonly stratum: string;
  /** Output that is right here; null = none (healthy). */
  readonly truth: number | null;
  readonly rows: number;
  /** Value by dimension, for example `load: "2 hp"`. */
  readonly slices: Readonly<Record<string, string>>;
}

/** Cases that one trained model of each kind has scored. */
export interface ScoredSet {
  readonly signals: readonly ScoredSignal[];
  readonly outputs: number;
  /** [rows × outputs] by model. */
  readonly scores: Readonly<Record<string, Float32Array>>;
}

/** How often each signal counts in a bootstrap replicate; all ones = the sample itself. */
export type Multiplicities = Float64Array;

/** A statistic of a sample. */
export type Statistic = (multiplicities: Multiplicities) => number;

export function countRows(set: Pick<ScoredSet, "signals">): number {
  return set.signals.reduce((sum, signal) => sum + signal.rows, 0);
}

/** Signal of each row, and 1 where `output` is right. */
export function labelRows(
  set: ScoredSet,
  output: number,
): { readonly signalOf: Int32Array; readonly labels: Uint8Array } {
  const signalOf = new Int32Array(countRows(set));
  const labels = new Uint8Array(signalOf.length);
  let at = 0;
  for (const [index, signal] of set.signals.entries()) {
    signalOf.fill(index, at, at + signal.rows);
    labels.fill(signal.truth === output ? 1 : 0, at, at + signal.rows);
    at += signal.rows;
  }
  return { signalOf, labels };
}

/** The rows of each signal among `values` [rows × outputs], which they are views of. */
export function rowsOfSignals(
  { signals, outputs }: Pick<ScoredSet, "signals" | "outputs">,
  values: Float32Array,
): Float32Array[] {
  let at = 0;
  return signals.map(({ rows }) => {
    const from = at;
    at += rows * outputs;
    return values.subarray(from, at);
  });
}

/** Labels [rows × outputs], 1 where an output is right. */
export function labelSet({ signals, outputs }: Pick<ScoredSet, "signals" | "outputs">): Float32Array {
  const labels = new Float32Array(countRows({ signals }) * outputs);
  for (const [index, own] of rowsOfSignals({ signals, outputs }, labels).entries()) {
    const { truth } = signals[index]!;
    if (truth !== null) for (let at = truth; at < own.length; at += outputs) own[at] = 1;
  }
  return labels;
}

/** The values of one output. */
export function columnOf(values: Float32Array, output: number, outputs: number): Float32Array {
  return Float32Array.from({ length: values.length / outputs }, (_, row) => values[row * outputs + output]!);
}

/** The signals that `keep` wants, with their rows. */
export function selectSet(set: ScoredSet, keep: (signal: ScoredSignal) => boolean): ScoredSet {
  const rows: number[] = [];
  let at = 0;
  for (const signal of set.signals) {
    if (keep(signal)) for (let row = at; row < at + signal.rows; row++) rows.push(row);
    at += signal.rows;
  }
  const { outputs, scores } = set;
  return {
    signals: set.signals.filter(keep),
    outputs,
    scores: Object.fromEntries(
      Object.entries(scores).map(([name, values]) => [name, gatherRows(values, outputs, rows)]),
    ),
  };
}
