/** `MODEL_CARD.md` of a fine-tuned bundle: whose machines it was tuned on, how sure anyone can be of it. Generated only. */
import type { CardManifest } from "../../../bundle/model-documents.ts";
import { formatFigure } from "../../../judge/figure.ts";
import { sayLearningPath } from "../../../judge/learning-path.ts";
import { renderCard } from "../../../report/render-card.ts";
import { renderMarkdownSection } from "../../../report/report-parts.ts";
import type { TunedEvaluation } from "../judge/tuned-evaluation.ts";
import type { TunedConfig } from "../tuned-config.ts";
import { sayTuned, tabulateContenders, tabulateNext, tabulateTunedMachines } from "./tuned-tables.ts";

export function renderTunedCard(
  manifest: CardManifest,
  config: TunedConfig,
  report: TunedEvaluation,
): string {
  const data = manifest.lineage.data[0]!;
  const { parent, evidence, metrics } = report;
  const { tuning, inventedRigs } = config;
  const modes = manifest.outputs.map(({ failureMode }) => failureMode);
  return renderCard(manifest, {
    body: [
      ...(evidence.isLittle
        ? [
            "> **Too little evidence.** Whoever trained this model accepted that nobody can say how good it is:",
            `> an honest figure takes ${evidence.lacking.join(", ")}.`,
            "",
          ]
        : []),
      "## What it does",
      "",
      `Gives, for each window of ${manifest.window.length} shaft ${manifest.window.unit}, one logit for each of ${modes.join(", ")} of one bearing; healthy is none of them. It diagnoses: it does not say when the bearing will fail.`,
      "",
      "## What it learnt from",
      "",
      `- Parent: ${parent.name}@${parent.version}, digest \`${parent.digest}\`; its card says what it had learnt from`,
      `- Data: ${report.dataDescription}`,
      `- Fingerprint of the files read: \`${data.sha256}\``,
      `- Machines trained on: ${data.trainGroups.join(", ")}`,
      ...sayLearningPath(evidence).map((line) => `- ${line}`),
      `- Recordings that break the data contract and were left out: ${report.refused.length === 0 ? "none" : report.refused.map(({ signal, reason }) => `${signal} (${reason})`).join(", ")}`,
      `- Kept of the parent: ${tuning.parentWord} of what is said of a recording is its word; its answers on ${inventedRigs.training} invented rigs and on its own background weigh ${tuning.rememberedWeight} times as much as the recordings`,
      `- Training windows: ${report.trainingWindows}; ${tuning.fit.steps} steps. No output of the built-in simulator was trained on.`,
      "",
      "## How good it is",
      "",
      ...sayTuned(report).map((sentence) => `- ${sentence}`),
      "",
      `Brier score of the calibrated probabilities ${formatFigure(metrics.brier!)}, expected calibration error ${formatFigure(metrics.calibrationErrorOutOfFold!)}: a machine's probabilities are calibrated on the other machines.`,
      "",
      ...renderMarkdownSection(tabulateContenders(report)),
      ...renderMarkdownSection(tabulateTunedMachines(report)),
      ...renderMarkdownSection(tabulateNext(report)),
    ],
    slicesHeading: "Recordings",
    slices: {
      title: "Recordings",
      caption: "Every recording that was judged, and what a gateway would have raised on it.",
      head: ["recording", "machine", "shows", "raised", "outcome"],
      rows: report.recordings.map(({ id, machine, label, raised, outcome }) => [
        `\`${id}\``,
        machine,
        label,
        raised ?? "nothing",
        outcome,
      ]),
    },
    limitations: report.limitations,
    notesHeading: "Notes",
    notes: config.notes,
  });
}
