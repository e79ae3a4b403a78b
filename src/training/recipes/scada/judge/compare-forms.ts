/** What teaching and pruning did, in sentences that claim no more than their intervals allow. */
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import type { RegressionForm } from "../../../learn/regression-student.ts";
import type { FormFigures } from "./form-figures.ts";

/** Says whether distilling and pruning helped, from the figures. */
export function compareForms({ forms }: { readonly forms: readonly (readonly FormFigures[])[] }): string {
  const form = (name: RegressionForm): FormFigures | undefined =>
    forms[0]!.find((each) => each.form === name);
  const [wide, pruned, untaught] = [form("wide")!, form("pruned")!, form("untaught")!];
  return `${compareTeaching(untaught)} ${comparePruning(wide, pruned)}`;
}

/** `untaught` against the student of its size that had a teacher: what the teacher's word is worth. */
function compareTeaching({ against }: FormFigures): string {
  const { maeKelvin, zCorrelation } = against!;
  const words = isAbove(maeKelvin)
    ? `Distillation lowers the error: a student of the same size without a teacher errs by ${formatFigure(maeKelvin)} K more`
    : isBelow(maeKelvin)
      ? `Distillation does not help the error but raises it: a student of the same size without a teacher errs by ${formatFigure(negate(maeKelvin))} K less`
      : `Distillation does not help the error as far as can be told: without a teacher the error of a student of the same size changes by ${formatFigure(maeKelvin)} K, which includes zero`;
  const closeness = isBelow(zCorrelation)
    ? `less closely: the correlation is lower by ${formatFigure(negate(zCorrelation), 4)}`
    : isAbove(zCorrelation)
      ? `more closely: the correlation is higher by ${formatFigure(zCorrelation, 4)}`
      : `neither more nor less closely as far as can be told: the correlation changes by ${formatFigure(zCorrelation, 4)}`;
  return `${words}; its z follows the teacher's ${closeness}.`;
}

/** The same difference, seen from the other side. */
function negate({ value, low, high }: Figure): Figure {
  return { value: -value, low: high === null ? null : -high, high: low === null ? null : -low };
}

/** The narrow student against the wide one that it was cut from. */
function comparePruning(wide: FormFigures, narrow: FormFigures): string {
  const { maeKelvin } = narrow.against!;
  const verdict = isAbove(maeKelvin)
    ? "costs"
    : isBelow(maeKelvin)
      ? "gains"
      : "neither gains nor costs as far as can be told";
  return `Pruning ${wide.parameters} parameters to ${narrow.parameters} ${verdict}: it changes the error by ${formatFigure(maeKelvin)} K.`;
}

function isAbove({ low }: Figure): boolean {
  return low !== null && low > 0;
}

function isBelow({ high }: Figure): boolean {
  return high !== null && high < 0;
}
