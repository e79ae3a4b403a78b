/** `MODEL_CARD.md`: what the model is, what it learnt from, how good it is, where it fails. Generated only. */
import { type CardManifest, closeCard, headCard } from "../../../bundle/model-documents.ts";
import { formatFigure } from "../../../judge/figure.ts";
import type { SliceFigures } from "../../../judge/slice-figures.ts";
import { type ReportTable, renderMarkdownTable } from "../../../report/report-parts.ts";
import type { BearingConfig } from "../bearing-config.ts";
import type { BearingEvaluation } from "../judge/bearing-evaluation.ts";

const figure = (value: number | null): string => (value === null ? "–" : value.toFixed(3));
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

export function renderBearingCard(
  manifest: CardManifest,
  config: BearingConfig,
  report: BearingEvaluation,
): string {
  const slices = tabulateSlices(report.slices);
  const lines = [
    ...headCard(manifest),
    ...describeOrigin(manifest, config, report),
    ...describeQuality(manifest, report),
    "## Slices",
    "",
    slices.caption,
    "",
    ...renderMarkdownTable(slices),
    "",
    ...closeCard(manifest, report.limitations, {
      heading: "Looks at the test data, and notes",
      notes: config.notes,
    }),
  ];
  return lines.join("\n");
}

function describeOrigin(
  manifest: CardManifest,
  config: BearingConfig,
  { student, ...report }: BearingEvaluation,
): string[] {
  const data = manifest.lineage.data[0]!;
  const modes = manifest.outputs.map((output) => output.failureMode);
  return [
    "## What it does",
    "",
    `Gives, for each window of ${manifest.window.length} shaft ${manifest.window.unit}, one logit for each of ${modes.join(", ")} of one bearing; healthy is none of them. ${manifest.task === "diagnosis" ? "It diagnoses: it does not say when the bearing will fail." : ""}`,
    "",
    "## What it learnt from",
    "",
    `- Data: ${report.dataDescription}`,
    `- Fingerprint of the files read: \`${data.sha256}\``,
    `- Bearings trained on: ${data.trainGroups.join(", ")}`,
    `- Bearings held out: ${data.heldOutGroups.join(", ")}`,
    `- Rule for holding out, fixed before any result was seen: ${config.dataset.heldOutRule}`,
    "- No output of the built-in simulator was trained on; it serves for golden vectors only.",
    `- Training windows: ${report.trainingWindows}. Teacher: ${manifest.lineage.teacher}`,
    "",
    "## The student",
    "",
    `- ${student.architecture}; ${student.weights} weights (${student.nonZeroWeights} not zero), ${student.modelBytes} bytes as ONNX`,
    "- uint8 activations, 7-bit weights with a scale per output channel, int32 bias; the same integers on every device",
    `- int8 against float on held-out windows: largest difference of a logit ${student.maxLogitDifference.toFixed(3)}, mean ${student.meanLogitDifference.toFixed(4)}; ${percent(student.decisionsChanged)} of the decisions at the threshold change`,
    "",
  ];
}

function describeQuality(manifest: CardManifest, report: BearingEvaluation): string[] {
  const { heldOut } = report;
  const threshold = manifest.thresholds[0]!;
  const modes = manifest.outputs.map((output) => output.failureMode);
  const failed = heldOut.recordings.filter((recording) => recording.raised !== recording.truth);
  return [
    "## How good it is",
    "",
    "Macro AUROC over the failure modes, one window one case, with 95 % intervals that resample whole bearings: on the held-out ones, and on training bearings left out of training in turn. Bytes are those of the ONNX file for int8 and four a parameter for float networks.",
    "",
    ...renderMarkdownTable({
      head: ["", "bytes", "multiply-adds", "held-out bearings", "out of fold"],
      rows: report.steps.map((step) => [
        step.name === "int8" ? `**${step.title}**` : step.title,
        `${step.bytes ?? "–"}`,
        `${step.multiplyAdds ?? "–"}`,
        formatFigure(step.heldOut),
        formatFigure(step.outOfFold),
      ]),
    }),
    "",
    "What the figures say:",
    "",
    ...report.findings.map(({ sentence }) => `- ${sentence}`),
    `- ${sayParity(report)}`,
    "",
    `Per mode: ${modes.map((mode) => `${mode} ${figure(heldOut.aurocPerMode[mode]!)}`).join(", ")}. Brier score of the calibrated probabilities ${figure(heldOut.brier)}. Out-of-fold on training bearings (${report.outOfFold.folds} inner splits): ${figure(report.outOfFold.macroAuroc)}.`,
    "",
    `Calibration: expected calibration error ${formatFigure(report.reliability.heldOut.error)} on held-out bearings, ${formatFigure(report.reliability.outOfFold.error)} out of fold. A probability takes a fault to be as likely as none beforehand.`,
    "",
    `Decision rule: probability ≥ ${threshold.raise} in ${threshold.onCount} of ${threshold.onWindows} windows. ${report.decision.sentence} On training bearings out of fold ${percent(report.outOfFold.falseWindowShare)} of the healthy windows reach it, and ${percent(report.outOfFold.detectedWindowShare)} of the faulty ones.`,
    "",
    `With that rule, on held-out bearings (each recording played in a loop): the right mode is raised on ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings, nothing is raised on ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones.`,
    "",
    failed.length === 0 ? "No recording fails." : "Recordings that fail:",
    "",
    ...failed.map(
      (recording) =>
        `- \`${recording.waveform}\`: truth ${recording.truth ?? "healthy"}, raised ${recording.raised ?? "nothing"}; windows above the threshold ${modes.map((mode, index) => `${mode} ${percent(recording.shareAboveRaise[index]!)}`).join(", ")}`,
    ),
    ...(failed.length === 0 ? [] : [""]),
  ];
}

/** The integers against their float parent, in words. */
export function sayParity({ parity }: BearingEvaluation): string {
  return `int8 loses ${parity.lostPoints.toFixed(3)} points of AUC to its float parent; it raises the right fault on ${parity.int8Detected} of ${parity.of} faulty recordings, the parent on ${parity.floatDetected}, and ${parity.recordingsDecidedOtherwise} recordings are decided otherwise.`;
}

/** Slices as rows of text, for the card and the report. */
export function tabulateSlices(slices: readonly SliceFigures[]): ReportTable {
  const count = (share: SliceFigures["detected"]): string =>
    share === null
      ? "–"
      : `${share.right} of ${share.of} (${share.low!.toFixed(2)} to ${share.high!.toFixed(2)})`;
  return {
    title: "Slices",
    caption:
      "Held-out windows by bearing, sensor's end, fault, load, sampling rate and speed; intervals resample recordings, those of shares of recordings are Wilson's. A slice with one class only has no AUROC.",
    head: ["slice", "recordings", "windows", "macro AUROC", "Brier score", "faults raised", "healthy quiet"],
    rows: slices.map((slice) => [
      `${slice.by}: ${slice.value}`,
      `${slice.signals}`,
      `${slice.windows}`,
      slice.macroAuroc === null ? "–" : formatFigure(slice.macroAuroc),
      formatFigure(slice.brier),
      count(slice.detected),
      count(slice.quiet),
    ]),
  };
}
