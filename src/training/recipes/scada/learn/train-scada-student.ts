/**
 * From rows of healthy operation to an int8 student of normal behaviour: scaler → teacher (an ensemble) → student taught
 * by it → neurons pruned in rounds with training between → quantised on rows of all seasons. Each turbine's own median is
 * taken off the targets: the student learns how temperatures move, the site correction where they stand.
 */
import type { Scaler } from "../../../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../../../core/contract/bundle/quantised-mlp.ts";
import { gatherRows } from "../../../../core/maths/gather-rows.ts";
import { joinParts } from "../../../../core/maths/join-parts.ts";
import { createRandom, type Random } from "../../../../core/maths/random.ts";
import { medianInPlace } from "../../../../core/maths/select.ts";
import { type DenseLayer, runEnsemble } from "../../../learn/dense-network.ts";
import { fitScaler, standardiseRows } from "../../../learn/fit-scaler.ts";
import { quantiseNetwork } from "../../../learn/quantise-network.ts";
import {
  fitNetwork,
  fitPrunedStudent,
  fitUntaughtStudent,
  type RegressionForm,
  type RegressionStudent,
  runRegressionForm,
} from "../../../learn/regression-student.ts";
import type { RegressionRows, TensorTrainer } from "../../../learn/tensor-trainer.ts";
import type { ScadaRecipeConfig, ScadaStudentRecipe } from "../scada-config.ts";
import { inventService } from "./invent-service.ts";
import type { TurbineRows } from "./scada-rows.ts";

export interface PreparedScadaRows extends RegressionRows {
  readonly scaler: Scaler;
  /** Expected value = location + scale · output, one an output; location is the mean of the medians of the turbines that have rows. */
  readonly location: readonly number[];
  readonly scale: readonly number[];
}

export interface ScadaStudent extends RegressionStudent {
  readonly location: readonly number[];
  readonly scale: readonly number[];
}

/** What the stages of one seed's student learn from, and with; `Read` is what they read of the recipe. */
export interface ScadaLessons<Read extends keyof ScadaStudentRecipe = keyof ScadaStudentRecipe> {
  readonly rows: PreparedScadaRows;
  readonly invented: Float32Array;
  readonly recipe: Pick<ScadaStudentRecipe, Read>;
  readonly trainer: TensorTrainer;
  readonly seed: number;
}

type Teacher = RegressionStudent["teacher"];

/** What is read of a recipe to say what the teacher says. */
type Teaching = "clamp" | "softShare" | "inventedNoise";

/** May a row be learnt from? */
export type LearnableRow = (turbine: TurbineRows, row: number) => boolean;

/** Gathers the rows that may be learnt from. */
export function prepareScadaRows(
  turbines: readonly TurbineRows[],
  isLearnable: LearnableRow,
  clamp: number,
): PreparedScadaRows {
  const chosen = turbines.map((turbine) => {
    const rows: number[] = [];
    for (let row = 0; row < turbine.rows; row++) if (isLearnable(turbine, row)) rows.push(row);
    return rows;
  });
  const rows = chosen.reduce((sum, each) => sum + each.length, 0);
  const width = turbines[0]!.features.length / turbines[0]!.rows;
  const outputs = turbines[0]!.measured.length / turbines[0]!.rows;
  const raw = joinParts(
    turbines.map(({ features }, index) => gatherRows(features, width, chosen[index]!)),
    Float32Array,
  );
  const targets = new Float32Array(rows * outputs);
  const location = new Array<number>(outputs).fill(0);
  const learnt = chosen.filter((own) => own.length > 0).length;
  let at = 0;
  for (const [index, turbine] of turbines.entries()) {
    const own = chosen[index]!;
    if (own.length === 0) continue;
    const medians = Array.from({ length: outputs }, (_, output) => {
      const values = Float64Array.from(own, (row) => turbine.measured[row * outputs + output]!);
      return medianInPlace(values, values.length);
    });
    for (const [output, median] of medians.entries()) location[output]! += median / learnt;
    for (const row of own) {
      for (let output = 0; output < outputs; output++) {
        targets[at * outputs + output] = turbine.measured[row * outputs + output]! - medians[output]!;
      }
      at++;
    }
  }
  const scale = Array.from({ length: outputs }, (_, output) => {
    let squares = 0;
    for (let row = 0; row < rows; row++) squares += targets[row * outputs + output]! ** 2;
    return Math.max(1e-3, Math.sqrt(squares / rows));
  });
  for (let index = 0; index < targets.length; index++) targets[index]! /= scale[index % outputs]!;
  const every = { own: [Array.from({ length: width }, (_, column) => column)], shared: [] };
  const scaler = fitScaler({ rows, features: raw }, every, clamp);
  const features = standardiseRows(raw, rows, scaler);
  return { rows, scaler, features, targets, weights: new Float32Array(rows).fill(1), location, scale };
}

export function trainScadaTeacher(
  { rows, recipe, trainer, seed }: Omit<ScadaLessons<"teacher" | "huberDelta">, "invented">,
  progress: (done: number, total: number) => void,
): DenseLayer[][] {
  const { members, hidden, fit } = recipe.teacher;
  return Array.from({ length: members }, (_, member) => {
    const random = stream(seed, `teacher ${member}`);
    const fitted = fitNetwork(trainer, { rows, hidden }, { ...fit, huberDelta: recipe.huberDelta, random });
    progress(member + 1, members);
    return fitted;
  });
}

/**
 * Standardised rows that serving would meet and filtered files do not hold: each learnable row after stops that are
 * invented, once a copy (see `invent-service.ts`); empty where none are asked for.
 */
export function inventScadaRows(
  turbines: readonly TurbineRows[],
  isLearnable: LearnableRow,
  {
    config,
    scaler,
    seed,
  }: { readonly config: ScadaRecipeConfig; readonly scaler: Scaler; readonly seed: number },
): Float32Array {
  const { inventedStops: stops } = config.recipe;
  if (stops === undefined) return new Float32Array(0);
  const width = config.features.list.length;
  const random = stream(seed, "stops");
  const lives: Float32Array[] = [];
  for (let copy = 0; copy < stops.copies; copy++) {
    for (const turbine of turbines) {
      const life = inventService(turbine, { ...config, stops }, random);
      const rows: number[] = [];
      for (let row = 0; row < turbine.rows; row++) {
        if (life.stands[row] === 0 && isLearnable(turbine, row)) rows.push(row);
      }
      lives.push(standardiseRows(gatherRows(life.features, width, rows), rows.length, scaler));
    }
  }
  return joinParts(lives, Float32Array);
}

/** The wide student, then the pruned one. */
export function distilScadaStudent(
  lessons: ScadaLessons<Teaching | "student" | "huberDelta">,
  teacher: Teacher,
): { readonly wide: DenseLayer[]; readonly float: DenseLayer[] } {
  const { recipe, trainer, seed } = lessons;
  const taught = teachRows(lessons, teacher);
  return fitPrunedStudent(taught, recipe, { trainer, random: stream(seed, "student") });
}

/**
 * The rows with the teacher's share in their targets, and after them the invented ones, and all of both with noise: these
 * with what the teacher says of them. Serving meets stops and starts that filtered training rows do not hold; there the
 * student should still say what the teacher says.
 */
function teachRows(
  { rows, invented, recipe, seed }: ScadaLessons<Teaching>,
  teacher: Teacher,
): RegressionRows {
  const { softShare, inventedNoise, clamp } = recipe;
  const random = stream(seed, "invented");
  const width = rows.scaler.mean.length;
  const quiet = joinParts([rows.features, invented], Float32Array);
  const noisy = quiet.map((value) =>
    Math.max(-clamp, Math.min(clamp, value + inventedNoise * random.normal())),
  );
  const features = inventedNoise === 0 ? quiet : joinParts([quiet, noisy], Float32Array);
  const count = features.length / width;
  const targets = runEnsemble(teacher, features, count);
  for (const [index, measured] of rows.targets.entries()) {
    targets[index]! = measured + softShare * (targets[index]! - measured);
  }
  const weights = new Float32Array(count).fill(1);
  return { rows: count, features, targets, weights };
}

/** A student of the final size that learns from the measurements alone, with as many gradient steps. */
export function trainUntaughtStudent({
  rows,
  recipe,
  trainer,
  seed,
}: Omit<ScadaLessons<"student" | "huberDelta">, "invented">): DenseLayer[] {
  return fitUntaughtStudent(rows, recipe, { trainer, random: stream(seed, "untaught") });
}

/** The integers; ranges are calibrated on measured rows and on invented ones alike. */
export function quantiseScadaStudent(
  {
    rows,
    invented,
    recipe,
  }: Pick<ScadaLessons<"clamp" | "calibrationRows" | "rounding">, "rows" | "invented" | "recipe">,
  float: readonly DenseLayer[],
): QuantisedMlp {
  const width = rows.scaler.mean.length;
  const all = joinParts([rows.features, invented], Float32Array);
  // Rows stand turbine by turbine in order of time: every k-th of them covers all seasons of all turbines.
  const every = Math.max(1, Math.floor(all.length / width / recipe.calibrationRows));
  const count = Math.floor(all.length / width / every);
  const spread = Array.from({ length: count }, (_, index) => index * every);
  const features = gatherRows(all, width, spread);
  const { clamp, rounding } = recipe;
  return quantiseNetwork(float, { features, rows: count, clamp, outputKind: "values", rounding });
}

/** Outputs [rows × outputs] of one form on a turbine's rows. */
export function runScadaForm(
  student: ScadaStudent,
  form: RegressionForm,
  { features, rows }: Pick<TurbineRows, "features" | "rows">,
): { readonly standardised: Float32Array; readonly outputs: Float32Array } {
  const standardised = standardiseRows(features, rows, student.scaler);
  return { standardised, outputs: runRegressionForm(student, form, { standardised, rows }) };
}

/** A stream of its own for each purpose, whichever step asks first. */
function stream(seed: number, purpose: string): Random {
  return createRandom(seed).fork(purpose);
}
