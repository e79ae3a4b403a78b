/**
 * The protocol by which the policy was chosen: forward chaining over the train period alone. For each stretch of two
 * months a student of the final size learns from everything before it; the logbook's rates are known only as far as the
 * day; failures after the first half-year are counted. Never opens a test file.
 */

import type {
  InspectionPolicy,
  ResidualStatistics,
} from "../../../../core/contract/bundle/normal-behaviour.ts";
import { type ComponentCost, type EdpFailure, edpTurbines } from "../../../dataset/edp-logbook.ts";
import { edpTrainStartMs } from "../../../dataset/edp-signals.ts";
import { runDense } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import type { TensorTrainer } from "../../../learn/tensor-trainer.ts";
import { fitPolicy, learnableRows, type ScadaCase } from "../learn/scada-case.ts";
import { dayOf } from "../learn/scada-rows.ts";
import { prepareScadaRows, trainUntaughtStudent } from "../learn/train-scada-student.ts";
import type { PolicyConfig } from "../scada-config.ts";
import { computeTurbineResiduals, type ReplaySpec, replayResiduals } from "./replay-turbines.ts";
import type { TurbineDays } from "./scada-slices.ts";

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
export const chainStartMs: number = Date.parse("2016-06-01T00:00:00Z");

/** What a chain is trained with, and who is told how far it has come. */
export interface ChainTools {
  readonly trainer: TensorTrainer;
  readonly progress: (done: number, total: number) => void;
}

/** Days of every turbine, each judged by a student that knew only what came before. */
export function chainForward(
  subject: ScadaCase,
  spec: ReplaySpec,
  { trainer, progress }: ChainTools,
): TurbineDays[] {
  const { failures } = subject;
  const { recipe, seed } = subject.config;
  const { turbines } = subject.rows;
  const begins = cuts.map((cut) => Date.parse(`${cut}T00:00:00Z`));
  const chained: TurbineDays[][] = turbines.map(() => []);
  for (const [index, fromMs] of begins.entries()) {
    const learnable = learnableRows({ ...subject, split: { startMs: fromMs, endMs: fromMs } });
    const prepared = prepareScadaRows(turbines, learnable, recipe.clamp);
    const network = trainUntaughtStudent({ rows: prepared, recipe, trainer, seed });
    const own: ReplaySpec = {
      ...spec,
      statistics: commissionUntil(spec.statistics, fromMs),
      residuals: spec.residuals.map((residual, output) => ({
        ...residual,
        location: prepared.location[output]!,
        scale: prepared.scale[output]!,
      })),
    };
    for (const [at, rows] of turbines.entries()) {
      const standardised = standardiseRows(rows.features, rows.rows, prepared.scaler);
      const predicted = { standardised, outputs: runDense(network, standardised, rows.rows) };
      const all = computeTurbineResiduals({ rows, predicted, spec: own }, learnable);
      // Every student lives through the whole past, as a bundle does on the day that it is installed.
      chained[at]!.push(replayResiduals(rows, all, { spec: own, failures, errorsFromMs: fromMs }));
    }
    progress(index + 1, begins.length);
  }
  return chained.map((replays) => spliceDays(replays, begins.map(dayOf)));
}

/** A reference of commissioning ends where the student's knowledge does. */
function commissionUntil(statistics: ResidualStatistics, endMs: number): ResidualStatistics {
  if (statistics.reference !== "commissioning") return statistics;
  const historyDays = dayOf(endMs) - dayOf(edpTrainStartMs);
  return { ...statistics, historyDays: Math.min(statistics.historyDays, historyDays) };
}

/** Of each stretch the days that its own student judged; what came before the first one is the first one's too. */
function spliceDays(replays: readonly TurbineDays[], begins: readonly number[]): TurbineDays {
  const { turbine, days, mae, scores } = replays.at(-1)!;
  const outputs = mae.length;
  const judgeOf = (day: number): TurbineDays =>
    replays[Math.max(0, begins.filter((begin) => begin <= day).length - 1)]!;
  const pick = <T>(of: (replay: TurbineDays, at: number) => T): T[] =>
    days.map((day) => of(judgeOf(day), day - judgeOf(day).days[0]!));
  return {
    turbine,
    days,
    mae,
    z: Float64Array.from(pick(({ z }, at) => [...z.subarray(at * outputs, (at + 1) * outputs)]).flat()),
    scores: new Map(
      [...scores.keys()].map((component) => [
        component,
        Float64Array.from(pick((replay, at) => replay.scores.get(component)![at]!)),
      ]),
    ),
    sensorFaults: replays.flatMap((replay) => replay.sensorFaults.filter(([day]) => judgeOf(day) === replay)),
    dailyError: Float64Array.from(pick(({ dailyError }, at) => dailyError[at]!)),
  };
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
