/**
 * How true is each form of the student: its error, how well its z follows the teacher's on the judged days, and how sure
 * both are. Days of a week are alike, so that weeks are drawn anew, each turbine's own; all forms on the same draws, so
 * that the differences between them are paired.
 */
import { encodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { computeQuantile } from "../../../../core/maths/robust.ts";
import type { Figure } from "../../../judge/figure.ts";
import { measureNetworks } from "../../../learn/dense-network.ts";
import {
  integersOf,
  networksOf,
  type RegressionForm,
  regressionForms,
} from "../../../learn/regression-student.ts";
import { dayOf, type TimeSplit } from "../learn/scada-rows.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import type { TurbineErrors } from "./scada-slices.ts";

export interface FormFigures extends SureFigures {
  readonly form: RegressionForm;
  readonly widths: readonly number[];
  /** Networks of the ensemble. */
  readonly members: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** float32 weights, or the model file of the integers. */
  readonly bytes: number;
  /** Error and correlation less those of the form that it has to be better than, or as good as; paired. Null of the teacher. */
  readonly against: (SureFigures & { readonly form: RegressionForm }) | null;
}

/** Judges all forms; `seed` draws the weeks of the intervals. */
export function judgeForms(
  student: ScadaStudent,
  days: ReadonlyMap<RegressionForm, readonly TurbineErrors[]>,
  { split, seed }: { readonly split: TimeSplit; readonly seed: number },
): FormFigures[] {
  const resampled = resampleForms(days, split, seed);
  return regressionForms.map((form): FormFigures => {
    const networks = networksOf(student, form);
    const integers = integersOf(student, form);
    const rival = findRival(form);
    const size = measureNetworks(networks);
    return {
      form,
      widths: networks[0]!.map((layer) => layer.outputs),
      members: networks.length,
      ...size,
      bytes: integers === null ? 4 * size.parameters : encodeStudent(integers).length,
      ...resampled.of(form),
      against: rival === null ? null : { form: rival, ...resampled.less(form, rival) },
    };
  });
}

/** What came before it, and of the untaught student the taught one. */
function findRival(form: RegressionForm): RegressionForm | null {
  switch (form) {
    case "teacher":
      return null;
    case "wide":
      return "teacher";
    case "pruned":
      return "wide";
    case "int8":
    case "untaught":
      return "pruned";
  }
}

/** With 95 % intervals over turbine-weeks. */
export interface SureFigures {
  /** Mean over turbines with such rows of the mean |residual| over outputs and usable rows of the judged days, in kelvin, after the site's correction. */
  readonly maeKelvin: Figure;
  /** Correlation of its z with the teacher's over judged days, turbines and outputs. */
  readonly zCorrelation: Figure;
}

/** The figures of all forms, and those of one form less those of another. */
interface ResampledForms {
  of(form: RegressionForm): SureFigures;
  less(form: RegressionForm, other: RegressionForm): SureFigures;
}

/** Sums over one turbine's week. */
interface Week {
  error: number;
  rows: number;
  /** Pairs of z (teacher's, own) that are both known: their number and moments. */
  pairs: number;
  a: number;
  b: number;
  aa: number;
  bb: number;
  ab: number;
}

type Statistic = (weeks: readonly (readonly Week[])[]) => number;
type Draw = readonly (readonly number[])[];

const replicates = 400;

/** Draws anew; `days` are those of each form, of the same turbines and rows. */
export function resampleForms(
  days: ReadonlyMap<RegressionForm, readonly TurbineErrors[]>,
  split: TimeSplit,
  seed: number,
): ResampledForms {
  const teacher = days.get("teacher")!;
  const weeks = new Map([...days].map(([form, own]) => [form, sumWeeks(own, teacher, split)]));
  const counts = weeks.get("teacher")!.map((list) => list.length);
  const random = createRandom(seed).fork("forms");
  const whole: Draw = counts.map((count) => Array.from({ length: count }, (_, place) => place));
  const draws: Draw[] = Array.from({ length: replicates }, () =>
    counts.map((count) => Array.from({ length: count }, () => random.integer(count))),
  );
  const compute = (statistic: Statistic, form: RegressionForm, draw: Draw): number => {
    const own = weeks.get(form)!;
    return statistic(draw.map((places, turbine) => places.map((place) => own[turbine]![place]!)));
  };
  const describe = (value: (draw: Draw) => number): Figure => {
    const drawn = draws.map(value).filter(Number.isFinite);
    const isSure = drawn.length >= replicates / 2;
    return {
      value: value(whole),
      low: isSure ? computeQuantile(drawn, 0.025) : null,
      high: isSure ? computeQuantile(drawn, 0.975) : null,
    };
  };
  return {
    of: (form) => ({
      maeKelvin: describe((draw) => compute(meanError, form, draw)),
      zCorrelation: describe((draw) => compute(correlation, form, draw)),
    }),
    less: (form, other) => ({
      maeKelvin: describe((draw) => compute(meanError, form, draw) - compute(meanError, other, draw)),
      zCorrelation: describe((draw) => compute(correlation, form, draw) - compute(correlation, other, draw)),
    }),
  };
}

/** Weeks of each turbine, in order of time. */
function sumWeeks(
  turbines: readonly TurbineErrors[],
  teacher: readonly TurbineErrors[],
  split: TimeSplit,
): Week[][] {
  const [from, to] = [dayOf(split.startMs), dayOf(split.endMs)];
  const last = Math.max(0, Math.ceil((to - from) / 7) - 1);
  return turbines.map(({ days, z, cells }, index) => {
    const weeks = Array.from(
      { length: last + 1 },
      (): Week => ({ error: 0, rows: 0, pairs: 0, a: 0, b: 0, aa: 0, bb: 0, ab: 0 }),
    );
    // Rows of the day on which the stretch ends count, as they do in the error without an interval.
    const weekOf = (day: number): Week | undefined => weeks[Math.min(Math.floor((day - from) / 7), last)];
    for (const { day, rows, error, slices } of cells) {
      // Cells of bands hold the same rows once more.
      const week = slices.turbine === undefined ? undefined : weekOf(day);
      if (week === undefined) continue;
      week.error += error * rows;
      week.rows += rows;
    }
    const outputs = z.length / days.length;
    for (const [place, day] of days.entries()) {
      const week = day < to ? weekOf(day) : undefined;
      if (week === undefined) continue;
      for (let at = place * outputs; at < (place + 1) * outputs; at++) {
        const [a, b] = [teacher[index]!.z[at]!, z[at]!];
        if (Number.isNaN(a) || Number.isNaN(b)) continue;
        week.pairs++;
        week.a += a;
        week.b += b;
        week.aa += a * a;
        week.bb += b * b;
        week.ab += a * b;
      }
    }
    return weeks;
  });
}

const meanError: Statistic = (turbines) => {
  const present = turbines.filter((weeks) => total(weeks, "rows") > 0);
  return (
    present.reduce((sum, weeks) => sum + total(weeks, "error") / total(weeks, "rows"), 0) / present.length
  );
};

const correlation: Statistic = (turbines) => {
  const weeks = turbines.flat();
  const [n, a, b] = [total(weeks, "pairs"), total(weeks, "a"), total(weeks, "b")];
  const covariance = total(weeks, "ab") - (a * b) / n;
  return covariance / Math.sqrt((total(weeks, "aa") - (a * a) / n) * (total(weeks, "bb") - (b * b) / n));
};

function total(weeks: readonly Week[], of: keyof Week): number {
  return weeks.reduce((sum, week) => sum + week[of], 0);
}
