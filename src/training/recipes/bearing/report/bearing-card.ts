/** `MODEL_CARD.md`: what the model is, what it learnt from, how good it is, where it fails. Generated only. */
import type { CardManifest } from "../../../bundle/model-documents.ts";
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import type { SliceFigures } from "../../../judge/slice-figures.ts";
import { renderCard } from "../../../report/render-card.ts";
import { type ReportTable, renderMarkdownSection } from "../../../report/report-parts.ts";
import type { BearingConfig } from "../bearing-config.ts";
import type { BearingEvaluation } from "../judge/bearing-evaluation.ts";
import { sayInvented } from "../judge/invented-figures.ts";
import { sayPublished } from "../judge/published-figures.ts";
import type { StepFigures } from "../judge/shrink-figures.ts";

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

export function renderBearingCard(
  manifest: CardManifest,
  config: BearingConfig,
  report: BearingEvaluation,
): string {
  return renderCard(manifest, {
    body: [...describeOrigin(manifest, config, report), ...describeQuality(manifest, report)],
    slicesHeading: "Slices",
    slices: tabulateSlices(report.slices),
    limitations: report.limitations,
    notesHeading: "Looks at the test data, and notes",
    notes: config.notes,
  });
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
    `Gives, for each window of ${manifest.window.length} shaft ${manifest.window.unit}, one logit for each of ${modes.join(", ")} of one bearing; healthy is none of them. It diagnoses: it does not say when the bearing will fail.`,
    "",
    "## What it learnt from",
    "",
    `- Data: ${report.dataDescription}`,
    `- Fingerprint of the files read: \`${data.sha256}\``,
    `- Bearings trained on: ${data.trainGroups.join(", ")}`,
    `- Bearings held out: ${data.heldOutGroups.join(", ")}`,
    `- Rule for holding out, fixed before any result was seen: ${config.dataset.heldOutRule}`,
    "- No output of the built-in simulator was trained on; it serves for golden vectors only.",
    ...(config.inventedRigs === undefined
      ? []
      : [
          `- Invented rigs beside the recordings (another generator than the simulator's; seed ${config.inventedRigs.seed}): ${config.inventedRigs.training} to learn from, weighing ${config.inventedRigs.weight} times as much as the recordings, ${config.inventedRigs.heldOut} to judge and calibrate on`,
        ]),
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
  const { calibrationError, calibrationErrorOutOfFold } = report.metrics;
  return [
    "## How good it is",
    "",
    "Macro AUROC over the failure modes, one window one case, with 95 % intervals that draw whole bearings anew, the same draws for all: on the held-out bearings, and on training bearings left out of training in turn.",
    "",
    ...tabulateSteps(report).flatMap(renderMarkdownSection),
    "What the figures say:",
    "",
    ...[...report.findings.map(({ sentence }) => sentence), ...sayKeptLead(report), sayParity(report)].map(
      (sentence) => `- ${sentence}`,
    ),
    "",
    ...(report.published === undefined
      ? []
      : [
          "### The recipe on published splits",
          "",
          "A student retrained on each split, judged on machines that it had not seen (`aurora evaluate … --protocol NAME` with a protocol for reporting of train.yaml):",
          "",
          ...sayPublished(report.published).map((line) => `- ${line}`),
          "",
        ]),
    "### Probabilities and decisions",
    "",
    `Per mode: ${modes.map((mode) => `${mode} ${heldOut.aurocPerMode[mode]?.toFixed(3) ?? "–"}`).join(", ")}. Brier score of the calibrated probabilities ${formatFigure(report.metrics.brier!)}. Out of fold are ${report.outOfFold.folds} inner splits of the training bearings.`,
    "",
    `Calibration: expected calibration error ${formatFigure(calibrationError!)} on held-out bearings, ${formatFigure(calibrationErrorOutOfFold!)} out of fold. A probability takes a fault to be as likely as none beforehand.`,
    "",
    ...(report.invented === undefined
      ? []
      : [...sayInvented(report.invented).map((line) => `- ${line}`), ""]),
    `A gateway decides within a budget of false alarms, by logits of many windows. Each recording here is played to its own decider in a loop, as a machine of which it knows nothing: only how healthy machines lie in general. ${report.decision.sentence}`,
    "",
    `The costs ask for a probability of ${threshold.raise} in a single window; nothing is raised by it, a microcontroller marks such windows. On training bearings out of fold ${percent(report.outOfFold.falseWindowShare)} of the healthy windows reach it, and ${percent(report.outOfFold.detectedWindowShare)} of the faulty ones.`,
    "",
    `On held-out bearings, decided in the same way: the right mode is raised on ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings, a share of ${formatFigure(report.metrics.detected!)}; nothing is raised on ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones, ${formatFigure(report.metrics.quiet!)}. Recordings of one bearing are alike: the intervals are those of as many cases as there are bearings.`,
    "",
    failed.length === 0 ? "No recording fails." : "Recordings that fail:",
    "",
    ...failed.map(
      (recording) =>
        `- \`${recording.waveform}\`: truth ${recording.truth ?? "healthy"}, raised ${recording.raised ?? "nothing"}; windows at or above ${threshold.raise}: ${modes.map((mode, index) => `${mode} ${percent(recording.shareAboveRaise[index]!)}`).join(", ")}`,
    ),
    ...(failed.length === 0 ? [] : [""]),
  ];
}

/** The integers against their float parent, in words. */
export function sayParity({ parity, heldOut, findings }: BearingEvaluation): string {
  const lost = -100 * findings.find(({ name }) => name === "quantisation")!.heldOut.value;
  const { right, of } = heldOut.detected;
  return `int8 loses ${lost.toFixed(3)} points of AUC to its float parent; it raises the right fault on ${right} of ${of} faulty recordings, the parent on ${parity.floatDetected}, and ${parity.recordingsDecidedOtherwise} recordings are decided otherwise.`;
}

/** What the student keeps of its teacher's lead over a student that learns from labels alone, where there is one to keep. */
export function sayKeptLead({ findings }: Pick<BearingEvaluation, "findings">): string[] {
  const of = (name: string): Figure | undefined =>
    findings.find((finding) => finding.name === name)?.outOfFold;
  const [lead, kept] = [of("teacherLead"), of("distillation")];
  if (lead === undefined || kept === undefined) return [];
  if (!(lead.low !== null && lead.low > 0)) {
    return [
      "There is no lead of the teacher that could be told from zero, so none that its student could keep.",
    ];
  }
  return [
    `Of the teacher's lead out of fold, ${formatFigure(lead, 4)}, its student keeps ${percent(kept.value / lead.value)}: ${formatFigure(kept, 4)}.`,
  ];
}

/** The cuts in their sequence, and who is compared with what came out: for the card and the report. */
export function tabulateSteps({ steps, microcontroller }: BearingEvaluation): ReportTable[] {
  const cutNames = ["teacher", "wide", "float", "int8"];
  const head = ["", "bytes", "multiply-adds"];
  const size = ({ title, bytes, multiplyAdds }: StepFigures): string[] => [
    title,
    `${bytes ?? "–"}`,
    `${multiplyAdds ?? "–"}`,
  ];
  const figures = ({ heldOut, outOfFold }: StepFigures): string[] => [
    formatFigure(heldOut),
    formatFigure(outOfFold),
  ];
  const int8 = steps.find(({ name }) => name === "int8")!;
  const { modelBytes, cortexM4Cycles } = microcontroller;
  return [
    {
      title: steps.some(({ name }) => name === "teacher")
        ? "From teacher to microcontroller"
        : "From the wide student to the microcontroller",
      caption:
        "Bytes are those of the ONNX file for int8, of the model file with its list of features on the microcontroller, and four a parameter for float networks. Cycles are those of one inference on a Cortex-M4 by a model without wait states, not of silicon; its integers are the int8 student's to the bit, and so is its accuracy.",
      head: [...head, "cycles", "held-out bearings", "out of fold", "fitted"],
      rows: [
        ...steps
          .filter(({ name }) => cutNames.includes(name))
          .map((step) => [...size(step), "–", ...figures(step), step.fitted]),
        [
          "**on a microcontroller**",
          `${modelBytes}`,
          `${int8.multiplyAdds}`,
          `${cortexM4Cycles}`,
          ...figures(int8),
          "the same integers",
        ],
      ],
    },
    {
      title: "Beside it",
      caption:
        "What the student must be held against. Only what has one minimum can be converged; the others have the student's own schedule and number of steps.",
      head: [...head, "held-out bearings", "out of fold", "fitted"],
      rows: steps
        .filter(({ name }) => !cutNames.includes(name))
        .map((step) => [...size(step), ...figures(step), step.fitted]),
    },
  ];
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
      "Held-out windows by machine, component, fault, load, sampling rate and speed; intervals resample recordings, those of shares of recordings are Wilson's. Recordings of one bearing are alike, so that they are too narrow where a slice holds few bearings. A slice with one class only has no AUROC.",
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
