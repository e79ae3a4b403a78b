/** `MODEL_CARD.md` of a remaining life: what it learnt from, how good it is, where it fails. Generated only. */
import { type CardManifest, closeCard, headCard } from "../../bundle/card-parts.ts";
import { formatFigure } from "../../judge/figure.ts";
import { sayCoverageChance } from "./coverage-chance.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeEvaluation } from "./life-evaluation.ts";

import { tabulateLifeSlices } from "./life-slices.ts";

/** Renders the card. */
export function renderLifeCard(manifest: CardManifest, config: LifeConfig, report: LifeEvaluation): string {
  const { test, outOfFold } = report;
  const data = manifest.lineage.data[0]!;
  const percent = 100 * config.interval.coverage;
  const slices = tabulateLifeSlices(report.slices);
  const lines = [
    ...headCard(manifest),
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
    `| RMSE, cycles | **${formatFigure(test.rmse, 2)}** | ${formatFigure(outOfFold.rmse, 2)} |`,
    `| mean absolute error, cycles | ${formatFigure(test.mae, 2)} | ${formatFigure(outOfFold.mae, 2)} |`,
    `| bias (predicted less actual), cycles | ${formatFigure(test.bias, 2)} | ${formatFigure(outOfFold.bias, 2)} |`,
    `| NASA score | ${formatFigure(test.nasaScore, 0)} | ${formatFigure(outOfFold.nasaScore, 0)} |`,
    `| coverage of the ${percent} % interval | ${formatFigure(test.coverage, 3)} | ${formatFigure(outOfFold.coverage, 3)} |`,
    `| width of the interval, cycles | ${formatFigure(test.intervalWidth, 1)} | ${formatFigure(outOfFold.intervalWidth, 1)} |`,
    "",
    `Against lives that are not capped the RMSE at the last row is ${formatFigure(report.testUncapped.rmse, 2)} cycles (predictions end at ${report.capCycles}). Over all rows of the test engines that a cut may fall on, every engine weighing the same, the RMSE is ${formatFigure(report.testAllRows.rmse, 2)} cycles and the interval holds ${formatFigure(report.testAllRows.coverage, 3)}.`,
    "",
    sayCoverageChance(test, config),
    "",
    slices.caption,
    "",
    `| ${slices.head.join(" | ")} |`,
    `|${slices.head.map(() => "---").join("|")}|`,
    ...slices.rows.map((row) => `| ${row.join(" | ")} |`),
    "",
    "## Step by step",
    "",
    "| | parameters | multiply-adds | bytes | RMSE test | RMSE out of fold |",
    "|---|---|---|---|---|---|",
    ...report.steps.map(
      (step) =>
        `| ${step.title} | ${step.parameters} | ${step.multiplyAdds} | ${step.bytes} | ${formatFigure(step.test, 2)} | ${formatFigure(step.outOfFold, 2)} |`,
    ),
    "",
    "Did it help? The error is the RMSE out of fold, paired by engine:",
    "",
    ...report.comparisons.map(
      (each) =>
        `- ${each.what}: ${each.verdict}; the difference is ${formatFigure(each.difference, 2)} cycles`,
    ),
    "",
    ...closeCard(manifest, report.limitations, "Notes", config.notes),
  ];
  return lines.join("\n");
}
