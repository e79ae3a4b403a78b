/** The predictions of windows as rows of a table. */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { computeFaultProbability } from "../../../core/decision/calibrate.ts";
import type { ScoredWindow } from "./ask-student.ts";
import { probabilityKey } from "./file-summary.ts";
import { openRowWriter, type RowWriter } from "./row-writer.ts";

/** An open table. */
export interface PredictionTable extends Omit<RowWriter, "add"> {
  /** Adds a row; `isShort`: the window is shorter than the bundle's. */
  add(file: string, index: number, scored: ScoredWindow, isShort: boolean): Promise<void>;
}

/** Begins a table at `path`, whose folder must exist. Fails with STORE. */
export async function openPredictionTable(
  path: string,
  { outputs, calibration }: Manifest,
): Promise<PredictionTable> {
  const keys = outputs.map(({ failureMode }) => probabilityKey(failureMode));
  const writer = await openRowWriter(path, [
    "file",
    "window",
    "from_ms",
    "to_ms",
    "shaft_rpm",
    ...keys.map((key) => `quantised_${key}`),
    ...keys.map((key) => `probability_${key}`),
    "fault_probability",
    "short",
  ]);
  return {
    ...writer,
    add: (file, index, { window, output, probabilities, faultLogits }, isShort) =>
      writer.add([
        file,
        index,
        window.fromMs,
        window.toMs,
        window.shaftRpm,
        ...output.quantised,
        ...probabilities,
        computeFaultProbability(faultLogits, calibration),
        isShort ? 1 : 0,
      ]),
  };
}
