/** `MODEL_CARD.md` of a normal-behaviour bundle. Generated only; every figure comes from `evaluation.json`. */
import { type CardManifest, closeCard, headCard } from "../../../bundle/model-documents.ts";
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import {
  compareForms,
  policiesInWords,
  renderRequired,
  type ScadaEvaluation,
} from "../judge/scada-evaluation.ts";
import { tabulateScadaSlices } from "../judge/scada-slices.ts";
import type { ScadaConfig } from "../scada-config.ts";

const euro = (value: number): string => `${Math.round(value / 1000)} k`;
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const mean = (figure: Figure, digits: number): string => figure.value.toFixed(digits);

/** Renders the card. */
export function renderScadaCard(
  manifest: CardManifest,
  config: ScadaConfig,
  report: ScadaEvaluation,
): string {
  const { metrics, policies } = report;
  const own = policies.policy!;
  const share = metrics.detectedShare!;
  const behaviour = manifest.normalBehaviour!;
  const slices = tabulateScadaSlices(report.slices);
  const lines = [
    ...headCard(manifest),
    "## What it does",
    "",
    `From ${manifest.features.list.length} features of power, wind, ambient temperature, speed and pitch it says how warm ${behaviour.residuals.length} places of a healthy turbine would be in these ten minutes. ${describePolicy(config)}`,
    "",
    "An inspection speaks of failures from 2 to 60 days ahead. The probability that travels with it is the logbook's rate moved by the score; with the failures there are it cannot be called calibrated, and no day of failure is promised.",
    "",
    "## What it learnt from",
    "",
    `- Data: ${report.dataDescription}`,
    `- Fingerprints of the files read: ${manifest.lineage.data.map(({ name, sha256 }) => `${name} \`${sha256}\``).join(", ")}`,
    `- ${report.trainingRows} rows of normal operation until 2017-05-31, none from the ${config.recipe.excludeDays} days before a failure. Teacher: ${manifest.lineage.teacher}`,
    `- Held out: ${config.dataset.heldOutRule}`,
    "- Priors of the policy: events a turbine-year in the train period, pulled to their mean; worth: the costs of the data set.",
    "",
    "## From teacher to integers",
    "",
    "With 95 % intervals that draw turbine-weeks of the test half-year anew.",
    "",
    "| form | parameters | multiply-adds | bytes | mean error, K | z's correlation with the teacher's |",
    "|---|---|---|---|---|---|",
    ...report.forms[0]!.map(
      (form) =>
        `| ${form.form} ${form.members > 1 ? `${form.members} × ` : ""}${form.widths.join("-")} | ${form.parameters} | ${form.multiplyAdds} | ${form.bytes} | ${formatFigure(form.sure.maeKelvin)} | ${formatFigure(form.sure.zCorrelation, 4)} |`,
    ),
    "",
    compareForms(report),
    "",
    "## How good it is",
    "",
    `Test half-year, ${own.failures.length} failures, cost rule of the data set at 60 days; mean of ${own.runs} runs (${report.seeds.length} seed, every calendar):`,
    "",
    "| | detected | false alarms | a turbine-year | inspections | EUR against never looking | EUR of the rule |",
    "|---|---|---|---|---|---|---|",
    ...Object.entries(policies).map(
      ([name, each]) =>
        `| ${name} | ${mean(each.detected, 2)} | ${mean(each.falseAlarms, 1)} | ${mean(each.falseAlarmsPerTurbineYear, 1)} | ${mean(each.inspections, 1)} | ${euro(each.gainEur.value)} | ${euro(each.eur.value)} |`,
    ),
    "",
    `Lead: ${own.leadDays === null ? "none" : `median ${own.leadDays.median.toFixed(0)} days, p10 ${own.leadDays.p10.toFixed(0)}`}. ${describeScores(policies)}`,
    "",
    `**How sure:** ${own.failures.length} failures tell the true share of detected ones no better than ${percent(share.low!)} to ${percent(share.high!)} (exact binomial, 95 %), however many seeds are run. AUC of turbine-days ${mean(metrics.windowAuc!, 3)}: with failures at random it is as high with p = ${mean(metrics.windowAucP!, 3)}, and the gain with p = ${mean(metrics.gainP!, 3)}.`,
    "",
    "| failure | how often found | median lead, days |",
    "|---|---|---|",
    ...own.failures.map(
      (failure) =>
        `| ${failure.turbine} ${failure.component} ${failure.time.slice(0, 10)} | ${percent(failure.detectedShare)} | ${failure.medianLeadDays?.toFixed(0) ?? "–"} |`,
    ),
    "",
    `Sensors that were set aside in the test half-year (a sensor's alarm, not the component's): ${report.sensorFaults.length === 0 ? "none" : report.sensorFaults.map(({ turbine, output, from }) => `${turbine} ${behaviour.residuals[output]!.channel} from ${from}`).join(", ")}.`,
    "",
    renderRequired(report, "**missed**"),
    "",
    "## By slice",
    "",
    slices.caption,
    "",
    `| ${slices.head.join(" | ")} |`,
    `|${slices.head.map(() => "---").join("|")}|`,
    ...slices.rows.map((row) => `| ${row.join(" | ")} |`),
    "",
    ...closeCard(manifest, report.limitations, "Looks at the test half-year, and notes", [
      ...report.testLooks,
      ...config.notes,
    ]),
  ];
  return lines.join("\n");
}

function describePolicy({ policy, statistics }: ScadaConfig): string {
  const against =
    statistics.reference === "commissioning"
      ? `the turbine's first ${statistics.historyDays} days`
      : "the turbine's own past";
  const chosen =
    policy.kind === "ranking"
      ? "the turbine with the highest score is named for inspection, for each component"
      : "the planner names the inspection that is worth most";
  return `What is measured less what is expected, averaged over days and compared with ${against}, ranks components; every ${policy.roundDays} days ${chosen}.`;
}

/** What the measurements are worth: against the same policy on scores that say nothing. */
function describeScores(policies: ScadaEvaluation["policies"]): string {
  const own = policies.policy!;
  const blind = policies.shuffledScores!;
  return `Policies: ${policiesInWords} Against shuffledScores the scores are worth ${euro(own.gainEur.value - blind.gainEur.value)} EUR and ${(own.detected.value - blind.detected.value).toFixed(2)} failures.`;
}
