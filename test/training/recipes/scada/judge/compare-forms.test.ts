import { expect, test } from "vitest";
import type { Figure } from "../../../../../src/training/judge/figure.ts";
import type { RegressionForm } from "../../../../../src/training/learn/regression-student.ts";
import { compareForms } from "../../../../../src/training/recipes/scada/judge/compare-forms.ts";
import type { FormFigures } from "../../../../../src/training/recipes/scada/judge/form-figures.ts";

const figure = (value: number, halfWidth: number): Figure => ({
  value,
  low: value - halfWidth,
  high: value + halfWidth,
});

function compare(untaught: Figure, pruned: Figure, z: Figure): string {
  const form = (name: RegressionForm, maeKelvin: Figure, parameters: number): FormFigures => ({
    form: name,
    widths: [1],
    members: 1,
    parameters,
    multiplyAdds: 1,
    bytes: 1,
    maeKelvin,
    zCorrelation: z,
    against: { form: "wide", maeKelvin, zCorrelation: z },
  });
  return compareForms({
    forms: [
      [
        form("wide", figure(0, 1), 200),
        form("pruned", pruned, 100),
        form("untaught", untaught, 100),
        form("int8", figure(0, 1), 100),
      ],
    ],
  });
}

test("what helps surely is said to help", () => {
  const text = compare(figure(0.2, 0.05), figure(-0.1, 0.05), figure(-0.04, 0.01));
  expect(text).toContain("Distillation lowers the error");
  expect(text).toContain("errs by 0.200 (0.150 to 0.250) K more; its z follows the teacher's less closely");
  expect(text).toContain("the correlation is lower by 0.0400 (0.0300 to 0.0500).");
  expect(text).toContain("Pruning 200 parameters to 100 gains: it changes the error by -0.100");
});

test("what is not sure, or harms, is said in so many words", () => {
  const unsure = compare(figure(0.2, 0.3), figure(0.1, 0.3), figure(0, 0.01));
  expect(unsure).toContain("Distillation does not help the error as far as can be told");
  expect(unsure).toContain("the error of a student of the same size changes by 0.200 (-0.100 to 0.500) K");
  expect(unsure).toContain("which includes zero; its z follows the teacher's neither more nor less closely");
  expect(unsure).toContain("neither gains nor costs as far as can be told");
  const harm = compare(figure(-0.2, 0.05), figure(0.1, 0.05), figure(0.04, 0.01));
  expect(harm).toContain("Distillation does not help the error but raises it");
  expect(harm).toContain("errs by 0.200 (0.150 to 0.250) K less; its z follows the teacher's more closely");
  expect(harm).toContain("the correlation is higher by 0.0400 (0.0300 to 0.0500).");
  expect(harm).toContain("Pruning 200 parameters to 100 costs: it changes the error by 0.100");
});
