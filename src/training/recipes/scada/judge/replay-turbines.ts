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
  type SiteCorrection,
} from "../../../../core/decision/normal-behaviour/site-correction.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import type { EdpFailure } from "../../../dataset/edp-logbook.ts";
import type { TurbineRows } from "../learn/scada-rows.ts";

/** What a student says of one turbine's rows. */
export interface PredictedRows {
  /** [rows × inputs]. */
  readonly standardised: Float32Array;
  /** [rows × outputs], dequantised. */
  readonly outputs: Float32Array;
}

/** What the replay needs of a bundle. */
export type ReplaySpec = Pick<
  NormalBehaviourSpec,
  "residuals" | "siteCorrection" | "statistics" | "guard" | "policy"
>;

/** One turbine's days. */
export interface TurbineDays {
  readonly turbine: string;
  /** Whole days since the epoch, rising; every day from the first to the last. */
  readonly days: readonly number[];
  /** [days × outputs]. */
  readonly z: Float64Array;
  /** Component → score of each day; NaN = nothing is known. */
  readonly scores: ReadonlyMap<string, Float64Array>;
  /** Days on which an output was set aside because its sensor stepped, as [day, output]. */
  readonly sensorFaults: readonly (readonly [number, number])[];
  /** Mean |residual| a output over the usable rows from `maeFromMs` on. */
  readonly mae: readonly number[];
  /** Mean |residual| of each day over usable rows and outputs; NaN without rows. */
  readonly dailyError: Float64Array;
}

/** Day of a time. */
export function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / dayMs);
}

/** Is the row in the weeks before a failure of this turbine that was logged before `knownMs`, or just after one? */
export function isNearFailure(
  turbine: string,
  timestampMs: number,
  failures: readonly EdpFailure[],
  excludeDays: number,
  knownMs: number,
): boolean {
  return failures.some(
    (failure) =>
      failure.turbine === turbine &&
      failure.timestampMs < knownMs &&
      timestampMs > failure.timestampMs - excludeDays * dayMs &&
      timestampMs < failure.timestampMs + 3 * dayMs,
  );
}

/**
 * Residuals [rows × outputs] of one turbine's usable rows, NaN for the others: measured less expected, less the site's
 * correction, which is learnt on the rows that `learnt` allows.
 */
export function computeTurbineResiduals(
  rows: TurbineRows,
  predicted: PredictedRows,
  spec: ReplaySpec,
  learnt: (row: number) => boolean,
): Float64Array {
  const outputs = spec.residuals.length;
  const correction = learnCorrection(rows, predicted, spec, learnt);
  const all = new Float64Array(rows.rows * outputs).fill(Number.NaN);
  const residuals = new Float64Array(outputs);
  for (let row = 0; row < rows.rows; row++) {
    if (rows.usable[row] === 0) continue;
    computeResiduals(rows, predicted, spec, correction, row, residuals);
    all.set(residuals, row * outputs);
  }
  return all;
}

/** Lives through one turbine's residuals; rows of NaN count as not usable. Errors are measured from `maeFromMs` on. */
export function replayResiduals(
  rows: TurbineRows,
  residuals: Float64Array,
  spec: ReplaySpec,
  failures: readonly EdpFailure[],
  maeFromMs: number,
): TurbineDays {
  const outputs = spec.residuals.length;
  const own = failures.filter((failure) => failure.turbine === rows.turbine);
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
  const errors = new Float64Array(outputs);
  const errorOfDay = new Map<number, { sum: number; count: number }>();
  let judged = 0;
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
    if (timeMs < maeFromMs) continue;
    judged++;
    for (let output = 0; output < outputs; output++) errors[output]! += Math.abs(current[output]!);
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
    mae: Array.from(errors, (sum) => sum / Math.max(1, judged)),
    dailyError: Float64Array.from(days, (day) => {
      const error = errorOfDay.get(day);
      return error === undefined ? Number.NaN : error.sum / error.count;
    }),
  };
}

function learnCorrection(
  rows: TurbineRows,
  predicted: PredictedRows,
  spec: ReplaySpec,
  learnt: (row: number) => boolean,
): SiteCorrection | null {
  if (spec.siteCorrection === undefined) return null;
  const outputs = spec.residuals.length;
  const inputs = predicted.standardised.length / rows.rows;
  const learner = createSiteCorrectionLearner(spec.siteCorrection, inputs, outputs);
  const residuals = new Float64Array(outputs);
  for (let row = 0; row < rows.rows; row++) {
    if (rows.usable[row] === 0 || !learnt(row)) continue;
    computeResiduals(rows, predicted, spec, null, row, residuals);
    learner.add(...inputsOfRow(predicted, inputs, outputs, row), residuals);
  }
  return learner.fit();
}

/** Measured less expected, less the site's own share. */
function computeResiduals(
  rows: TurbineRows,
  predicted: PredictedRows,
  spec: ReplaySpec,
  correction: SiteCorrection | null,
  row: number,
  out: Float64Array,
): void {
  const outputs = spec.residuals.length;
  for (const [output, { location, scale }] of spec.residuals.entries()) {
    const expected = location + scale * predicted.outputs[row * outputs + output]!;
    out[output] = rows.measured[row * outputs + output]! - expected;
  }
  if (correction === null) return;
  applySiteCorrection(correction, ...inputsOfRow(predicted, correction.inputs, outputs, row), out);
}

function inputsOfRow(
  predicted: PredictedRows,
  inputs: number,
  outputs: number,
  row: number,
): [Float32Array, Float32Array] {
  return [
    predicted.standardised.subarray(row * inputs, (row + 1) * inputs),
    predicted.outputs.subarray(row * outputs, (row + 1) * outputs),
  ];
}
