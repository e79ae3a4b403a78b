/**
 * Rows of recordings for fine-tuning, as one matrix with labels and weights: every machine weighs the same in each of its
 * states, however much was recorded of it, and faulty rows weigh as much as healthy ones.
 */
import type { LabelledRows } from "../../../learn/train-student.ts";
import { joinRows, type WaveformRows } from "./recorded-rows.ts";

/**
 * Joins with weights. Fault and none weigh the same, or a student that did not hear a faulty machine would think faults rarer
 * than the others do, and rank its faults lower than they rank theirs.
 */
export function joinWeighed(
  signals: readonly WaveformRows[],
  kind: "served" | "training",
  failureModes: readonly string[],
): LabelledRows {
  const stateOf = ({ entry, failureMode }: WaveformRows): string => `${entry.machine}\n${failureMode}`;
  const rowsOf = new Map<string, number>();
  for (const signal of signals) {
    rowsOf.set(stateOf(signal), (rowsOf.get(stateOf(signal)) ?? 0) + signal[kind].rows);
  }
  const states = (isFaulty: boolean): number =>
    new Set(
      signals
        .filter((signal) => (signal.failureMode !== null) === isFaulty && signal[kind].rows > 0)
        .map(stateOf),
    ).size;
  const [faulty, healthy] = [states(true), states(false)];
  const joined = joinRows(signals, kind, failureModes);
  const weights = new Float32Array(joined.rows);
  let at = 0;
  for (const signal of signals) {
    const all = signal.failureMode === null ? healthy : faulty;
    weights.fill(1 / (all * rowsOf.get(stateOf(signal))!), at, at + signal[kind].rows);
    at += signal[kind].rows;
  }
  return { ...joined, weights };
}
