/**
 * Lives through the data as a gateway would: residuals of every usable row, the site's correction, medians of days, the
 * monitor with its sensor guard. Uses the logbook only up to the day that it has come to.
 */
import type { NormalBehaviourSpec } from "../../../../core/contract/bundle/normal-behaviour.ts";
import {
  createDailyMedian,
  type DayOfResiduals,
} from "../../../../core/decision/normal-behaviour/daily-median.ts";
import { createResidualMonitor } from "../../../../core/decision/normal-behaviour/residual-monitor.ts";
import {
  applySiteCorrection,
  createSiteCorrectionLearner,
  type PredictedRow,
  type SiteCorrection,
} from "../../../../core/decision/normal-behaviour/site-correction.ts";
import type { LoggedEvent } from "../../../dataset/scada/read-log.ts";
import { type RegressionForm, regressionForms } from "../../../learn/regression-student.ts";
import { learnableRows, type ScadaCase } from "../learn/scada-case.ts";
import { dayOf, type TurbineRows } from "../learn/scada-rows.ts";
import { type LearnableRow, runScadaForm, type ScadaStudent } from "../learn/train-scada-student.ts";
import { bandOperation, collectErrorCells, type TurbineDays, type TurbineErrors } from "./scada-slices.ts";

interface PredictedRows {
  /** [rows × inputs]. */
  readonly standardised: Float32Array;
  /** [rows × outputs], dequantised. */
  readonly outputs: Float32Array;
}

/** One turbine's rows, what a student says of them, and how that is read. */
interface PredictedTurbine {
  readonly rows: TurbineRows;
  readonly predicted: PredictedRows;
  readonly spec: ReplaySpec;
}

export type ReplaySpec = Pick<
  NormalBehaviourSpec,
  "residuals" | "siteCorrection" | "statistics" | "guard" | "policy"
>;

/** Lives through all turbines with each form of a student. */
export function replayForms(
  subject: ScadaCase,
  student: ScadaStudent,
  spec: ReplaySpec,
): ReadonlyMap<RegressionForm, readonly TurbineErrors[]> {
  return new Map(
    regressionForms.map((form) => [
      form,
      replayStudent(subject, spec, (rows) => runScadaForm(student, form, rows)),
    ]),
  );
}

/** What makes a component's past begin anew, in order of time. */
export function orderEvents(
  failures: readonly LoggedEvent[],
  services: readonly LoggedEvent[],
): readonly LoggedEvent[] {
  return [...failures, ...services].sort((a, b) => a.timestampMs - b.timestampMs);
}

export function replayStudent(
  subject: ScadaCase,
  spec: ReplaySpec,
  predict: (rows: TurbineRows) => PredictedRows,
): TurbineErrors[] {
  const { config, failures, services, split } = subject;
  const repairs = orderEvents(failures, services);
  const fromMs = split.startMs;
  const learnable = learnableRows(subject);
  const bands = bandOperation(
    config.channels.map((channel) => channel.name),
    subject.rows.operation.powerCurve,
  );
  return subject.rows.turbines.map((rows) => {
    const residuals = computeTurbineResiduals({ rows, predicted: predict(rows), spec }, learnable);
    return {
      ...replayResiduals(rows, residuals, { spec, repairs }),
      cells: collectErrorCells(rows, residuals, { bands, fromMs }),
    };
  });
}

/**
 * Residuals [rows × outputs] of one turbine's usable rows, NaN for the others: measured less expected, less the site's
 * correction, which is learnt on the rows that `isLearnable` allows.
 */
export function computeTurbineResiduals(turbine: PredictedTurbine, isLearnable: LearnableRow): Float64Array {
  const { rows, spec } = turbine;
  const outputs = spec.residuals.length;
  const compute = createResiduals(turbine, learnCorrection(turbine, isLearnable));
  const all = new Float64Array(rows.rows * outputs).fill(Number.NaN);
  for (let row = 0; row < rows.rows; row++) {
    if (rows.usable[row] === 1) compute(row, all.subarray(row * outputs, (row + 1) * outputs));
  }
  return all;
}

interface ReplayContext {
  readonly spec: ReplaySpec;
  /** Failures and services in order of time, of which each is told on its day. */
  readonly repairs: readonly LoggedEvent[];
}

/** Lives through one turbine's residuals; rows of NaN count as not usable. */
export function replayResiduals(
  rows: TurbineRows,
  residuals: Float64Array,
  { spec, repairs }: ReplayContext,
): TurbineDays {
  const outputs = spec.residuals.length;
  const own = repairs.filter((repair) => repair.turbine === rows.turbine);
  const median = createDailyMedian(outputs, spec.statistics.minRowsPerDay);
  const monitor = createResidualMonitor(spec);
  const days: number[] = [];
  const z: number[] = [];
  const scores = monitor.components.map((): number[] => []);
  const sensorFaults: (readonly [number, number])[] = [];
  let told = 0;
  const take = (day: DayOfResiduals | null): void => {
    if (day === null) return;
    const from = days.length === 0 ? day.day : days.at(-1)! + 1;
    for (let at = from; at <= day.day; at++) {
      // What was logged by the end of the day before is known on this day.
      for (; told < own.length && dayOf(own[told]!.timestampMs) < at; told++) {
        monitor.repaired(own[told]!.component, dayOf(own[told]!.timestampMs));
      }
      const medians = at === day.day ? day.medians : new Float64Array(outputs).fill(Number.NaN);
      const seen = monitor.update(at, medians);
      days.push(at);
      z.push(...seen.z);
      for (const [index, list] of scores.entries()) list.push(seen.scores[index]!);
      for (const output of seen.sensorFaults) sensorFaults.push([at, output]);
    }
  };
  const errorOfDay = new Map<number, { sum: number; count: number }>();
  for (let row = 0; row < rows.rows; row++) {
    const timeMs = rows.timestampMs[row]!;
    take(median.advance(timeMs));
    const current = residuals.subarray(row * outputs, (row + 1) * outputs);
    if (rows.usable[row] === 0 || Number.isNaN(current[0]!)) continue;
    take(median.add(timeMs, current));
    const today = errorOfDay.get(dayOf(timeMs)) ?? { sum: 0, count: 0 };
    errorOfDay.set(dayOf(timeMs), today);
    for (const residual of current) today.sum += Math.abs(residual);
    today.count += outputs;
  }
  take(median.advance(Number.POSITIVE_INFINITY));
  return {
    turbine: rows.turbine,
    days,
    z: Float64Array.from(z),
    scores: new Map(
      monitor.components.map((component, index) => [component, Float64Array.from(scores[index]!)]),
    ),
    sensorFaults,
    dailyError: Float64Array.from(days, (day) => {
      const error = errorOfDay.get(day);
      return error === undefined ? Number.NaN : error.sum / error.count;
    }),
  };
}

function learnCorrection(turbine: PredictedTurbine, isLearnable: LearnableRow): SiteCorrection | null {
  const { rows, predicted, spec } = turbine;
  if (spec.siteCorrection === undefined) return null;
  const outputs = spec.residuals.length;
  const inputs = predicted.standardised.length / rows.rows;
  const learner = createSiteCorrectionLearner(spec.siteCorrection, { inputs, outputs });
  const compute = createResiduals(turbine, null);
  const residuals = new Float64Array(outputs);
  for (let row = 0; row < rows.rows; row++) {
    if (rows.usable[row] === 0 || !isLearnable(rows, row)) continue;
    compute(row, residuals);
    learner.add(predictedRow(turbine, row), residuals);
  }
  return learner.fit();
}

/** Writes measured less expected, less the site's own share, of one row. */
function createResiduals(
  turbine: PredictedTurbine,
  correction: SiteCorrection | null,
): (row: number, out: Float64Array) => void {
  const { rows, predicted, spec } = turbine;
  const outputs = spec.residuals.length;
  return (row, out) => {
    for (const [output, { location, scale }] of spec.residuals.entries()) {
      const expected = location + scale * predicted.outputs[row * outputs + output]!;
      out[output] = rows.measured[row * outputs + output]! - expected;
    }
    if (correction !== null) applySiteCorrection(correction, predictedRow(turbine, row), out);
  };
}

function predictedRow({ rows, predicted }: PredictedTurbine, row: number): PredictedRow {
  const rowOf = (values: Float32Array): Float32Array => {
    const width = values.length / rows.rows;
    return values.subarray(row * width, (row + 1) * width);
  };
  return { standardised: rowOf(predicted.standardised), outputs: rowOf(predicted.outputs) };
}
