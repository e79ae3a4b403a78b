/**
 * Tries what the recipe leaves out, fine-tuning in integers and feature matching, on the published tuning folds: one
 * teacher a split and seed, and beside the student of the recipe the same one with each term, judged on the same windows.
 * For choosing only: no other split is opened here.
 */

import { createRandom } from "../../../../core/maths/random.ts";
import { computeMacroAuroc, type Spread, summariseSpread } from "../../../judge/metrics.ts";
import { runEnsemble } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import type { StudentRecipe } from "../../../learn/student-recipe.ts";
import {
  distilStudent,
  finetuneStudent,
  forkStreams,
  type LabelledRows,
  prepareRows,
  pruneStudent,
  quantiseStudent,
  runStudent,
  type StudentTask,
  trainTeacher,
} from "../../../learn/train-student.ts";
import type { EvaluationContext } from "../../recipe.ts";

export interface TrialRows {
  readonly name: string;
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

/** An int8 student on one split with one seed. */
interface TrialFigures {
  readonly macroAuroc: number;
  /** Root mean square of its logits less the teacher's, on the test windows. */
  readonly distance: number;
}

/** A term against the recipe without it, over splits and seeds: differences are with less without. */
interface TrialResult {
  readonly term: string;
  readonly macroAuroc: Spread;
  readonly distance: Spread;
  readonly macroAurocGain: Spread;
  readonly distanceGain: Spread;
  readonly macroAurocGainPerSplit: readonly number[];
  /** Share of splits and seeds in which the term is ahead. */
  readonly shareAhead: number;
}

/** Seeds of the trials: the configuration's own and those after it. */
const trialSeeds = 3;

/** What is tried: the recipe's terms but for these. A few sizes each, so that a failure is not one of size. */
const trials: Readonly<Record<string, (recipe: StudentRecipe) => StudentRecipe>> = {
  ...Object.fromEntries(
    [0.001, 0.005].map((learningRate) => [
      `finetune, rate ${learningRate}`,
      (recipe: StudentRecipe) => ({
        ...recipe,
        finetune: { ...(recipe.student.prune ?? recipe.student).fit, steps: 60, learningRate },
      }),
    ]),
  ),
  ...Object.fromEntries(
    [10, 100, 1000].map((similarityWeight) => [
      `similarity, weight ${similarityWeight}`,
      (recipe: StudentRecipe) => ({
        ...recipe,
        distillation: { ...recipe.distillation, similarityWeight },
      }),
    ]),
  ),
};

/** Tries all terms, with the seeds from `task.seed` on; gives nothing where the recipe has no teacher. */
export function tryTerms(
  splits: readonly TrialRows[],
  task: StudentTask & { readonly seed: number },
  { log, progress }: Pick<EvaluationContext, "log" | "progress">,
): TrialResult[] {
  const { seed } = task;
  const { finetune: _, ...recipe } = task.recipe;
  const { similarityWeight: __, ...distillation } = recipe.distillation;
  const bare = { ...recipe, distillation };
  if (bare.teacher.members === 0) return [];
  const recipes = [bare, ...Object.values(trials).map((add) => add(bare))];
  const runs: TrialFigures[][] = [];
  for (let own = seed; own < seed + trialSeeds; own++) {
    for (const split of splits) {
      runs.push(trainAll(split, recipes, { ...task, seed: own }));
      progress(runs.length, trialSeeds * splits.length, "splits and seeds tried with and without terms");
    }
    // Three seeds take minutes: what is known already is said at once.
    for (const result of summariseTrials(runs, splits.length)) log(`up to seed ${own}: ${sayTrial(result)}`);
  }
  return summariseTrials(runs, splits.length);
}

export function sayTrial(result: TrialResult): string {
  const { term, macroAurocGain, macroAurocGainPerSplit, distance, distanceGain, shareAhead } = result;
  const signed = (value: number): string => `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
  const splits = [Math.min(...macroAurocGainPerSplit), Math.max(...macroAurocGainPerSplit)].map(signed);
  return `int8 student with ${term}: macro AUROC ${signed(macroAurocGain.value)} (splits ${splits.join(" to ")}, ahead in ${(100 * shareAhead).toFixed(0)} %), logits ${distance.value.toFixed(3)} from the teacher's (${signed(distanceGain.value)})`;
}

/** `runs` are split after split, seed after seed, each with the figures of the bare recipe and of every trial. */
function summariseTrials(runs: readonly (readonly TrialFigures[])[], splits: number): TrialResult[] {
  return Object.keys(trials).map((term, index): TrialResult => {
    const spread = (pick: (figures: readonly TrialFigures[]) => number): Spread =>
      summariseSpread(runs.map(pick));
    const gain = (run: readonly TrialFigures[]): number => run[index + 1]!.macroAuroc - run[0]!.macroAuroc;
    return {
      term,
      macroAuroc: spread((run) => run[index + 1]!.macroAuroc),
      distance: spread((run) => run[index + 1]!.distance),
      macroAurocGain: spread(gain),
      distanceGain: spread((run) => run[index + 1]!.distance - run[0]!.distance),
      macroAurocGainPerSplit: Array.from({ length: splits }, (_, split) => {
        const own = runs.filter((_run, at) => at % splits === split).map(gain);
        return own.reduce((sum, each) => sum + each, 0) / own.length;
      }),
      shareAhead: runs.filter((run) => gain(run) > 0).length / runs.length,
    };
  });
}

/** One a recipe; they differ in the student alone and share the teacher and the numbers that it draws. */
function trainAll(
  { name, train, test }: TrialRows,
  recipes: readonly StudentRecipe[],
  { tying, trainer, seed }: StudentTask & { readonly seed: number },
): TrialFigures[] {
  const streams = () => forkStreams(recipes[0]!, createRandom(seed).fork(name));
  const bare = { tying, recipe: recipes[0]!, trainer };
  const prepared = prepareRows(train, bare);
  const teacher = trainTeacher(prepared, bare, streams().teacher);
  const outputs = tying.own.length;
  const said = runEnsemble(teacher, standardiseRows(test.features, test.rows, prepared.scaler), test.rows);
  const pruned = new Map<string, ReturnType<typeof pruneStudent>>();
  return recipes.map((recipe): TrialFigures => {
    const task = { tying, recipe, trainer };
    const lesson = { prepared, task, teacher };
    // Recipes that differ in fine-tuning alone share everything before it.
    const key = JSON.stringify(recipe.distillation);
    const narrow = pruned.get(key) ?? pruneStudent(lesson, distilStudent(lesson, streams().student));
    pruned.set(key, narrow);
    const tuned = finetuneStudent(lesson, narrow);
    const student = quantiseStudent(lesson, narrow, tuned);
    const logits = runStudent(student, test.features, test.rows);
    const squares = logits.reduce((sum, logit, index) => sum + (logit - said[index]!) ** 2, 0);
    return {
      macroAuroc: computeMacroAuroc(logits, test.labels, outputs),
      distance: Math.sqrt(squares / logits.length),
    };
  });
}
