/** Judges a trained student: all forms out of fold and on the test engines, and the int8 one with its interval. */
import type { RemainingLifeSpec } from "../../../core/contract/bundle/remaining-life.ts";
import { estimateRemainingLife } from "../../../core/decision/remaining-life.ts";
import { encodeStudent } from "../../../core/inference/onnx-codec.ts";
import { createRandom } from "../../../core/maths/random.ts";
import type { Figure } from "../../judge/figure.ts";
import { integersOf, networksOf } from "../../learn/regression-student.ts";
import { type joinFolds, weighTrainingRows } from "./cross-fit-life.ts";
import { fitLifeInterval } from "./fit-life-interval.ts";
import type { LifeConfig } from "./life-config.ts";
import type { JudgedForm, LifeComparison, LifeStep } from "./life-evaluation.ts";
import {
  type EngineScore,
  type JudgedLife,
  type LifeFigures,
  scoreEngines,
  summariseDifference,
  summariseEngines,
} from "./life-metrics.ts";
import { type LifeRows, selectLastRows } from "./life-rows.ts";
import { type LifeStudent, lifeFormsOf, predictLife } from "./train-life-student.ts";

/** All folds together. */
export type OutOfFoldLife = ReturnType<typeof joinFolds>;

/** How the student's output is read, with the interval that out-of-fold errors call for. */
export function specifyLife(
  config: LifeConfig,
  oof: OutOfFoldLife,
  keep: (row: number) => boolean,
): RemainingLifeSpec {
  const rows = [...oof.rows.engine.keys()].filter(keep);
  const pick = (values: Float32Array): Float32Array => Float32Array.from(rows, (row) => values[row]!);
  const { coverage, knots, bandwidth } = config.interval;
  return {
    unit: "cycle",
    capSteps: config.capCycles,
    minHistorySteps: config.minHistory,
    coverage,
    interval: fitLifeInterval(
      {
        predicted: pick(oof.predictions.int8),
        actual: pick(capped(oof.rows, config)),
        weights: pick(oof.weights),
      },
      { coverage, capSteps: config.capCycles, knots, bandwidth },
    ),
  };
}

/** Figures of the int8 student out of fold; each engine's interval is fitted on the engines of other folds. */
export function judgeOutOfFold(
  config: LifeConfig,
  oof: OutOfFoldLife,
  foldOf: ArrayLike<number>,
): LifeFigures {
  const judged = withEnds(oof.predictions.int8, capped(oof.rows, config), oof.weights, oof.rows.engine);
  for (let fold = 0; fold < config.folds; fold++) {
    const inFold = (row: number): boolean => foldOf[oof.rows.engine[row]!] === fold;
    const spec = specifyLife(config, oof, (row) => !inFold(row));
    fillEnds(judged, spec, inFold);
  }
  return summariseEngines(scoreEngines(judged), config.replicates, createRandom(config.seed));
}

/** How test engines are judged: once each, at its last row, and beside it over all rows. */
export interface LifeTest {
  /** Engine by engine, as {@link last} counts them. */
  readonly lastScores: readonly EngineScore[];
  /** At the last row, as published figures are. */
  readonly last: LifeFigures;
  /** At the last row against lives that are not capped; the predictions are. */
  readonly uncapped: LifeFigures;
  /** Over all rows that a cut may fall on, every engine weighing the same: more to see the coverage by. */
  readonly allRows: LifeFigures;
}

/** Figures of the int8 student on test engines; `predict` gives its predictions of feature rows. */
export function judgeTest(
  config: LifeConfig,
  spec: RemainingLifeSpec,
  predict: (rows: LifeRows) => Float32Array,
  all: LifeRows,
): LifeTest {
  const score = (rows: LifeRows, actual: Float32Array, weights: Float32Array): EngineScore[] => {
    const judged = withEnds(predict(rows), actual, weights, rows.engine);
    fillEnds(judged, spec, () => true);
    return scoreEngines(judged);
  };
  const summarise = (scores: readonly EngineScore[]): LifeFigures =>
    summariseEngines(scores, config.replicates, createRandom(config.seed));
  const last = selectLastRows(all);
  const once = new Float32Array(last.rows).fill(1);
  const counted = weighTrainingRows(all, config.maxRemaining);
  const lastScores = score(last, capped(last, config), once);
  return {
    lastScores,
    last: summarise(lastScores),
    uncapped: summarise(score(last, last.remaining, once)),
    allRows: summarise(score(counted.rows, capped(counted.rows, config), counted.weights)),
  };
}

/** The table of the great shrink, and whether each step of it helped. */
export function compareForms(
  config: LifeConfig,
  student: LifeStudent,
  oof: OutOfFoldLife,
  test: LifeRows,
): { readonly steps: LifeStep[]; readonly comparisons: LifeComparison[] } {
  const random = (): ReturnType<typeof createRandom> => createRandom(config.seed);
  const scoresOf = (predicted: Float32Array, rows: LifeRows, weights: Float32Array): EngineScore[] =>
    scoreEngines(withEnds(predicted, capped(rows, config), weights, rows.engine));
  const once = new Float32Array(test.rows).fill(1);
  const forms: readonly JudgedForm[] = [...lifeFormsOf(student), "mean"];
  const judged = forms.map((form) => {
    const onTest =
      form === "mean"
        ? new Float32Array(test.rows).fill(oof.mean)
        : predictLife(student, form, test.features, test.rows, config.capCycles);
    return {
      form,
      outOfFold: scoresOf(form === "mean" ? oof.means : oof.predictions[form]!, oof.rows, oof.weights),
      test: scoresOf(onTest, test, once),
    };
  });
  const rmse = (scores: readonly EngineScore[]): Figure =>
    summariseEngines(scores, config.replicates, random()).rmse;
  const steps = judged.map(({ form, outOfFold, test: onTest }) => ({
    ...describeForm(form, student),
    outOfFold: rmse(outOfFold),
    test: rmse(onTest),
  }));
  const of = (form: JudgedForm): EngineScore[] => judged.find((each) => each.form === form)!.outOfFold;
  const compare = (what: string, first: JudgedForm, second: JudgedForm): LifeComparison => {
    const difference = summariseDifference(of(first), of(second), config.replicates, random());
    return { what, difference, verdict: judgeDifference(difference) };
  };
  return {
    steps,
    comparisons: [
      compare("distillation and pruning (same size, with against without a teacher)", "pruned", "untaught"),
      compare("pruning (pruned student against the wide one)", "pruned", "wide"),
      compare("int8 (against its float parent)", "int8", "pruned"),
      ...(student.untuned === undefined
        ? []
        : [compare("quantisation-aware fine-tuning (int8 with against without)", "int8", "untunedInt8")]),
      compare("the student against its teacher", "int8", "teacher"),
      compare("the student against a linear regression", "int8", "linear"),
    ],
  };
}

/** In words, from the interval alone. */
function judgeDifference({ low, high }: Figure): string {
  if (low !== null && low > 0) return "raises the error";
  if (high !== null && high < 0) return "lowers the error";
  return "makes no difference that the engines can show";
}

const titles: Readonly<Record<JudgedForm, string>> = {
  teacher: "teacher",
  wide: "distilled student, not pruned",
  untuned: "distilled student, pruned",
  untunedInt8: "int8 student without fine-tuning",
  pruned: "distilled student, pruned and fine-tuned",
  int8: "int8 student",
  untaught: "same size, no teacher, not pruned",
  linear: "linear regression",
  mean: "always the mean",
};

function describeForm(
  form: JudgedForm,
  student: LifeStudent,
): Pick<LifeStep, "form" | "title" | "parameters" | "multiplyAdds" | "bytes"> {
  const networks = form === "mean" ? [] : form === "linear" ? [student.linear] : networksOf(student, form);
  const layers = networks.flat();
  const multiplyAdds = layers.reduce((sum, layer) => sum + layer.weights.length, 0);
  const parameters = layers.reduce((sum, layer) => sum + layer.weights.length + layer.bias.length, 0);
  const integers = form === "mean" || form === "linear" ? null : integersOf(student, form);
  const bytes = integers === null ? 4 * parameters : encodeStudent(integers).length;
  // Without fine-tuning the integers' float parent is the pruned student itself.
  const title = titles[form === "pruned" && student.untuned === undefined ? "untuned" : form];
  return { form, title, parameters, multiplyAdds, bytes };
}

function capped(rows: LifeRows, config: LifeConfig): Float32Array {
  return rows.remaining.map((remaining) => Math.min(config.capCycles, remaining));
}

type OpenJudgement = JudgedLife & { readonly low: Float32Array; readonly high: Float32Array };

/** A judgement whose interval is the prediction itself, until it is filled. */
function withEnds(
  predicted: Float32Array,
  actual: Float32Array,
  weights: Float32Array,
  engine: Int32Array,
): OpenJudgement {
  return { predicted, low: predicted.slice(), high: predicted.slice(), actual, weights, engine };
}

function fillEnds(judged: OpenJudgement, spec: RemainingLifeSpec, wanted: (row: number) => boolean): void {
  for (let row = 0; row < judged.actual.length; row++) {
    if (!wanted(row)) continue;
    const { low, high } = estimateRemainingLife(spec, judged.predicted[row]! / spec.capSteps);
    judged.low[row] = low;
    judged.high[row] = high;
  }
}

/** The headline figures by name; of the same engines, once each, but for `coverageAllRows`. */
export function nameMetrics({ last, uncapped, allRows }: LifeTest): Readonly<Record<string, Figure>> {
  const { rmse, mae, bias, nasaScore, coverage, intervalWidth } = last;
  const more = { rmseUncapped: uncapped.rmse, coverageAllRows: allRows.coverage };
  return { rmse, mae, bias, nasaScore, coverage, intervalWidth, ...more };
}
