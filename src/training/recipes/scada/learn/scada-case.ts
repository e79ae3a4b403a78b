/** Everything that training and judging of a normal-behaviour student share: rows, logbook, costs, and the split in time. */

import type {
  ComponentPolicy,
  InspectionPolicy,
  NormalBehaviourSpec,
} from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import {
  type ComponentCost,
  type EdpFailure,
  edpTurbines,
  readEdpCosts,
  readEdpFailures,
} from "../../../dataset/edp-logbook.ts";
import { edpTestEndMs, edpTestStartMs, edpTrainStartMs } from "../../../dataset/edp-signals.ts";
import type { PolicyConfig, ScadaRecipeConfig } from "../scada-config.ts";
import { dayOf, readScadaRows, type ScadaRows, type TimeSplit } from "./scada-rows.ts";
import {
  distilScadaStudent,
  finetuneScadaStudent,
  inventScadaRows,
  type LearnableRow,
  type PreparedScadaRows,
  prepareScadaRows,
  quantiseScadaForms,
  type ScadaLessons,
  type ScadaStudent,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "./train-scada-student.ts";

export const testSplit: TimeSplit = { startMs: edpTestStartMs, endMs: edpTestEndMs };
/** A split inside the train period, for the figures of the student that may be looked at any time. */
export const tuningSplit: TimeSplit = { startMs: Date.parse("2017-01-01T00:00:00Z"), endMs: edpTestStartMs };

export interface ScadaCase {
  readonly config: ScadaRecipeConfig;
  readonly rows: ScadaRows;
  /** The whole logbook for the published split, that of the train period for the one inside it. */
  readonly failures: readonly EdpFailure[];
  readonly costs: ReadonlyMap<string, ComponentCost>;
  readonly split: TimeSplit;
}

/** Reads rows, logbook and costs. Fails with CONFIG_INVALID, DATA_MISSING or DATA_FORMAT. */
export async function readScadaCase(
  dataDir: string,
  config: ScadaRecipeConfig,
  split: TimeSplit,
): Promise<ScadaCase> {
  const failures = await readEdpFailures(dataDir);
  return {
    config,
    split,
    rows: await readScadaRows(dataDir, config, split.endMs > edpTestStartMs ? ["train", "test"] : ["train"]),
    failures: failures.filter((failure) => failure.timestampMs < Math.max(split.endMs, edpTestStartMs)),
    costs: await readEdpCosts(dataDir),
  };
}

/**
 * May a row be learnt from? Usable, before the split, and neither in the weeks before a failure of the turbine that was
 * logged before the split nor just after one.
 */
export function learnableRows({
  config,
  failures,
  split: { startMs },
}: Pick<ScadaCase, "config" | "failures" | "split">): LearnableRow {
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
  const tuned = finetuneScadaStudent(lessons, teacher, float);
  const forms = quantiseScadaForms(lessons, float, tuned);
  return { scaler, location, scale, teacher, wide, untaught, ...forms };
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

/** The logbook of a time. */
interface Exposure {
  readonly turbines: number;
  readonly days: number;
  /** Failures in that time, in order. */
  readonly failures: readonly EdpFailure[];
}

/** The policy with how often components fail, learnt from `exposure`, and what a look is worth. */
export function fitPolicy(
  config: PolicyConfig,
  exposure: Exposure,
  costs: ReadonlyMap<string, ComponentCost>,
): InspectionPolicy {
  const { eventDays, poolingWeight, meanLeadShare, ...policy } = config;
  const events = listEvents(exposure.failures, eventDays);
  const horizonDays = config.maxLeadDays - config.minLeadDays;
  const rateOf = estimateRates(events, {
    components: costs.size,
    exposureDays: exposure.turbines * exposure.days,
    poolingWeight,
  });
  const components = [...costs].map(
    ([component, cost]): ComponentPolicy => ({
      component,
      prior: -Math.expm1(-rateOf(component) * horizonDays),
      worthEur: cost.replacementEur + (cost.replacementEur - cost.repairEur) * meanLeadShare,
      inspectionEur: cost.inspectionEur,
    }),
  );
  return { ...policy, components };
}

/**
 * Failures a turbine and day by component: (own events + w · mean events of all) / (exposure · (1 + w)), a gamma prior
 * of weight w that pulls components with few events to the mean.
 */
export function estimateRates(
  events: readonly EdpFailure[],
  prior: { readonly components: number; readonly exposureDays: number; readonly poolingWeight: number },
): (component: string) => number {
  const { components, exposureDays, poolingWeight } = prior;
  const mean = Math.max(1, events.length) / components;
  return (component) => {
    const own = events.filter((event) => event.component === component).length;
    return (own + poolingWeight * mean) / (exposureDays * (1 + poolingWeight));
  };
}

/** Failures without those that follow one of the same pair within `eventDays` of the last. */
export function listEvents(failures: readonly EdpFailure[], eventDays: number): EdpFailure[] {
  const last = new Map<string, number>();
  return failures.filter((failure) => {
    const pair = `${failure.turbine} ${failure.component}`;
    const before = last.get(pair);
    last.set(pair, failure.timestampMs);
    return before === undefined || failure.timestampMs - before > eventDays * dayMs;
  });
}
