/** Everything that training and judging of a normal-behaviour student share: rows, logbook, costs, and the split in time. */

import type { NormalBehaviourSpec } from "../../../../core/contract/bundle/normal-behaviour.ts";
import {
  type ComponentCost,
  type EdpFailure,
  edpTurbines,
  readEdpCosts,
  readEdpFailures,
} from "../../../dataset/edp-logbook.ts";
import { edpTestEndMs, edpTestStartMs, edpTrainStartMs } from "../../../dataset/edp-signals.ts";
import type { RegressionForm } from "../../../learn/regression-student.ts";
import type { TensorTrainer } from "../../../learn/tensor-trainer.ts";
import {
  computeTurbineResiduals,
  dayOf,
  isNearFailure,
  type PredictedRows,
  type ReplaySpec,
  replayResiduals,
  type TurbineDays,
} from "../judge/replay-turbines.ts";
import type { ScadaConfig } from "../scada-config.ts";
import { bandOperation, collectErrorCells, type ErrorCell, type RowBand } from "./error-cells.ts";
import { fitPolicy } from "./fit-policy.ts";
import { readScadaRows, type ScadaRows } from "./scada-rows.ts";
import {
  distilScadaStudent,
  finetuneScadaStudent,
  inventScadaRows,
  type LearnableRow,
  type PreparedScadaRows,
  prepareScadaRows,
  quantiseScadaForms,
  runScadaForm,
  type ScadaStudent,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "./train-scada-student.ts";

/** A split in time: learnt before `startMs`, judged from there to `endMs`. */
export interface TimeSplit {
  readonly startMs: number;
  readonly endMs: number;
}

/** The published split. */
export const testSplit: TimeSplit = { startMs: edpTestStartMs, endMs: edpTestEndMs };
/** A split inside the train period, for the figures of the student that may be looked at any time. */
export const tuningSplit: TimeSplit = { startMs: Date.parse("2017-01-01T00:00:00Z"), endMs: edpTestStartMs };

/** What is worked on. */
export interface ScadaCase {
  readonly config: ScadaConfig;
  readonly rows: ScadaRows;
  /** The whole logbook for the published split, that of the train period for the one inside it. */
  readonly failures: readonly EdpFailure[];
  readonly costs: ReadonlyMap<string, ComponentCost>;
  readonly split: TimeSplit;
}

/** Reads it. Fails with CONFIG_INVALID, DATA_MISSING or DATA_FORMAT. */
export async function readScadaCase(
  dataDir: string,
  config: ScadaConfig,
  split: TimeSplit,
): Promise<ScadaCase> {
  const periods = split.endMs > edpTestStartMs ? "train-and-test" : "train";
  const failures = await readEdpFailures(dataDir);
  return {
    config,
    split,
    rows: await readScadaRows(dataDir, config, periods),
    failures: failures.filter((failure) => failure.timestampMs < Math.max(split.endMs, edpTestStartMs)),
    costs: await readEdpCosts(dataDir),
  };
}

/** May a row be learnt from? */
export function learnableRows({ config, failures, split }: Omit<ScadaCase, "costs">): LearnableRow {
  const { startMs } = split;
  const { excludeDays } = config.recipe;
  return (rows, row) => {
    const timeMs = rows.timestampMs[row]!;
    return (
      timeMs < startMs &&
      rows.usable[row] === 1 &&
      !isNearFailure(rows.turbine, timeMs, failures, excludeDays, startMs)
    );
  };
}

/** All stages of one seed. */
export function trainScadaStudent(
  subject: ScadaCase,
  prepared: PreparedScadaRows,
  trainer: TensorTrainer,
  seed: number,
): ScadaStudent {
  const { recipe } = subject.config;
  const { scaler, location, scale } = prepared;
  const teacher = trainScadaTeacher(prepared, recipe, trainer, seed, () => {});
  const invented = inventCaseRows(subject, prepared, seed);
  const { wide, float } = distilScadaStudent(prepared, invented, recipe, trainer, teacher, seed);
  const untaught = trainUntaughtStudent(prepared, recipe, trainer, seed);
  const tuned = finetuneScadaStudent(prepared, invented, recipe, trainer, teacher, float, seed);
  const forms = quantiseScadaForms(prepared, invented, recipe, float, tuned);
  return { scaler, location, scale, teacher, wide, untaught, ...forms };
}

/** Gathers what may be learnt from. */
export function prepareScadaCase(subject: ScadaCase): PreparedScadaRows {
  return prepareScadaRows(subject.rows.turbines, learnableRows(subject), subject.config.recipe.clamp);
}

/** Rows that serving would meet, for the lessons of one seed's student. */
export function inventCaseRows(
  subject: ScadaCase,
  { scaler }: Pick<PreparedScadaRows, "scaler">,
  seed: number,
): Float32Array {
  const { config, rows } = subject;
  return inventScadaRows(rows.turbines, learnableRows(subject), config, config.recipe, scaler, seed);
}

/** The section of the manifest, with everything that was fitted before the split. */
export function describeBehaviour(
  { config, rows, failures, costs, split }: ScadaCase,
  { location, scale }: Pick<ScadaStudent, "location" | "scale">,
): NormalBehaviourSpec {
  const { siteCorrection, statistics, guard } = config;
  const exposure = {
    turbines: edpTurbines.length,
    days: dayOf(split.startMs) - dayOf(edpTrainStartMs),
    failures: failures.filter((failure) => failure.timestampMs < split.startMs),
  };
  return {
    residuals: config.residuals.map(({ channel, component, siblings }, output) => ({
      channel,
      component,
      siblings,
      location: location[output]!,
      scale: scale[output]!,
    })),
    operation: rows.operation,
    siteCorrection,
    statistics,
    guard,
    policy: fitPolicy(config.policy, exposure, costs),
  };
}

/** What a student says of rows that are not yet standardised. */
export type Predict = (features: Float32Array, rows: number) => PredictedRows;

/** A turbine's days, and where the student erred from the split on. */
export interface ReplayedTurbine extends TurbineDays {
  readonly cells: readonly ErrorCell[];
}

/** Lives through all turbines with one form of the student. */
export function replayForm(
  subject: ScadaCase,
  student: ScadaStudent,
  form: RegressionForm,
  spec: ReplaySpec,
): ReplayedTurbine[] {
  return replayStudent(subject, (features, rows) => runScadaForm(student, form, features, rows), spec);
}

/** Lives through all turbines with any student. */
export function replayStudent(subject: ScadaCase, predict: Predict, spec: ReplaySpec): ReplayedTurbine[] {
  const learnable = learnableRows(subject);
  const { startMs } = subject.split;
  const bands = describeBands(subject);
  return subject.rows.turbines.map((rows) => {
    const predicted = predict(rows.features, rows.rows);
    const residuals = computeTurbineResiduals(rows, predicted, spec, (row) => learnable(rows, row));
    return {
      ...replayResiduals(rows, residuals, spec, subject.failures, startMs),
      cells: collectErrorCells(rows, residuals, bands, startMs),
    };
  });
}

function describeBands({ config, rows }: ScadaCase): RowBand[] {
  const { windChannel, powerChannel, points } = rows.operation.powerCurve;
  return bandOperation({
    channels: config.channels.map((channel) => channel.name),
    windChannel,
    powerChannel,
    ratedPower: points.at(-1)![1],
  });
}
