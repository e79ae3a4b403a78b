/** What a normal-behaviour run shows in `report.html`: the shrink, the policies side by side, and every failure with its score. */
import { dayMs } from "../../../../core/maths/durations.ts";
import type { LoggedEvent } from "../../../dataset/scada/read-log.ts";
import { integersOf, networksOf, type RegressionForm } from "../../../learn/regression-student.ts";
import type { ReportParts, ReportPlot, ReportTable } from "../../../report/report-parts.ts";
import { compareForms } from "../judge/compare-forms.ts";
import type { Inspection, LeadTime } from "../judge/cost-rule.ts";
import {
  policiesInWords,
  renderRequired,
  type ScadaEvaluation,
  type SeedJudgement,
} from "../judge/scada-evaluation.ts";
import type { TurbineDays } from "../judge/scada-slices.ts";
import { orderPolicies, sayWithoutModel } from "../judge/without-model.ts";
import { dayOf } from "../learn/scada-rows.ts";
import type { ScadaStudent } from "../learn/train-scada-student.ts";
import { tabulateScadaSlices } from "./scada-card.ts";

const titles: Readonly<Record<RegressionForm, string>> = {
  teacher: "teacher, an ensemble",
  wide: "student before pruning",
  pruned: "student, pruned",
  int8: "student, int8",
  untaught: "as the student, without a teacher",
};

/** One drawing a failure, with the inspections of the first calendar. */
export function plotFailures({ outcomes, days, inspections }: SeedJudgement, lead: LeadTime): ReportPlot[] {
  return outcomes.policy![0]!.failures.map(({ failure, leadDays }) => ({
    title: `${failure.turbine} ${failure.component}, ${new Date(failure.timestampMs).toISOString().slice(0, 10)}`,
    caption:
      leadDays === null
        ? "Missed on the first calendar."
        : `Found on the first calendar, ${leadDays.toFixed(0)} days ahead.`,
    svg: plotFailure({ failure, days, inspections: inspections[0]!, lead }),
  }));
}

export function describeScadaReport(
  evaluation: ScadaEvaluation,
  student: ScadaStudent,
  plots: readonly ReportPlot[],
): ReportParts {
  return {
    stepColumns: ["mean error on the test period, K", "correlation of z with the teacher's"],
    steps: evaluation.forms[0]!.map((form) => ({
      name: form.form,
      title: titles[form.form],
      parameters: form.parameters,
      multiplyAdds: form.multiplyAdds,
      bytes: form.bytes,
      figures: [form.maeKelvin, form.zCorrelation],
      timed: integersOf(student, form.form) ?? networksOf(student, form.form),
    })),
    findings: [
      sayWithoutModel(evaluation),
      compareForms(evaluation),
      renderRequired(evaluation, "missed"),
      ...evaluation.enough,
    ],
    looks: evaluation.testLooks,
    plots,
    tables: [tabulatePolicies(evaluation), tabulateScadaSlices(evaluation.slices)],
  };
}

function tabulatePolicies({ policies, hasCosts }: ScadaEvaluation): ReportTable {
  return {
    title: "Inspections",
    caption: `Test period, by the cost rule; means over calendars (and draws of chance). ${policiesInWords}`,
    head: [
      "policy",
      "detected",
      "false alarms",
      "a turbine-year",
      "inspections",
      "kEUR against never looking",
      "lead, days: median (p10)",
    ],
    rows: orderPolicies(policies).map(([name, each]) => [
      name,
      `${each.detected.value.toFixed(2)} of ${each.failures.length}`,
      each.falseAlarms.value.toFixed(1),
      each.falseAlarmsPerTurbineYear.value.toFixed(1),
      each.inspections.value.toFixed(1),
      hasCosts ? (each.gainEur.value / 1000).toFixed(0) : "–",
      each.leadDays === null ? "–" : `${each.leadDays.median.toFixed(0)} (${each.leadDays.p10.toFixed(0)})`,
    ]),
  };
}

interface FailurePlot {
  readonly failure: LoggedEvent;
  readonly days: readonly TurbineDays[];
  /** Of one calendar. */
  readonly inspections: readonly Inspection[];
  readonly lead: LeadTime;
}

/** As wide as the report's other drawings, whose letters are as large. */
const size = { width: 420, height: 210, left: 32, right: 8, top: 26, bottom: 28 } as const;
const scales = [2, 4, 6, 8] as const;
const daysBefore = 90;
const daysAfter = 14;

/**
 * Draws one failure: the score of its component on its turbine over the weeks before, the other turbines' beside it, the
 * inspections of one calendar and the failure itself. SVG that follows the page's light or dark colours,
 * on the smallest scale that all scores fit on; those above the largest scale's end are drawn at it.
 */
export function plotFailure({ failure, days, inspections, lead }: FailurePlot): string {
  const failureDay = dayOf(failure.timestampMs);
  const fromDay = failureDay - daysBefore;
  const toDay = failureDay + daysAfter;
  const own = inspections.filter(
    (each) => each.turbine === failure.turbine && each.component === failure.component,
  );
  const shown = own.filter((each) => each.timestampMs >= fromDay * dayMs && each.timestampMs < toDay * dayMs);
  const found = own.some(({ timestampMs }) => {
    const ahead = (failure.timestampMs - timestampMs) / dayMs;
    return ahead >= lead.minLeadDays && ahead <= lead.maxLeadDays;
  });
  const highest = chooseScale(days, failure.component, { fromDay, toDay });
  const x = (timestampMs: number): number =>
    size.left + ((timestampMs / dayMs - fromDay) / (toDay - fromDay)) * (size.width - size.left - size.right);
  const [shadeFrom, shadeTo] = [lead.maxLeadDays, lead.minLeadDays].map((ahead) =>
    Math.max(size.left, x(failure.timestampMs - ahead * dayMs)),
  ) as [number, number];
  const y = (score: number): number =>
    size.height - size.bottom - (Math.min(score, highest) / highest) * (size.height - size.top - size.bottom);
  const line = (turbine: TurbineDays): string => {
    const values = turbine.scores.get(failure.component);
    let path = "";
    let pen = "M";
    for (let day = fromDay; day < toDay; day++) {
      const value = values?.[day - turbine.days[0]!] ?? Number.NaN;
      if (Number.isNaN(value)) {
        pen = "M";
        continue;
      }
      path += `${pen}${x(day * dayMs).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    }
    const isOwn = turbine.turbine === failure.turbine;
    return `<path d="${path}" fill="none" stroke="currentColor" stroke-width="${isOwn ? 2 : 1}" opacity="${isOwn ? 1 : 0.3}"><title>${turbine.turbine}</title></path>`;
  };
  const date = new Date(failure.timestampMs).toISOString().slice(0, 10);
  const marks = shown.map(
    ({ timestampMs }) =>
      `<path d="M${x(timestampMs).toFixed(1)} ${size.top}V${size.height - size.bottom}" stroke="#2a7de1" stroke-width="2" stroke-dasharray="5 3"><title>inspection</title></path>`,
  );
  const ticks = [90, 60, 30, 0].map(
    (lead) =>
      `<text x="${x(failure.timestampMs - lead * dayMs).toFixed(1)}" y="${size.height - 10}" text-anchor="middle">${lead === 0 ? "failure" : `−${lead} d`}</text>`,
  );
  const levels = [0, highest / 2, highest].map(
    (level) =>
      `<text x="${size.left - 6}" y="${(y(level) + 4).toFixed(1)}" text-anchor="end">${level}</text><path d="M${size.left} ${y(level).toFixed(1)}H${size.width - size.right}" stroke="currentColor" opacity="0.15"/>`,
  );
  const title = `${failure.turbine} ${failure.component}, ${date}: ${found ? "found" : "missed"}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}" font-family="sans-serif" font-size="11" fill="currentColor">`,
    `<text x="0" y="14">score |z|; others thin; inspections dashed; shaded: a find counts</text>`,
    `<rect x="${shadeFrom.toFixed(1)}" y="${size.top}" width="${(shadeTo - shadeFrom).toFixed(1)}" height="${size.height - size.top - size.bottom}" opacity="0.07"/>`,
    ...levels,
    ...days.filter((turbine) => turbine.turbine !== failure.turbine).map(line),
    ...days.filter((turbine) => turbine.turbine === failure.turbine).map(line),
    ...marks,
    `<path d="M${x(failure.timestampMs).toFixed(1)} ${size.top}V${size.height - size.bottom}" stroke="#d33" stroke-width="2"/>`,
    ...ticks,
    "</svg>",
  ].join("\n");
}

function chooseScale(
  days: readonly TurbineDays[],
  component: string,
  { fromDay, toDay }: { readonly fromDay: number; readonly toDay: number },
): number {
  const shown = days.flatMap((turbine) => {
    const from = fromDay - turbine.days[0]!;
    return Array.from(turbine.scores.get(component) ?? []).slice(
      Math.max(0, from),
      Math.max(0, from + toDay - fromDay),
    );
  });
  const highest = shown.reduce((most, score) => (score > most ? score : most), 0);
  return scales.find((end) => end >= highest) ?? scales[scales.length - 1]!;
}
