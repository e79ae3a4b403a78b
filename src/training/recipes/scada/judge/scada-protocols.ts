/**
 * How the recipe of a normal-behaviour bundle is judged by training it again. `seeds`: for five seeds, on the test
 * period. `tuning`: by the forward chain of the train period by which everything is chosen; opens no test file.
 */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { parseDay } from "../../../dataset/scada/table-config.ts";
import { openTensorTrainer } from "../../../learn/open-trainer.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import { inventService } from "../learn/invent-service.ts";
import {
  describeBehaviour,
  describeLessons,
  prepareScadaCase,
  readScadaCase,
  type ScadaCase,
  testSplitOf,
  trainScadaStudent,
} from "../learn/scada-case.ts";
import { countRowsBefore, type TurbineRows } from "../learn/scada-rows.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import type { InventedStops, ScadaRecipeConfig, TuningDays } from "../scada-config.ts";
import { type PolicyFigures, summarisePolicy } from "./cost-rule.ts";
import { type FormFigures, judgeForms } from "./form-figures.ts";
import { type ChainTools, chainedPolicy, chainForward } from "./forward-chain.ts";
import { judgePolicies, type PolicyCase } from "./policy-runs.ts";
import { replayForms } from "./replay-turbines.ts";
import {
  checkFigures,
  renderChecks,
  renderScadaLines,
  type SeedJudgement,
  summariseSeeds,
} from "./scada-evaluation.ts";
import { judgeSeed } from "./seed-figures.ts";

/** Seeds of the protocol `seeds`: the bundle's own and those after it. */
const protocolSeeds = 5;

/** Runs `seeds`. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function runScadaSeeds(
  _bundle: Bundle,
  config: ScadaRecipeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const trainer = await openTensorTrainer(context.log);
  const testSplit = testSplitOf(config);
  const subject = await readScadaCase(context.dataDir, config, testSplit);
  const prepared = prepareScadaCase(subject);
  const judged: SeedJudgement[] = [];
  for (let index = 0; index < protocolSeeds; index++) {
    const seed = config.seed + index;
    const student = trainScadaStudent(describeLessons(subject, prepared, { trainer, seed }));
    const one = judgeSeed(subject, student, seed);
    judged.push(one);
    // A run takes minutes a seed: what is known already is said at once.
    for (const line of renderScadaLines(summariseSeeds([one], testSplit)))
      context.log(`seed ${seed}: ${line}`);
    context.progress(index + 1, protocolSeeds, "seeds trained and judged");
  }
  const own = summariseSeeds(judged.slice(0, 1), testSplit);
  const figures = summariseSeeds(judged, testSplit);
  const checks = checkFigures(figures, config.required);
  return {
    json: {
      ownSeed: { metrics: own.metrics, modelGains: own.modelGains },
      ...figures,
      checks,
      testLooks: config.testLooks,
    },
    lines: [
      `the bundle's own seed, ${config.seed}:`,
      ...renderScadaLines(own),
      `all ${protocolSeeds} seeds:`,
      ...renderScadaLines(figures),
      ...renderChecks(checks),
    ],
    passed: Object.values(checks).every(Boolean),
  };
}

/** Runs `tuning`. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function runScadaTuning(
  _bundle: Bundle,
  config: ScadaRecipeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const trainer = await openTensorTrainer(context.log);
  const { seed, tuning } = config;
  if (tuning === undefined) throw refuseTuning(config.name);
  const tuningSplit = { startMs: parseDay(tuning.student), endMs: testSplitOf(config).startMs };
  const subject = await readScadaCase(context.dataDir, config, tuningSplit);
  const policies = judgeChained(subject, tuning, {
    stretches: tuning.stretches,
    trainer,
    progress: (done, total) => context.progress(done, total, "stretches of the chain"),
  });
  const lessons = describeLessons(subject, prepareScadaCase(subject), { trainer, seed });
  const student = trainScadaStudent(lessons);
  const { metrics, forms } = summariseSeeds([judgeSeed(subject, student, seed)], tuningSplit);
  const { zCorrelation, maeIncrease, maeKelvin } = metrics;
  const stressed = judgeStressed(subject, student);
  const zAfterStops = stressed?.find(({ form }) => form === "int8")?.zCorrelation.value;
  const { detected, gainEur, inspections } = policies.policy!;
  return {
    json: {
      metrics: {
        detected,
        gainEur,
        inspections,
        zCorrelation,
        maeIncrease,
        maeKelvin,
        ...(zAfterStops === undefined ? {} : { zAfterStops: { value: zAfterStops, low: null, high: null } }),
      },
      policies,
      forms,
      stressedForms: stressed,
    },
    lines: [
      ...Object.entries(policies).map(
        ([name, each]) =>
          `${name}: ${each.detected.value.toFixed(2)} of ${each.failures.length} detected, ${each.falseAlarms.value.toFixed(1)} false of ${each.inspections.value.toFixed(1)} inspections, ${Math.round(each.gainEur.value / 1000)} k EUR against never looking`,
      ),
      `from ${tuning.student} on: z of int8 correlates ${zCorrelation!.value.toFixed(4)} with the teacher's, error ${maeKelvin!.value.toFixed(3)} K, ${(100 * maeIncrease!.value).toFixed(2)} % above float`,
      ...(zAfterStops === undefined
        ? []
        : [`the same time with stops invented: z correlates ${zAfterStops.toFixed(4)}`]),
    ],
    passed: true,
  };
}

/** What policies were worth on the days of the forward chain. */
function judgeChained(
  subject: ScadaCase,
  tuning: TuningDays,
  tools: ChainTools,
): Readonly<Record<string, PolicyFigures>> {
  const { config, failures, costs, components } = subject;
  const [startMs, countsFromMs] = [parseDay(tuning.from), parseDay(tuning.countsFrom)];
  const endMs = testSplitOf(config).startMs;
  const unit = config.residuals.map(() => 0);
  const spec = describeBehaviour(subject, { location: unit, scale: unit.map(() => 1) });
  const turbines = chainForward(subject, spec, tools);
  const chained: PolicyCase = {
    turbines,
    failures,
    costs,
    lead: config.policy,
    components,
    counted: failures.filter((failure) => failure.timestampMs >= countsFromMs),
    policyAt: chainedPolicy(subject),
    startMs,
    endMs,
    phases: config.policy.roundDays,
  };
  const years = (endMs - startMs) / dayMs / 365.25;
  return Object.fromEntries(
    Object.entries(judgePolicies(chained, config.seed)).map(([name, { outcomes }]) => [
      name,
      summarisePolicy(outcomes, turbines.length, years),
    ]),
  );
}

/** The forms on the tuning months with stops, other ones than the student's lessons had; null where the recipe has none. */
function judgeStressed(subject: ScadaCase, student: ScadaStudent): FormFigures[] | null {
  const { split, config } = subject;
  const { inventedStops } = config.recipe;
  if (inventedStops === undefined) return null;
  const stressed = stressCase(subject, inventedStops);
  const days = replayForms(stressed, student, describeBehaviour(stressed, student));
  return judgeForms(student, days, { split, seed: config.seed });
}

/**
 * The case with stops from its split on, which the files of the train period leave out; rows on which a turbine stands by
 * invention are not usable. Says how well a student follows its teacher where averages over hours go through stops,
 * without a look at the test half-year.
 */
function stressCase(subject: ScadaCase, stops: InventedStops): ScadaCase {
  const { config, rows, split } = subject;
  const random = createRandom(config.seed).fork("stress");
  const turbines = rows.turbines.map((turbine): TurbineRows => {
    const life = inventService(turbine, { ...config, stops }, random);
    const width = config.features.list.length;
    const from = countRowsBefore(turbine, split.startMs);
    const features = turbine.features.slice();
    features.set(life.features.subarray(from * width), from * width);
    const usable = turbine.usable.map((value, row) => (row >= from && life.stands[row] === 1 ? 0 : value));
    return { ...turbine, features, usable };
  });
  return { ...subject, rows: { ...rows, turbines } };
}

function refuseTuning(name: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `the configuration of ${name} says no tuning`, {
    op: "evaluate bundle",
    subject: name,
    hint: "write tuning: {stretches: [days], from: day, countsFrom: day, student: day}, all before dataset.period.test, and train again",
  });
}
