/** What a normal-behaviour run shows in `report.html`: the shrink, the policies side by side, and every failure with its score. */
import { integersOf, networksOf, type RegressionForm } from "../../../learn/regression-student.ts";
import type { ReportParts, ReportPlot, ReportTable } from "../../../report/report-parts.ts";
import type { SeedJudgement } from "../judge/judge-edp.ts";
import {
  compareForms,
  policiesInWords,
  renderRequired,
  type ScadaEvaluation,
} from "../judge/scada-evaluation.ts";
import { tabulateScadaSlices } from "../judge/scada-slices.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import { plotFailure } from "./plot-failure.ts";

const titles: Readonly<Record<RegressionForm, string>> = {
  teacher: "teacher, an ensemble",
  wide: "student before pruning",
  untuned: "student, pruned",
  untunedInt8: "student, int8 without fine-tuning",
  pruned: "student, pruned and fine-tuned",
  int8: "student, int8",
  untaught: "as the student, without a teacher",
};

/** One drawing a failure, with the inspections of the first calendar. */
export function plotFailures({ outcomes, days, inspections }: SeedJudgement): ReportPlot[] {
  return outcomes.policy[0]!.failures.map(({ failure, leadDays }) => ({
    title: `${failure.turbine} ${failure.component}, ${new Date(failure.timestampMs).toISOString().slice(0, 10)}`,
    caption:
      leadDays === null
        ? "Missed on the first calendar."
        : `Found on the first calendar, ${leadDays.toFixed(0)} days ahead.`,
    svg: plotFailure({ failure, days, inspections: inspections[0]! }),
  }));
}

/** Everything that the report shows. */
export function describeScadaReport(
  evaluation: ScadaEvaluation,
  student: ScadaStudent,
  plots: readonly ReportPlot[],
): ReportParts {
  return {
    stepColumns: ["mean error on the test half-year, K", "correlation of z with the teacher's"],
    steps: evaluation.forms[0]!.map((form) => ({
      name: form.form,
      // Without fine-tuning the integers' float parent is the pruned student itself.
      title: titles[form.form === "pruned" && student.untuned === undefined ? "untuned" : form.form],
      parameters: form.parameters,
      multiplyAdds: form.multiplyAdds,
      bytes: form.bytes,
      figures: [form.sure.maeKelvin, form.sure.zCorrelation],
      timed: integersOf(student, form.form) ?? networksOf(student, form.form),
    })),
    findings: [compareForms(evaluation), renderRequired(evaluation, "missed")],
    looks: evaluation.testLooks,
    plots,
    tables: [tabulatePolicies(evaluation), tabulateScadaSlices(evaluation.slices)],
  };
}

function tabulatePolicies({ policies }: ScadaEvaluation): ReportTable {
  return {
    title: "Inspections",
    caption: `Test half-year, cost rule of the data set at 60 days; means over calendars (and draws of chance). ${policiesInWords}`,
    head: [
      "policy",
      "detected",
      "false alarms",
      "a turbine-year",
      "inspections",
      "kEUR against never looking",
      "lead, days: median (p10)",
    ],
    rows: Object.entries(policies).map(([name, each]) => [
      name,
      `${each.detected.value.toFixed(2)} of ${each.failures.length}`,
      each.falseAlarms.value.toFixed(1),
      each.falseAlarmsPerTurbineYear.value.toFixed(1),
      each.inspections.value.toFixed(1),
      (each.gainEur.value / 1000).toFixed(0),
      each.leadDays === null ? "–" : `${each.leadDays.median.toFixed(0)} (${each.leadDays.p10.toFixed(0)})`,
    ]),
  };
}
