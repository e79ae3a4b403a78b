/**
 * Explains the first window of a file, or that at a moment of it, with the deployed student, as the gateway explains an alert; a
 * recording that is shorter than the bundle's window as one of its own length, as it is scored. The physical evidence beside it is the
 * mean of this window and those that follow: a gateway's alert rests on several, too.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { PhysicalEvidence } from "../../../core/contract/physical-evidence.ts";
import type { Explanation, ModelRef } from "../../../core/contract/prediction.ts";
import type { Quarantine } from "../../../core/contract/stream.ts";
import { computeProbability } from "../../../core/decision/calibrate.ts";
import { type EvidenceWindow, listUpperWindows } from "../../../core/explain/evidence-window.ts";
import { describeEvidence } from "../../../core/explain/physical-evidence.ts";
import { fewestRevolutions } from "../../../core/features/spectrum-pool.ts";
import { type BandOutput, explainWindow, type LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import { renderEvidence } from "../../terminal/render-evidence.ts";
import { renderShares } from "../../terminal/render-shares.ts";
import type { StatedSidecar } from "../sidecar/sidecar-options.ts";
import type { AnsweredWindow } from "./ask-student.ts";
import { openRecording } from "./open-recording.ts";
import { countRevolutions, isShorter, withShortWindow } from "./other-windows.ts";
import { scoreWindows } from "./score-windows.ts";

/** One failure mode of the window. */
interface ModeExplanation extends Explanation {
  readonly failureMode: string;
  /** Calibrated. */
  readonly probability: number;
  /** The logit, which `baseValue` and the shares sum to. */
  readonly score: number;
  /** The student's integer that the logit stands for. */
  readonly quantised: number;
  /** The lines of this fault in this window and those that follow; null where the bundle names none. */
  readonly evidence: PhysicalEvidence | null;
}

/** `aurora explain --json`. */
interface FileExplanation {
  readonly file: string;
  readonly model: ModelRef;
  /** Since the file's first sample; `isShort`: it has fewer revolutions than the bundle's windows. */
  readonly window: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly shaftRpm: number;
    readonly isShort: boolean;
  };
  /** Of the lower band, or the only one. */
  readonly modes: readonly ModeExplanation[];
  /** The same of the band above; null where the recording is too slow to have one. */
  readonly upperBand: readonly ModeExplanation[] | null;
  /** What both bands make together, which is what the gateway decides upon; null where there is one. */
  readonly bothBands: readonly Pick<ModeExplanation, "failureMode" | "probability" | "score">[] | null;
}

/** Which window of a recording is explained, and what is known of it. */
interface ExplainedPlace {
  readonly sidecar: StatedSidecar;
  /** The first window that ends after this, ms since the file's first sample; left out: the first of all. */
  readonly atMs?: number | undefined;
}

/** Fails with DATA_FORMAT when no window could be scored, and as scoring does. */
export async function explainFile(
  bundle: LoadedBundle,
  file: SampleFile,
  { sidecar, atMs = 0 }: ExplainedPlace,
): Promise<FileExplanation> {
  const recording = await openRecording(bundle, file, sidecar);
  const reasons = new Set<string>();
  const readFirst = async (by: LoadedBundle): Promise<readonly AnsweredWindow[]> => {
    const onQuarantine = ({ reason }: Quarantine): void => void reasons.add(reason);
    const answers: AnsweredWindow[] = [];
    for await (const answered of scoreWindows(by, recording, { onQuarantine })) {
      if (answered.window.toMs <= atMs) continue;
      answers.push(answered);
      if (answers.length === evidenceWindows) break;
    }
    return answers;
  };
  let answers = await readFirst(bundle);
  const short = answers.length === 0 ? withShortWindow(bundle, await countRevolutions(recording)) : null;
  if (short !== null) answers = await readFirst(short);
  const first = answers[0];
  if (first === undefined) {
    const { length } = bundle.manifest.window;
    const secondsOf = (revolutions: number): string => ((revolutions * 60) / sidecar.shaftRpm).toFixed(2);
    const lost = reasons.size === 0 ? "" : `; data was set aside: ${[...reasons].join(", ")}`;
    const where = atMs === 0 ? "" : ` from ${atMs / 1000} s on`;
    throw new AuroraError("DATA_FORMAT", `${file.path} has no window that can be scored${where}${lost}`, {
      op: "explain window",
      subject: file.path,
      hint: `a window is ${length} revolutions of good data, ${fewestRevolutions} of a short recording: ${secondsOf(length)} s and ${secondsOf(fewestRevolutions)} s at ${sidecar.shaftRpm} rpm`,
    });
  }
  const { window, output, probabilities } = first;
  const { bands } = output;
  const { fromMs, toMs, shaftRpm } = window;
  const by = { bundle: short ?? bundle, sidecar };
  const windows = answers.map((answer) => answer.window);
  return {
    file: file.path,
    model: bundle.ref,
    window: { fromMs, toMs, shaftRpm, isShort: short !== null || isShorter(window, bundle.manifest.window) },
    modes: await explainModes(by, windows, bands?.lower ?? output),
    upperBand: bands === undefined ? null : await explainModes(by, listUpperWindows(windows), bands.upper),
    bothBands:
      bands === undefined
        ? null
        : bundle.manifest.outputs.map(({ failureMode }, mode) => ({
            failureMode,
            probability: probabilities[mode]!,
            score: output.logits[mode]!,
          })),
  };
}

/** Windows of a recording that its evidence is the mean of. */
const evidenceWindows = 10;

/** What one band shows of a window. */
type BandWindow = Pick<EvidenceWindow<Float32Array>, "features" | "foreignLines" | "lineOrders" | "shaftRpm">;

/** Explains the first of `windows`, in the band whose features they hold, with the evidence of all. */
async function explainModes(
  { bundle, sidecar }: { readonly bundle: LoadedBundle; readonly sidecar: StatedSidecar },
  windows: readonly BandWindow[],
  { logits, quantised }: BandOutput,
): Promise<ModeExplanation[]> {
  const { outputs, calibration, features, window } = bundle.manifest;
  const { bearing, polePairs, gearedShafts } = sidecar;
  const explanations = await explainWindow(bundle, windows[0]!.features);
  return outputs.map(({ failureMode }, index) => ({
    failureMode,
    probability: computeProbability(logits[index]!, calibration[index]!),
    score: logits[index]!,
    quantised: quantised[index]!,
    ...explanations[index]!,
    evidence: describeEvidence(
      { failureMode, features, window, bearing, polePairs, gearedShafts },
      windows.map(({ features, foreignLines, lineOrders, shaftRpm }) => ({
        features,
        foreignLines,
        lineOrders,
        shaftRpm,
      })),
    ),
  }));
}

/** As a bar chart for the terminal; `color` adds ANSI colours. */
export function renderExplanation(
  { file, model, window, modes, upperBand, bothBands }: FileExplanation,
  color: boolean,
): string {
  const digest = model.digest.slice(0, 12);
  const lines = [
    `${file}, ${window.fromMs} to ${window.toMs} ms at ${Math.round(window.shaftRpm)} rpm${window.isShort ? " (shorter than the bundle's)" : ""}, by ${model.name} ${model.version} (${digest})`,
  ];
  const add = (mode: ModeExplanation): void => {
    lines.push("", `${mode.failureMode}  p = ${mode.probability.toFixed(3)}`);
    for (const line of renderShares(mode, color)) lines.push(`  ${line}`);
    const evidence = mode.evidence === null ? [] : renderEvidence(mode.evidence);
    for (const line of evidence) lines.push(`  ${line}`);
  };
  for (const mode of modes) add(mode);
  if (upperBand !== null) {
    lines.push("", "The same in the band above:");
    for (const mode of upperBand) add(mode);
  }
  if (bothBands !== null) {
    const together = bothBands.map(
      ({ failureMode, probability }) => `${failureMode} ${probability.toFixed(3)}`,
    );
    lines.push("", `Both together, which the gateway decides upon: ${together.join(", ")}`);
  }
  return `${lines.join("\n")}\n`;
}
