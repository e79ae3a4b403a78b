/** What a file's windows say together, and what was set aside. */
import type { Calibration, Manifest } from "../../../core/contract/bundle/manifest.ts";
import { computeFaultProbability, computeProbability } from "../../../core/decision/calibrate.ts";
import type { ErrorReport } from "../../terminal/end-process.ts";
import { createLossCounter, type LossCounter, type Losses } from "../files/file-report.ts";
import type { AnsweredWindow } from "./ask-student.ts";
import { createSeverityMedian, type SeverityReference, type SeverityScale } from "./recording-severity.ts";

/** One file in `aurora score --json`. */
export interface FileSummary {
  readonly file: string;
  /** Windows that were scored, and those of them that are shorter than the bundle's. */
  readonly windows: number;
  readonly shortWindows: number;
  /** Of the mean logits of the windows (where they are few: of overlapping ones), calibrated (hedged), by {@link probabilityKey}; null without a window. */
  readonly probabilities: Readonly<Record<string, number | null>>;
  /** That any of the faults is there; null without a window. */
  readonly faultProbability: number | null;
  /** Median over the recording's tenths of a second, dB above what `severityReference` names; null: nothing was heard. */
  readonly severity: number | null;
  readonly severityReference: SeverityReference;
  /**
   * Failure modes that are likelier than not, of which in most windows nothing speaks but lines where electrical hum or harmonics of the shaft
   * stand: a gateway raises none of them within minutes (src/adr/0070).
   */
  readonly foreignModes: readonly string[];
  /** Windows that were lost to bad data, and samples by the reason that they were set aside for. */
  readonly setAside: Losses;
  /** Why the file, or the rest of it, could not be read; absent where all went well. */
  readonly error?: ErrorReport;
}

/** What a file is summed up of. */
export type WindowLogits = Pick<AnsweredWindow, "output" | "faultLogits">;

interface SummaryBuilder {
  /** `foreignModes`: of which nothing but foreign lines speaks in it. */
  update(scored: WindowLogits, isShort: boolean, foreignModes?: readonly string[]): void;
  /**
   * Takes one of many overlapping windows: once there are any, probabilities rest on them, and the
   * windows proper are only counted.
   */
  overlap(scored: WindowLogits): void;
  readonly setAside: LossCounter["update"];
  /** Was a window begun and broken? Then `fits` bounds how many are lost. */
  readonly hasLost: boolean;
  /** So many windows would fit into the recording. */
  fits(windows: number): void;
  /** Of a tenth of a second. */
  addLevels(levels: Float32Array, shaftRpm: number): void;
  summarise(error?: ErrorReport): FileSummary;
}

/** The failure mode without `-race`: `inner`, `outer`, `ball`. */
export function probabilityKey(failureMode: string): string {
  return failureMode.replace(/-race$/, "");
}

export function createSummary(file: string, manifest: Manifest, scale: SeverityScale): SummaryBuilder {
  const { outputs, calibration } = manifest;
  const hedged = hedgeCalibrations(calibration);
  const proper = createLogitMean(outputs.length);
  const overlapping = createLogitMean(outputs.length);
  const counter = createLossCounter();
  const severity = createSeverityMedian(scale);
  let windows = 0;
  let shortWindows = 0;
  let fitting = Number.POSITIVE_INFINITY;
  const foreign = new Map<string, number>();
  return {
    update: (scored, isShort, foreignModes = []) => {
      windows++;
      if (isShort) shortWindows++;
      for (const mode of foreignModes) foreign.set(mode, (foreign.get(mode) ?? 0) + 1);
      proper.add(scored);
    },
    overlap: overlapping.add,
    setAside: counter.update,
    get hasLost() {
      return counter.losses.windows > 0;
    },
    fits: (most) => {
      fitting = most;
    },
    addLevels: severity.add,
    summarise: (error) => {
      // Logits, not probabilities: those of strong faults would all be 1 and could not be ranked.
      const { logits, faultLogits } = (overlapping.count > 0 ? overlapping : proper).means();
      const probabilityOf = (index: number): number => computeProbability(logits[index]!, hedged[index]!);
      return {
        file,
        windows,
        shortWindows,
        probabilities: Object.fromEntries(
          outputs.map(({ failureMode }, index) => [
            probabilityKey(failureMode),
            windows === 0 ? null : probabilityOf(index),
          ]),
        ),
        faultProbability: windows === 0 ? null : computeFaultProbability(faultLogits, calibration),
        severity: severity.value,
        severityReference: scale.reference,
        foreignModes: outputs.flatMap(({ failureMode }, index) => {
          const isForeign = 2 * (foreign.get(failureMode) ?? 0) > windows;
          return isForeign && probabilityOf(index) >= 0.5 ? [failureMode] : [];
        }),
        setAside: counter.bound(fitting, windows),
        ...(error === undefined ? {} : { error }),
      };
    },
  };
}

interface LogitMean {
  readonly count: number;
  add(scored: WindowLogits): void;
  means(): { readonly logits: number[]; readonly faultLogits: number[] };
}

function createLogitMean(outputs: number): LogitMean {
  const sums = new Float64Array(outputs);
  const faultSums = new Float64Array(outputs);
  let count = 0;
  return {
    get count(): number {
      return count;
    },
    add: ({ output, faultLogits }) => {
      count++;
      for (let index = 0; index < outputs; index++) {
        sums[index]! += output.logits[index]!;
        faultSums[index]! += faultLogits[index]!;
      }
    },
    means: () => ({
      logits: Array.from(sums, (sum) => sum / count),
      faultLogits: Array.from(faultSums, (sum) => sum / count),
    }),
  };
}

/**
 * Calibrations for recordings of a machine that nobody trained on, one a mode: half the mode's own, half the mean of all
 * modes'. A mode's own says how weak a trace that fault leaves on the training rig, and lifts it there; on another machine it
 * makes every second healthy recording look like that fault (src/adr/0028). The gateway's decisions keep each mode's own.
 */
export function hedgeCalibrations(calibration: readonly Calibration[]): Calibration[] {
  const meanOf = (key: keyof Calibration): number =>
    calibration.reduce((sum, own) => sum + own[key], 0) / calibration.length;
  const mean = { slope: meanOf("slope"), intercept: meanOf("intercept") };
  return calibration.map(({ slope, intercept }) => ({
    slope: (slope + mean.slope) / 2,
    intercept: (intercept + mean.intercept) / 2,
  }));
}
