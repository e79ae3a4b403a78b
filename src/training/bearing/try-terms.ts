/**
 * Tries what the recipe leaves out, fine-tuning in integers and feature matching, on the published tuning folds: one
 * teacher a split and seed, and beside the student of the recipe the same one with each term, judged on the same windows.
 * For choosing only: no other split is opened here.
 */
import { createRandom } from "../../maths/random.ts";
import { computeMacroAuroc, type Spread, summariseSpread } from "../metrics.ts";
import type { StudentRecipe } from "../student-recipe.ts";
import type { TensorTrainer } from "../tensor-trainer.ts";
import type { Tying } from "../tied-network.ts";
import {
  distilStudent,
  finetuneStudent,
  forkStreams,
  type LabelledRows,
  prepareRows,
  pruneStudent,
  quantiseStudent,
  runEnsemble,
  runStudent,
  standardiseRows,
  trainTeacher,
} from "../train-student.ts";

/** One split's rows. */
export interface TrialRows {
  readonly name: string;
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

/** An int8 student on one split with one seed. */
export interface TrialFigures {
  readonly macroAuroc: number;
  /** Root mean square of its logits less the teacher's, on the test windows. */
  readonly distance: number;
}

/** A term against the recipe without it, over splits and seeds: differences are with less without. */
export interface TrialResult {
  readonly term: string;
  readonly macroAuroc: Spread;
  readonly distance: Spread;
  readonly macroAurocGain: Spread;
  readonly distanceGain: Spread;
  /** Of the mean over seeds, one a split. */
  readonly macroAurocGainPerSplit: readonly number[];
  /** Share of splits and seeds in which the term is ahead. */
  readonly shareAhead: number;
}

/** Seeds of the trials: the configuration's own and those after it. */
const trialSeeds = 5;

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

/** Tries all terms; none where the recipe has no teacher. */
export function tryTerms(
  splits: readonly TrialRows[],
  tying: Tying,
  { finetune: _, ...recipe }: StudentRecipe,
  seed: number,
  trainer: TensorTrainer,
  progress: (done: number, total: number) => void,
): TrialResult[] {
  const { similarityWeight: __, ...distillation } = recipe.distillation;
  const bare = { ...recipe, distillation };
  if (bare.teacher.members === 0) return [];
  const recipes = [bare, ...Object.values(trials).map((add) => add(bare))];
  const runs = Array.from({ length: trialSeeds }, (_each, index) => seed + index).flatMap((own, index) =>
    splits.map((split, at) => {
      const figures = trainAll(split, tying, recipes, own, trainer);
      progress(index * splits.length + at + 1, trialSeeds * splits.length);
      return figures;
    }),
  );
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
      macroAurocGainPerSplit: splits.map((_split, at) => {
        const own = runs.filter((_run, run) => run % splits.length === at).map(gain);
        return own.reduce((sum, each) => sum + each, 0) / own.length;
      }),
      shareAhead: runs.filter((run) => gain(run) > 0).length / runs.length,
    };
  });
}

/** One a recipe; they differ in the student alone and share the teacher and the numbers that it draws. */
function trainAll(
  { name, train, test }: TrialRows,
  tying: Tying,
  recipes: readonly StudentRecipe[],
  seed: number,
  trainer: TensorTrainer,
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
    // Recipes that differ in fine-tuning alone share everything before it.
    const key = JSON.stringify(recipe.distillation);
    const narrow =
      pruned.get(key) ??
      pruneStudent(prepared, task, teacher, distilStudent(prepared, task, teacher, streams().student));
    pruned.set(key, narrow);
    const tuned = finetuneStudent(prepared, task, teacher, narrow);
    const student = quantiseStudent(prepared, task, teacher, narrow, tuned);
    const logits = runStudent(student, test.features, test.rows);
    const squares = logits.reduce((sum, logit, index) => sum + (logit - said[index]!) ** 2, 0);
    return {
      macroAuroc: computeMacroAuroc(logits, test.labels, outputs),
      distance: Math.sqrt(squares / logits.length),
    };
  });
}
