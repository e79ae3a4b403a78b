/**
 * How a normal-behaviour bundle is judged again. `held-out`: this very student on the test half-year. `edp`: its recipe
 * retrained for five seeds. `edp-tuning`: the forward chain of the train period by which everything was chosen; opens no
 * test file.
 */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { edpTestStartMs } from "../../../dataset/edp-signals.ts";
import { formsOf, type RegressionForm } from "../../../learn/regression-student.ts";
import { openTensorTrainer, type TensorTrainer } from "../../../learn/tensor-trainer.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import {
  describeBehaviour,
  prepareScadaCase,
  type ReplayedTurbine,
  readScadaCase,
  replayForm,
  type ScadaCase,
  type TimeSplit,
  testSplit,
  trainScadaStudent,
  tuningSplit,
} from "../learn/scada-case.ts";
import { stressCase } from "../learn/stress-case.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import type { ScadaConfig } from "../scada-config.ts";
import { chainCountsFromMs, chainedPolicy, chainForward, chainStartMs } from "./forward-chain.ts";
import { draws, judgeSeed, type SeedJudgement } from "./judge-edp.ts";
import {
  judgeByProbability,
  judgeByWorth,
  judgePolicy,
  judgeRanking,
  judgeShuffledScores,
  judgeWithoutScores,
  type PolicyCase,
} from "./judge-policy.ts";
import { readScadaEvaluation, replayBundle } from "./judge-scada-bundle.ts";
import { type FormFigures, judgeForms } from "./judge-student.ts";
import { checkFigures, renderScadaLines, type ScadaFigures, summariseSeeds } from "./scada-evaluation.ts";
import { summarisePolicy } from "./summarise-policy.ts";

/** Seeds of the protocol `edp`: the bundle's own and those after it. */
const protocolSeeds = 5;
/** How far a figure may fall below the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-6;

/** Runs `edp`: the recipe trained anew with several seeds. */
export async function runScadaSeeds(
  _bundle: Bundle,
  config: ScadaConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const trainer = await openTensorTrainer(context.log);
  const seeds = await judgeSeeds(config, context, trainer, testSplit, protocolSeeds);
  const figures = summariseSeeds(seeds, testSplit);
  const checks = checkFigures(figures);
  const { metrics, ...rest } = figures;
  return {
    json: { metrics, ...rest, checks, testLooks: config.testLooks },
    lines: [...renderScadaLines(figures), ...renderChecks(checks)],
    passed: Object.values(checks).every(Boolean),
  };
}

/** Runs `held-out`: the bundle's own student on the test half-year. */
export async function runScadaHeldOut(
  bundle: Bundle,
  config: ScadaConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { judged } = await replayBundle(bundle, config, context);
  const figures = summariseSeeds([judged], testSplit);
  const { metrics, ...rest } = figures;
  return {
    json: { metrics, ...rest, checks: checkFigures(figures), testLooks: config.testLooks },
    lines: [...renderScadaLines(figures), ...renderChecks(checkFigures(figures))],
    passed: isAsClaimed(bundle, metrics, context),
  };
}

/** Trains and judges `count` seeds, the configuration's own first. */
async function judgeSeeds(
  config: ScadaConfig,
  context: EvaluationContext,
  trainer: TensorTrainer,
  split: TimeSplit,
  count: number,
): Promise<SeedJudgement[]> {
  const subject = await readScadaCase(context.dataDir, config, split);
  const prepared = prepareScadaCase(subject);
  const judged: SeedJudgement[] = [];
  for (let index = 0; index < count; index++) {
    const seed = config.seed + index;
    const one = judgeSeed(subject, trainScadaStudent(subject, prepared, trainer, seed), seed);
    judged.push(one);
    // A run takes minutes a seed: what is known already is said at once.
    for (const line of renderScadaLines(summariseSeeds([one], split))) context.log(`seed ${seed}: ${line}`);
    context.progress(index + 1, count, "seeds trained and judged");
  }
  return judged;
}

/** Runs `edp-tuning`. */
export async function runScadaTuning(
  _bundle: Bundle,
  config: ScadaConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const trainer = await openTensorTrainer(context.log);
  const subject = await readScadaCase(context.dataDir, config, tuningSplit);
  const { rows, failures, costs } = subject;
  const unit = config.residuals.map(() => 0);
  const spec = describeBehaviour(subject, { location: unit, scale: unit.map(() => 1) });
  const { recipe, seed } = config;
  const days = chainForward(rows.turbines, failures, { spec, recipe, seed }, trainer, (done, total) =>
    context.progress(done, total, "stretches of the chain"),
  );
  const policyCase: PolicyCase = {
    turbines: days,
    failures,
    costs,
    counted: failures.filter((failure) => failure.timestampMs >= chainCountsFromMs),
    policyAt: chainedPolicy(config.policy, failures, costs),
    startMs: chainStartMs,
    endMs: edpTestStartMs,
    phases: config.policy.roundDays,
  };
  const years = (edpTestStartMs - chainStartMs) / 86_400_000 / 365.25;
  const runs = [
    judgePolicy(policyCase, "policy"),
    judgeByWorth(policyCase),
    judgeByProbability(policyCase),
    judgeWithoutScores(policyCase),
    judgeRanking(policyCase),
    judgeShuffledScores(policyCase, draws, createRandom(seed).fork("shuffled scores")),
  ].map(({ name, outcomes }) => [name, summarisePolicy(outcomes, days.length, years)] as const);
  const student = trainScadaStudent(subject, prepareScadaCase(subject), trainer, seed);
  const figures = summariseSeeds([judgeSeed(subject, student, seed)], tuningSplit);
  const { zCorrelation, maeIncrease, maeKelvin } = figures.metrics;
  const stressed = judgeStressed(subject, student, seed);
  const zAfterStops = stressed?.find(({ form }) => form === "int8")?.zCorrelation;
  const policy = runs[0]![1];
  return {
    json: {
      metrics: {
        detected: policy.detected,
        gainEur: policy.gainEur,
        inspections: policy.inspections,
        zCorrelation,
        maeIncrease,
        maeKelvin,
        ...(zAfterStops === undefined ? {} : { zAfterStops: { value: zAfterStops, low: null, high: null } }),
      },
      policies: Object.fromEntries(runs),
      forms: figures.forms,
      stressedForms: stressed,
    },
    lines: [
      ...runs.map(
        ([name, each]) =>
          `${name}: ${each.detected.value.toFixed(2)} of ${each.failures.length} detected, ${each.falseAlarms.value.toFixed(1)} false of ${each.inspections.value.toFixed(1)} inspections, ${Math.round(each.gainEur.value / 1000)} k EUR against never looking`,
      ),
      `January to May 2017: z of int8 correlates ${zCorrelation!.value.toFixed(4)} with the teacher's, error ${maeKelvin!.value.toFixed(3)} K, ${(100 * maeIncrease!.value).toFixed(2)} % above float`,
      ...(zAfterStops === undefined
        ? []
        : [`The same months with stops invented: z correlates ${zAfterStops.toFixed(4)}`]),
    ],
    passed: true,
  };
}

/** The forms on the tuning months with stops, other ones than the student's lessons had; null where the recipe has none. */
function judgeStressed(subject: ScadaCase, student: ScadaStudent, seed: number): FormFigures[] | null {
  const { inventedStops } = subject.config.recipe;
  if (inventedStops === undefined) return null;
  const stressed = stressCase(subject, inventedStops, seed);
  const spec = describeBehaviour(stressed, student);
  const days = new Map<RegressionForm, readonly ReplayedTurbine[]>(
    formsOf(student).map((form) => [form, replayForm(stressed, student, form, spec)]),
  );
  return judgeForms(student, days, subject.split, seed);
}

function isAsClaimed(bundle: Bundle, metrics: ScadaFigures["metrics"], context: EvaluationContext): boolean {
  const claimed = readScadaEvaluation(bundle).metrics;
  const falling = ["detected", "gainEur"].filter(
    (name) => !(metrics[name]!.value >= (claimed[name]?.value ?? Number.NaN) - tolerance),
  );
  for (const name of falling) {
    context.log(`${name} is ${metrics[name]!.value}, the bundle states ${claimed[name]?.value}`);
  }
  return falling.length === 0;
}

function renderChecks(checks: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(checks).map(([name, ok]) => `${ok ? "pass" : "FAIL"} ${name}`);
}
