/** `MODEL_CARD.md` of a normal-behaviour bundle. Generated only; every figure comes from `evaluation.json`. */
import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import type { CardManifest } from "../../../bundle/model-documents.ts";
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import { renderCard } from "../../../report/render-card.ts";
import { type ReportTable, renderMarkdownTable } from "../../../report/report-parts.ts";
import { compareForms } from "../judge/compare-forms.ts";
import { policiesInWords, renderRequired, type ScadaEvaluation } from "../judge/scada-evaluation.ts";
import type { ScadaSlice } from "../judge/scada-slices.ts";
import { orderPolicies, sayWithoutModel } from "../judge/without-model.ts";
import type { ScadaRecipeConfig } from "../scada-config.ts";

const euro = (value: number): string => `${Math.round(value / 1000)} k`;
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const mean = (figure: Figure, digits: number): string => figure.value.toFixed(digits);

export function renderScadaCard(
  manifest: CardManifest,
  config: ScadaRecipeConfig,
  report: ScadaEvaluation,
): string {
  return renderCard(manifest, {
    body: [...describeScadaOrigin(manifest, config, report), ...describeScadaQuality(manifest, report)],
    slicesHeading: "By slice",
    slices: tabulateScadaSlices(report.slices),
    limitations: report.limitations,
    notesHeading: "Looks at the test period, and notes",
    notes: [...report.testLooks, ...config.notes],
  });
}

function describeScadaOrigin(
  manifest: CardManifest,
  config: ScadaRecipeConfig,
  report: ScadaEvaluation,
): string[] {
  const { policy } = manifest.normalBehaviour!;
  return [
    "## What it does",
    "",
    `From ${manifest.features.list.length} features of power, wind, ambient temperature, speed and pitch it says how warm ${manifest.normalBehaviour!.residuals.length} places of a healthy turbine would be in these ten minutes. ${describePolicy(config, policy)}`,
    "",
    `An inspection speaks of failures from ${policy.minLeadDays} to ${policy.maxLeadDays} days ahead. The probability that travels with it is the logbook's rate moved by the score; with the failures there are it cannot be called calibrated, and no day of failure is promised.`,
    "",
    "## What it learnt from",
    "",
    `- Data: ${report.dataDescription}`,
    `- Fingerprints of the files read: ${manifest.lineage.data.map(({ name, sha256 }) => `${name} \`${sha256}\``).join(", ")}`,
    `- ${report.trainingRows} rows of normal operation before ${config.dataset.period.test}, none from the ${config.recipe.excludeDays} days before a failure. Teacher: ${manifest.lineage.teacher}`,
    `- Held out: ${config.dataset.heldOutRule}`,
    `- Priors of the policy: events a turbine-year in the train period, pulled to their mean; worth: ${report.hasCosts ? "the costs of the data set" : "one a failure found, nobody said what anything costs"}.`,
    "",
    "## From teacher to integers",
    "",
    "With 95 % intervals that draw turbine-weeks of the test period anew.",
    "",
    ...renderMarkdownTable({
      head: [
        "form",
        "parameters",
        "multiply-adds",
        "bytes",
        "mean error, K",
        "z's correlation with the teacher's",
      ],
      rows: report.forms[0]!.map(({ form, members, widths, ...size }) => [
        `${form} ${members > 1 ? `${members} × ` : ""}${widths.join("-")}`,
        `${size.parameters}`,
        `${size.multiplyAdds}`,
        `${size.bytes}`,
        formatFigure(size.maeKelvin),
        formatFigure(size.zCorrelation, 4),
      ]),
    }),
    "",
    compareForms(report),
    "",
    sayFits(config),
    "",
  ];
}

/** How the forms and what the gate holds against them were fitted. */
function sayFits({ recipe: { teacher, student } }: ScadaRecipeConfig): string {
  const after = student.prune.rounds * student.prune.fit.steps;
  return `No network here has one minimum to converge to: the teacher's had ${teacher.fit.steps} gradient steps each, the student ${student.fit.steps} and ${after} after, the untaught one as many in all. The linear regression on site that the gate holds against the student is solved exactly.`;
}

function describeScadaQuality({ normalBehaviour }: CardManifest, report: ScadaEvaluation): string[] {
  const { policies } = report;
  const own = policies.policy!;
  const faults = report.sensorFaults.map(
    ({ turbine, output, from }) => `${turbine} ${normalBehaviour!.residuals[output]!.channel} from ${from}`,
  );
  return [
    "## How good it is",
    "",
    sayWithoutModel(report),
    "",
    `Test period, ${own.failures.length} failures, cost rule at ${normalBehaviour!.policy.maxLeadDays} days; mean of ${own.runs} runs (${report.seeds.length} seed, every calendar):`,
    "",
    ...renderMarkdownTable({
      head: [
        "",
        "detected",
        "false alarms",
        "a turbine-year",
        "inspections",
        "EUR against never looking",
        "EUR of the rule",
      ],
      rows: orderPolicies(policies).map(([name, each]) => [
        name,
        mean(each.detected, 2),
        mean(each.falseAlarms, 1),
        mean(each.falseAlarmsPerTurbineYear, 1),
        mean(each.inspections, 1),
        report.hasCosts ? euro(each.gainEur.value) : "–",
        report.hasCosts ? euro(each.eur.value) : "–",
      ]),
    }),
    "",
    `Lead: ${own.leadDays === null ? "none" : `median ${own.leadDays.median.toFixed(0)} days, p10 ${own.leadDays.p10.toFixed(0)}`}. Policies: ${policiesInWords}`,
    "",
    ...sayHowSure(report),
    ...renderMarkdownTable({
      head: ["failure", "how often found", "median lead, days"],
      rows: own.failures.map(({ turbine, component, time, detectedShare, medianLeadDays }) => [
        `${turbine} ${component} ${time.slice(0, 10)}`,
        percent(detectedShare),
        medianLeadDays?.toFixed(0) ?? "–",
      ]),
    }),
    "",
    `Sensors that were set aside in the test period (a sensor's alarm, not the component's): ${faults.length === 0 ? "none" : faults.join(", ")}.`,
    "",
    renderRequired(report, "**missed**"),
    "",
  ];
}

/** What figures of so few failures and turbines are worth, and what would be enough. */
function sayHowSure({ metrics, policies, hasCosts, enough }: ScadaEvaluation): string[] {
  const { detectedShare: share, windowAuc, windowAucP, gainP } = metrics;
  const shares =
    share === undefined
      ? "nothing is known of the share of failures that would be found."
      : `${policies.policy!.failures.length} failures tell the true share of detected ones no better than ${percent(share.low!)} to ${percent(share.high!)} (exact binomial, 95 %), however many seeds are run. AUC of turbine-days ${mean(windowAuc!, 3)}: with failures at random it is as high with p = ${mean(windowAucP!, 3)}, and the ${hasCosts ? "gain" : "number found"} with p = ${mean(gainP!, 3)}.`;
  return [
    `**How sure:** ${shares}`,
    "",
    ...enough.flatMap((line) => [`- ${line}`]),
    ...(enough.length === 0 ? [] : [""]),
  ];
}

function describePolicy({ policy, statistics }: ScadaRecipeConfig, asked: InspectionPolicy): string {
  const against =
    statistics.reference === "commissioning"
      ? `the turbine's first ${statistics.historyDays} days`
      : "the turbine's own past";
  if (asked.minWorthEur > maxWorthOf(asked))
    return `What is measured less what is expected, averaged over days and compared with ${against}, scores components. It asks for no inspection: these data do not say when one is worth it.`;
  const chosen =
    asked.kind === "ranking"
      ? "the turbine with the highest score is named for inspection, for each component"
      : "the planner names the inspection that is worth most";
  return `What is measured less what is expected, averaged over days and compared with ${against}, ranks components; every ${policy.roundDays} days ${chosen}.`;
}

/** The most that an inspection could be worth. */
function maxWorthOf({ components }: InspectionPolicy): number {
  return Math.max(...components.map(({ worthEur }) => worthEur));
}

/** Slices as rows of text, for the card and the report. */
export function tabulateScadaSlices(slices: readonly ScadaSlice[]): ReportTable {
  return {
    title: "Slices",
    caption:
      "Judged period, rows of normal operation, each of which weighs the same here (above, each turbine does); intervals of the error resample turbine-weeks, those of the failures found are exact binomial ones of their number. A failure has a turbine, but no load or wind speed.",
    head: ["slice", "rows", "turbine-weeks", "mean error, K", "failures found", "false alarms"],
    rows: slices.map(({ by, value, rows, turbineWeeks, maeKelvin, detected, falseAlarms }) => [
      `${by}: ${value}`,
      `${rows}`,
      `${turbineWeeks}`,
      formatFigure(maeKelvin),
      detected === null ? "–" : `${formatFigure(detected, 1)} of ${detected.of}`,
      falseAlarms?.toFixed(1) ?? "–",
    ]),
  };
}
