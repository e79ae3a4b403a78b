/**
 * Figures on invented rigs that nobody learnt from: how each stage of the shrink does on machines that are not the
 * laboratory's, and whether the common calibration holds there.
 */
import { computeFigure, drawResamples, type Figure, formatFigure } from "../../../judge/figure.ts";
import { computeBrier, createAuroc, createMacroAuroc, createMeanBrier } from "../../../judge/metrics.ts";
import { countRows, labelSet, type ScoredSet, selectSet } from "../../../judge/scored-set.ts";
import { joinLabelled } from "../../../learn/train-student.ts";
import type { BearingConfig } from "../bearing-config.ts";
import type { ScoredLogits } from "../learn/calibrate-student.ts";
import { type Contenders, scoreContenders } from "../learn/contenders.ts";
import { describeRigs, type InventedSignal } from "../learn/invented-rows.ts";
import { calibrateBy, judgeCalibration } from "./cross-calibrate.ts";

/** One contender: AUROCs over windows, one failure mode against all else; intervals resample rigs. */
interface InventedStep {
  readonly name: string;
  readonly macroAuroc: Figure;
  readonly aurocPerMode: Readonly<Record<string, Figure>>;
}

export interface InventedFigures {
  readonly rigs: number;
  readonly windows: number;
  readonly steps: readonly InventedStep[];
  /** By a calibration that was fitted on the other half of the rigs, and the bearings out of fold. */
  readonly brier: number;
  readonly calibrationError: Figure;
}

/** Everybody's scores on invented recordings. */
export function scoreInvented(
  contenders: Contenders,
  config: Pick<BearingConfig, "features" | "hypotheses">,
  signals: readonly InventedSignal[],
): ScoredSet {
  const modes = config.hypotheses.map(({ failureMode }) => failureMode);
  return describeRigs(signals, modes, scoreContenders(contenders, config, joinLabelled(signals, modes)));
}

/** The int8 student's logits on invented recordings, to calibrate on; null where there are none. */
export function readInventedLogits(set: ScoredSet): ScoredLogits | null {
  if (set.signals.length === 0) return null;
  return { rows: countRows(set), logits: set.scores.int8!, labels: labelSet(set) };
}

/** Judges; null where no rigs are invented. */
export function judgeInvented(
  set: ScoredSet,
  folds: readonly ScoredSet[],
  config: BearingConfig,
): InventedFigures | null {
  if (set.signals.length === 0) return null;
  const resamples = drawResamples(set.signals, config.seed, 200);
  const steps = Object.keys(set.scores)
    .filter((name) => name !== "silent")
    .map((name): InventedStep => {
      const perMode = config.hypotheses.map(({ failureMode }, output) => {
        return [failureMode, computeFigure(createAuroc(set, name, output), resamples)] as const;
      });
      return {
        name,
        macroAuroc: computeFigure(createMacroAuroc([set], name), resamples),
        aurocPerMode: Object.fromEntries(perMode),
      };
    });
  const halves = calibrateHalves(set, folds, config);
  return {
    rigs: new Set(set.signals.map(({ unit }) => unit)).size,
    windows: countRows(set),
    steps,
    brier: meanBrier(halves),
    calibrationError: judgeCalibration(halves, config.seed),
  };
}

/** Each half of the rigs with the probabilities of a calibration that was fitted on the other. */
function calibrateHalves(set: ScoredSet, folds: readonly ScoredSet[], config: BearingConfig): ScoredSet[] {
  const units = [...new Set(set.signals.map(({ unit }) => unit))];
  const half = new Set(units.filter((_, index) => index % 2 === 0));
  const parts = [selectSet(set, ({ unit }) => half.has(unit)), selectSet(set, ({ unit }) => !half.has(unit))];
  return parts.map((part, index) =>
    calibrateBy(part, { folds, invented: readInventedLogits(parts[1 - index]!) }, config),
  );
}

/** Of all windows and modes. */
function meanBrier(sets: readonly ScoredSet[]): number {
  const cases = sets.map((set) => {
    const labels = labelSet(set);
    return { rows: labels.length, brier: computeBrier(set.scores.probability!, labels) };
  });
  return createMeanBrier(cases)(new Float64Array(cases.length).fill(1));
}

/** The stages in words, one line each. */
export function sayInvented({ rigs, windows, steps, brier, calibrationError }: InventedFigures): string[] {
  const lines = steps.map(({ name, macroAuroc, aurocPerMode }) => {
    const modes = Object.entries(aurocPerMode).map(([mode, { value }]) => `${mode} ${value.toFixed(3)}`);
    return `${name}: ${formatFigure(macroAuroc)} (${modes.join(", ")})`;
  });
  return [
    `Macro AUROC over windows of ${rigs} invented rigs (${windows} windows) that nobody learnt from:`,
    ...lines,
    `Brier score ${brier.toFixed(3)}, calibration error ${formatFigure(calibrationError)}.`,
  ];
}
