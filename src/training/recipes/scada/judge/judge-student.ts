/** How true is each form of the student: its error, and how well its z follows the teacher's, on the judged days. */
import { encodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { formsOf, integersOf, networksOf, type RegressionForm } from "../../../learn/regression-student.ts";
import { resampleForms, type SureFigures } from "../learn/resample-forms.ts";
import type { ReplayedTurbine, TimeSplit } from "../learn/scada-case.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import { dayOf, type TurbineDays } from "./replay-turbines.ts";

/** One form. */
export interface FormFigures {
  readonly form: RegressionForm;
  /** Neurons of each layer. */
  readonly widths: readonly number[];
  /** Networks of the ensemble. */
  readonly members: number;
  /** Weights and biases. */
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** float32 weights, or the model file of the integers. */
  readonly bytes: number;
  /** Mean |residual| over all outputs and usable rows of the judged days, in kelvin, after the site's correction. */
  readonly maeKelvin: number;
  /** Correlation of its z with the teacher's over judged days, turbines and outputs. */
  readonly zCorrelation: number;
  /** Both once more, with their 95 % intervals over turbine-weeks. */
  readonly sure: SureFigures;
  /** Both less those of the form that it has to be better than, or as good as; paired. Null of the teacher. */
  readonly against: (SureFigures & { readonly form: RegressionForm }) | null;
}

/** Judges all forms; `seed` draws the weeks of the intervals. */
export function judgeForms(
  student: ScadaStudent,
  days: ReadonlyMap<RegressionForm, readonly ReplayedTurbine[]>,
  split: TimeSplit,
  seed: number,
): FormFigures[] {
  const resampled = resampleForms(days, split, seed);
  const teacher = collectZ(days.get("teacher")!, split);
  return formsOf(student).map((form): FormFigures => {
    const networks = networksOf(student, form);
    const integers = integersOf(student, form);
    const own = days.get(form)!;
    const rival = findRival(form, days.has("untuned"));
    const parameters = sum(
      networks.flatMap((layers) => layers.map((layer) => layer.weights.length + layer.outputs)),
    );
    return {
      form,
      widths: networks[0]!.map((layer) => layer.outputs),
      members: networks.length,
      parameters,
      multiplyAdds: sum(networks.flatMap((layers) => layers.map((layer) => layer.weights.length))),
      bytes: integers === null ? 4 * parameters : encodeStudent(integers).length,
      maeKelvin: sum(own.map(({ mae }) => sum(mae) / mae.length)) / own.length,
      zCorrelation: correlate(teacher, collectZ(own, split)),
      sure: resampled.of(form),
      against: rival === null ? null : { form: rival, ...resampled.less(form, rival) },
    };
  });
}

/** What came before it, and of the untaught student the taught one. */
function findRival(form: RegressionForm, isTuned: boolean): RegressionForm | null {
  switch (form) {
    case "teacher":
      return null;
    case "wide":
      return "teacher";
    case "untuned":
      return "wide";
    case "untunedInt8":
      return "untuned";
    case "pruned":
      return isTuned ? "untuned" : "wide";
    case "int8":
    case "untaught":
      return "pruned";
  }
}

/** z of all turbines, days and outputs within the split, in one order. */
function collectZ(turbines: readonly TurbineDays[], split: TimeSplit): number[] {
  return turbines.flatMap(({ days, z }) => {
    const outputs = z.length / days.length;
    return Array.from(z).filter((_, index) => {
      const day = days[Math.floor(index / outputs)]!;
      return day >= dayOf(split.startMs) && day < dayOf(split.endMs);
    });
  });
}

/** Pearson's, over the places where both are known. */
function correlate(a: readonly number[], b: readonly number[]): number {
  const both = a.flatMap((value, index) =>
    Number.isNaN(value) || Number.isNaN(b[index]!) ? [] : [[value, b[index]!] as const],
  );
  const meanA = sum(both.map(([value]) => value)) / both.length;
  const meanB = sum(both.map(([, value]) => value)) / both.length;
  const covariance = sum(both.map(([x, y]) => (x - meanA) * (y - meanB)));
  const squaresA = sum(both.map(([x]) => (x - meanA) ** 2));
  const squaresB = sum(both.map(([, y]) => (y - meanB) ** 2));
  return covariance / Math.sqrt(squaresA * squaresB);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
