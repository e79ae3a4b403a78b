/** Everything that training and judging of a normal-behaviour student share: rows, logbook, costs, and the split in time. */

import {
  listComponents,
  type NormalBehaviourSpec,
} from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { type LoggedEvent, readScadaCosts, readScadaLog } from "../../../dataset/scada/read-log.ts";
import { parseDay } from "../../../dataset/scada/table-config.ts";
import type { ScadaRecipeConfig } from "../scada-config.ts";
import { type Costs, choosePolicy, fitPolicy, type PolicyTerms } from "./fit-policy.ts";
import { dayOf, readScadaRows, type ScadaRows, type TimeSplit } from "./scada-rows.ts";
import {
  distilScadaStudent,
  inventScadaRows,
  type LearnableRow,
  type PreparedScadaRows,
  prepareScadaRows,
  quantiseScadaStudent,
  type ScadaLessons,
  type ScadaStudent,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "./train-scada-student.ts";

/** Learnt before `dataset.period.test`, judged from there to its end. */
export function testSplitOf({ dataset: { period } }: Pick<ScadaRecipeConfig, "dataset">): TimeSplit {
  return { startMs: parseDay(period.test), endMs: parseDay(period.end) };
}

export interface ScadaCase extends PolicyTerms {
  readonly config: ScadaRecipeConfig;
  readonly rows: ScadaRows;
  /** The whole log for the published split, that of the train period for the one inside it. */
  readonly failures: readonly LoggedEvent[];
  /** What was renewed before it failed: its past begins anew, and it is no failure. */
  readonly services: readonly LoggedEvent[];
  readonly costs: Costs;
  readonly split: TimeSplit;
  /** Begin of the days in which failures could have been logged. */
  readonly beginMs: number;
  /** What was left out of tables and log, in sentences. */
  readonly leftOut: readonly string[];
}

/** Reads rows, log and costs. Fails with CONFIG_INVALID, DATA_MISSING or DATA_FORMAT. */
export async function readScadaCase(
  dataDir: string,
  config: ScadaRecipeConfig,
  split: TimeSplit,
): Promise<ScadaCase> {
  const { dataset } = config;
  const test = testSplitOf(config);
  const components = listComponents(config);
  const log = await readScadaLog(dataDir, dataset, components);
  const costs = await readScadaCosts(dataDir, dataset, components);
  const { leftOut, ...rows } = await readScadaRows(
    dataDir,
    config,
    split.endMs > test.startMs ? "all" : "train",
  );
  const isKnown = ({ timestampMs }: LoggedEvent): boolean =>
    timestampMs < Math.max(split.endMs, test.startMs);
  const { begin } = dataset.period;
  const beginMs = begin === undefined ? firstTimeOf(rows) : parseDay(begin);
  return {
    config,
    split,
    rows,
    failures: log.failures.filter(isKnown),
    services: log.services.filter(isKnown),
    costs,
    components,
    beginMs,
    choice: choosePolicy(config.policy.kind, {
      turbines: rows.turbines.length,
      failures: log.failures.filter(({ timestampMs }) => timestampMs >= beginMs && timestampMs < test.startMs)
        .length,
      hasCosts: costs !== null,
    }),
    leftOut: [...leftOut, ...sayOtherTurbines(log.otherTurbines)],
  };
}

function firstTimeOf({ turbines }: ScadaRows): number {
  return Math.min(...turbines.map(({ timestampMs }) => timestampMs[0]!));
}

function sayOtherTurbines(lines: readonly { readonly turbine: string }[]): string[] {
  if (lines.length === 0) return [];
  const names = [...new Set(lines.map(({ turbine }) => turbine))].slice(0, 8);
  return [`${lines.length} lines of the log are of turbines that are not configured: ${names.join(", ")}`];
}

/**
 * May a row be learnt from? Usable, before the split, and neither in the weeks before a failure of the turbine that was
 * logged before the split nor just after one.
 */
export function learnableRows({
  config,
  failures,
  split: { startMs },
}: Pick<ScadaCase, "failures" | "split"> & {
  readonly config: { readonly recipe: Pick<ScadaRecipeConfig["recipe"], "excludeDays"> };
}): LearnableRow {
  const beforeMs = config.recipe.excludeDays * dayMs;
  const known = failures.filter(({ timestampMs }) => timestampMs < startMs);
  return ({ turbine, usable, timestampMs }, row) => {
    const timeMs = timestampMs[row]!;
    return (
      timeMs < startMs &&
      usable[row] === 1 &&
      !known.some(
        (failure) =>
          failure.turbine === turbine &&
          timeMs > failure.timestampMs - beforeMs &&
          timeMs < failure.timestampMs + 3 * dayMs,
      )
    );
  };
}

export function prepareScadaCase(subject: ScadaCase): PreparedScadaRows {
  return prepareScadaRows(subject.rows.turbines, learnableRows(subject), subject.config.recipe.clamp);
}

/** What one seed's student learns from `rows`, which {@link prepareScadaCase} gave. */
export function describeLessons(
  subject: ScadaCase,
  rows: PreparedScadaRows,
  { trainer, seed }: Pick<ScadaLessons, "trainer" | "seed">,
): ScadaLessons {
  const { config } = subject;
  const origin = { config, scaler: rows.scaler, seed };
  const invented = inventScadaRows(subject.rows.turbines, learnableRows(subject), origin);
  return { rows, invented, recipe: config.recipe, trainer, seed };
}

export function trainScadaStudent(lessons: ScadaLessons): ScadaStudent {
  const { scaler, location, scale } = lessons.rows;
  const teacher = trainScadaTeacher(lessons, () => {});
  const { wide, float } = distilScadaStudent(lessons, teacher);
  const untaught = trainUntaughtStudent(lessons);
  const quantised = quantiseScadaStudent(lessons, float);
  return { scaler, location, scale, teacher, wide, untaught, float, quantised };
}

/** The section of the manifest, with everything that was fitted before the split. */
export function describeBehaviour(
  subject: ScadaCase,
  { location, scale }: Pick<ScadaStudent, "location" | "scale">,
): NormalBehaviourSpec {
  const { config, rows, failures, split, beginMs } = subject;
  const { siteCorrection, statistics, guard } = config;
  const exposure = {
    turbines: rows.turbines.length,
    days: dayOf(split.startMs) - dayOf(beginMs),
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
    policy: fitPolicy(config.policy, exposure, subject),
  };
}
