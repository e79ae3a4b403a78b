/**
 * The protocol by which a policy is chosen: forward chaining over the train period alone. For each stretch a student of
 * the final size learns from everything before it; the log's rates are known only as far as the day. Never opens a file
 * that begins with the test.
 */

import type {
  InspectionPolicy,
  ResidualStatistics,
} from "../../../../core/contract/bundle/normal-behaviour.ts";
import { parseDay } from "../../../dataset/scada/table-config.ts";
import { runDense } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import type { TensorTrainer } from "../../../learn/tensor-trainer.ts";
import { fitPolicy } from "../learn/fit-policy.ts";
import { learnableRows, type ScadaCase } from "../learn/scada-case.ts";
import { dayOf } from "../learn/scada-rows.ts";
import { prepareScadaRows, trainUntaughtStudent } from "../learn/train-scada-student.ts";
import type { TuningDays } from "../scada-config.ts";
import { computeTurbineResiduals, orderEvents, type ReplaySpec, replayResiduals } from "./replay-turbines.ts";
import type { TurbineDays } from "./scada-slices.ts";

/** What a chain is trained with, and who is told how far it has come. */
export interface ChainTools {
  /** Begins of the stretches; the last one ends with the train period. */
  readonly stretches: TuningDays["stretches"];
  readonly trainer: TensorTrainer;
  readonly progress: (done: number, total: number) => void;
}

/** Days of every turbine, each judged by a student that knew only what came before. */
export function chainForward(
  subject: ScadaCase,
  spec: ReplaySpec,
  { stretches, trainer, progress }: ChainTools,
): TurbineDays[] {
  const { failures, services, beginMs } = subject;
  const { recipe, seed } = subject.config;
  const { turbines } = subject.rows;
  const begins = stretches.map(parseDay);
  const chained: TurbineDays[][] = turbines.map(() => []);
  for (const [index, fromMs] of begins.entries()) {
    const learnable = learnableRows({ ...subject, split: { startMs: fromMs, endMs: fromMs } });
    const prepared = prepareScadaRows(turbines, learnable, recipe.clamp);
    const network = trainUntaughtStudent({ rows: prepared, recipe, trainer, seed });
    const own: ReplaySpec = {
      ...spec,
      statistics: commissionUntil(spec.statistics, beginMs, fromMs),
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
      chained[at]!.push(replayResiduals(rows, all, { spec: own, repairs: orderEvents(failures, services) }));
    }
    progress(index + 1, begins.length);
  }
  return chained.map((replays) => spliceDays(replays, begins.map(dayOf)));
}

/** A reference of commissioning ends where the student's knowledge does. */
function commissionUntil(statistics: ResidualStatistics, beginMs: number, endMs: number): ResidualStatistics {
  if (statistics.reference !== "commissioning") return statistics;
  const historyDays = dayOf(endMs) - dayOf(beginMs);
  return { ...statistics, historyDays: Math.min(statistics.historyDays, historyDays) };
}

/** Of each stretch the days that its own student judged; what came before the first one is the first one's too. */
function spliceDays(replays: readonly TurbineDays[], begins: readonly number[]): TurbineDays {
  const { turbine, days, z: last, scores } = replays.at(-1)!;
  const outputs = last.length / days.length;
  const judgeOf = (day: number): TurbineDays =>
    replays[Math.max(0, begins.filter((begin) => begin <= day).length - 1)]!;
  const pick = <T>(of: (replay: TurbineDays, at: number) => T): T[] =>
    days.map((day) => of(judgeOf(day), day - judgeOf(day).days[0]!));
  return {
    turbine,
    days,
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
export function chainedPolicy(subject: ScadaCase): (day: number) => InspectionPolicy {
  const { config, failures, rows, beginMs } = subject;
  const known = new Map<number, InspectionPolicy>();
  return (day) => {
    const earlier = failures.filter((failure) => dayOf(failure.timestampMs) <= day);
    const exposure = {
      turbines: rows.turbines.length,
      days: day + 1 - dayOf(beginMs),
      failures: earlier,
    };
    const policy = known.get(day) ?? fitPolicy(config.policy, exposure, subject);
    known.set(day, policy);
    return policy;
  };
}
