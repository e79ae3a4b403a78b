/** `MODEL_CARD.md` of a remaining life: what it learnt from, how good it is, where it fails. Generated only. */
import type { Manifest } from "../../contract/manifest.ts";
import type { Figure } from "../judge/figure.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeEvaluation } from "./life-evaluation.ts";

function show({ value, low, high }: Figure, digits: number): string {
  return `${value.toFixed(digits)} (${low?.toFixed(digits) ?? "–"} … ${high?.toFixed(digits) ?? "–"})`;
}

/** Renders the card. */
export function renderLifeCard(
  manifest: Omit<Manifest, "files">,
  config: LifeConfig,
  report: LifeEvaluation,
): string {
  const { test, outOfFold } = report;
  const data = manifest.lineage.data[0]!;
  const percent = 100 * config.interval.coverage;
  const lines = [
    `# ${manifest.title} ${manifest.version}`,
    "",
    `\`${manifest.name}@${manifest.version}\`: ${manifest.changelog}`,
    "",
    "## What it does",
    "",
    `Predicts how many cycles a simulated engine has left, up to ${report.capCycles} ("this or more"), with a ${percent} % interval, from ${config.minHistory} cycles of history on.`,
    "",
    "## What it learnt from",
    "",
    `- Data: ${report.dataDescription}; subset ${config.dataset.subset}, fingerprint \`${data.sha256}\``,
    `- ${report.trainingEngines} engines that ran to failure, ${report.trainingRows} rows with at most ${config.maxRemaining} cycles left; every engine weighs the same`,
    `- Channels that never change on them and were dropped: ${report.droppedChannels.map((each) => each.channel).join(", ") || "none"}; ${report.outOfRangeReadings} readings outside the declared ranges`,
    `- Teacher: ${manifest.lineage.teacher}`,
    "",
    "## How good it is",
    "",
    `${test.engines} test engines, each once at its last row, target capped at ${report.capCycles}; out of fold: ${config.folds} parts of whole training engines, cut evenly with at most ${config.maxRemaining} cycles left. In brackets 95 % intervals over engines.`,
    "",
    "| int8 student | test engines, last row | out of fold |",
    "|---|---|---|",
    `| RMSE, cycles | **${show(test.rmse, 2)}** | ${show(outOfFold.rmse, 2)} |`,
    `| mean absolute error, cycles | ${show(test.mae, 2)} | ${show(outOfFold.mae, 2)} |`,
    `| bias (predicted less actual), cycles | ${show(test.bias, 2)} | ${show(outOfFold.bias, 2)} |`,
    `| NASA score | ${show(test.nasaScore, 0)} | ${show(outOfFold.nasaScore, 0)} |`,
    `| coverage of the ${percent} % interval | ${show(test.coverage, 3)} | ${show(outOfFold.coverage, 3)} |`,
    `| width of the interval, cycles | ${show(test.intervalWidth, 1)} | ${show(outOfFold.intervalWidth, 1)} |`,
    "",
    `Against lives that are not capped the RMSE at the last row is ${show(report.testUncapped.rmse, 2)} cycles (predictions end at ${report.capCycles}). Over all rows of the test engines that a cut may fall on, every engine weighing the same, the RMSE is ${show(report.testAllRows.rmse, 2)} cycles and the interval holds ${show(report.testAllRows.coverage, 3)}.`,
    "",
    "## Step by step",
    "",
    "| | parameters | multiply-adds | bytes | RMSE test | RMSE out of fold |",
    "|---|---|---|---|---|---|",
    ...report.steps.map(
      (step) =>
        `| ${step.title} | ${step.parameters} | ${step.multiplyAdds} | ${step.bytes} | ${show(step.test, 2)} | ${show(step.outOfFold, 2)} |`,
    ),
    "",
    "Did it help? RMSE out of fold, paired by engine:",
    "",
    ...report.comparisons.map((each) => `- ${each.what}: ${each.verdict}, ${show(each.difference, 2)}`),
    "",
    "## Limits",
    "",
    ...report.limitations.map((line) => `- ${line}`),
    "",
    "## Notes",
    "",
    ...config.notes.map((line) => `- ${line}`),
    "",
  ];
  return lines.join("\n");
}
