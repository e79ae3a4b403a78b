/**
 * The protocol by which the policy was chosen: forward chaining over the train period alone. For each stretch of two
 * months a student of the final size learns from everything before it; the logbook's rates are known only as far as the
 * day; failures after the first half-year are counted. Never opens a test file.
 */
import type { InspectionPolicy } from "../../contract/normal-behaviour.ts";
import { type ComponentCost, type EdpFailure, edpTurbines } from "../../dataset/edp-logbook.ts";
import { edpTestStartMs, edpTrainStartMs } from "../../dataset/edp-signals.ts";
import type { TensorTrainer } from "../tensor-trainer.ts";
import { runDense } from "../tied-network.ts";
import { standardiseRows } from "../train-student.ts";
import { fitPolicy } from "./fit-policy.ts";
import {
  computeTurbineResiduals,
  dayOf,
  isNearFailure,
  type ReplaySpec,
  replayResiduals,
  type TurbineDays,
} from "./replay-turbines.ts";
import type { PolicyConfig, ScadaStudentRecipe } from "./scada-config.ts";
import type { TurbineRows } from "./scada-rows.ts";
import { prepareScadaRows, trainUntaughtStudent } from "./train-scada-student.ts";

/** Begins of the stretches; the last one ends with the train period. */
const cuts = [
  "2016-03-01",
  "2016-05-01",
  "2016-07-01",
  "2016-09-01",
  "2016-11-01",
  "2017-01-01",
  "2017-03-01",
];
/** Failures are counted from here on, with half a month for the first decisions. */
export const chainCountsFromMs: number = Date.parse("2016-06-15T00:00:00Z");
/** First decision. */
export const chainStartMs: number = Date.parse("2016-06-01T00:00:00Z");

/** Days of every turbine, each judged by a student that knew only what came before. */
export function chainForward(
  turbines: readonly TurbineRows[],
  failures: readonly EdpFailure[],
  parts: { readonly spec: ReplaySpec; readonly recipe: ScadaStudentRecipe; readonly seed: number },
  trainer: TensorTrainer,
  progress: (done: number, total: number) => void,
): TurbineDays[] {
  const { spec, recipe, seed } = parts;
  const outputs = spec.residuals.length;
  const begins = cuts.map((cut) => Date.parse(`${cut}T00:00:00Z`));
  const residuals = turbines.map((rows) => new Float64Array(rows.rows * outputs).fill(Number.NaN));
  for (const [index, fromMs] of begins.entries()) {
    const toMs = begins[index + 1] ?? edpTestStartMs;
    const learnable = (rows: TurbineRows, row: number): boolean => {
      const timeMs = rows.timestampMs[row]!;
      return (
        timeMs < fromMs &&
        rows.usable[row] === 1 &&
        !isNearFailure(rows.turbine, timeMs, failures, recipe.excludeDays, fromMs)
      );
    };
    const prepared = prepareScadaRows(turbines, learnable, recipe.clamp);
    const network = trainUntaughtStudent(prepared, recipe, trainer, seed);
    const own: ReplaySpec = {
      ...spec,
      residuals: spec.residuals.map((residual, output) => ({
        ...residual,
        location: prepared.location[output]!,
        scale: prepared.scale[output]!,
      })),
    };
    for (const [at, rows] of turbines.entries()) {
      const standardised = standardiseRows(rows.features, rows.rows, prepared.scaler);
      const predicted = { standardised, outputs: runDense(network, standardised, rows.rows) };
      const all = computeTurbineResiduals(rows, predicted, own, (row) => learnable(rows, row));
      for (let row = 0; row < rows.rows; row++) {
        const timeMs = rows.timestampMs[row]!;
        if (timeMs < fromMs || timeMs >= toMs) continue;
        residuals[at]!.set(all.subarray(row * outputs, (row + 1) * outputs), row * outputs);
      }
    }
    progress(index + 1, begins.length);
  }
  return turbines.map((rows, at) => replayResiduals(rows, residuals[at]!, spec, failures, begins[0]!));
}

/** The policy as it would have been known on a day: rates from the failures before its end alone. */
export function chainedPolicy(
  config: PolicyConfig,
  failures: readonly EdpFailure[],
  costs: ReadonlyMap<string, ComponentCost>,
): (day: number) => InspectionPolicy {
  const known = new Map<number, InspectionPolicy>();
  return (day) => {
    const earlier = failures.filter((failure) => dayOf(failure.timestampMs) <= day);
    const days = day + 1 - dayOf(edpTrainStartMs);
    const policy =
      known.get(day) ?? fitPolicy(config, { turbines: edpTurbines.length, days, failures: earlier }, costs);
    known.set(day, policy);
    return policy;
  };
}
