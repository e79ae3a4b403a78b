/**
 * A student's logits, calibration and thresholds on bearings that it was not trained on: what each recording would have
 * raised on a gateway, and how often that is right.
 */
import type { HealthyLogits } from "../../../../core/contract/bundle/baseline-spec.ts";
import type { Calibration, Threshold } from "../../../../core/contract/bundle/manifest.ts";
import type { Prediction } from "../../../../core/contract/prediction.ts";
import { computeProbability } from "../../../../core/decision/calibrate.ts";
import { unknownReference } from "../../../../core/decision/choose-alarm.ts";
import { createDecider } from "../../../../core/decision/decider.ts";
import { computeAuroc, computeBrier, computeMacroAuroc } from "../../../judge/metrics.ts";
import { columnOf } from "../../../judge/scored-set.ts";
import { joinRows, type WaveformRows } from "../learn/recorded-rows.ts";

/** One recording and channel through the decision rule. */
interface RecordingOutcome {
  readonly waveform: string;
  readonly file: string;
  readonly sampleRateHz: number;
  readonly windows: number;
  /** What the bearing at the sensor's end has; null = healthy. */
  readonly truth: string | null;
  /** The mode that the rule raises on this recording, played in a loop; null = none. */
  readonly raised: string | null;
  /** Mean squared error of its probabilities over windows and modes. */
  readonly brier: number;
  /** Share of windows at or above the threshold, one a failure mode. */
  readonly shareAboveRaise: readonly number[];
}

export interface HeldOutEvaluation {
  readonly windows: number;
  /** Without the modes that no recording shows, or all do. */
  readonly aurocPerMode: Readonly<Record<string, number>>;
  readonly recordings: readonly RecordingOutcome[];
  /** Faulty recordings (sensor at the faulty bearing) for which the right mode is raised. */
  readonly detected: { readonly right: number; readonly of: number };
  readonly quiet: { readonly right: number; readonly of: number };
}

/** With the two figures that a bundle states elsewhere, each with its interval. */
export interface HeldOutFigures extends HeldOutEvaluation {
  readonly macroAuroc: number;
  /** Of the calibrated probabilities, over all modes. */
  readonly brier: number;
}

/** How a model's logits become alerts; each list has one entry an output. */
export interface AlertRule {
  readonly failureModes: readonly string[];
  readonly calibration: readonly Calibration[];
  readonly thresholds: readonly Threshold[];
  /** How raw logits of healthy machines lie, as the bundle states it; undefined: it does not, and they lie as usual. */
  readonly healthy: HealthyLogits | undefined;
}

/** Evaluates `logits` [rows × outputs] of the served windows of `signals`. */
export function evaluateHeldOut(
  signals: readonly WaveformRows[],
  logits: Float32Array,
  rule: AlertRule,
): HeldOutFigures {
  const { failureModes, calibration, thresholds } = rule;
  const outputs = failureModes.length;
  const all = joinRows(signals, "served", failureModes);
  const probabilities = Float64Array.from(logits, (logit, index) =>
    computeProbability(logit, calibration[index % outputs]!),
  );
  let at = 0;
  const recordings = signals.map((signal): RecordingOutcome => {
    const { rows } = signal.served;
    const own = probabilities.subarray(at * outputs, (at + rows) * outputs);
    const ownLogits = logits.subarray(at * outputs, (at + rows) * outputs);
    const ownLabels = all.labels.subarray(at * outputs, (at + rows) * outputs);
    at += rows;
    return {
      waveform: signal.entry.id,
      file: signal.entry.file,
      sampleRateHz: signal.entry.sampleRateHz,
      windows: rows,
      truth: signal.failureMode,
      raised: decideLooped(ownLogits, rule),
      brier: computeBrier(own, ownLabels),
      shareAboveRaise: thresholds.map(
        (threshold, output) =>
          Array.from({ length: rows }, (_, row) => own[row * outputs + output]!).filter(
            (probability) => probability >= threshold.raise,
          ).length / rows,
      ),
    };
  });
  const faulty = recordings.filter((recording) => recording.truth !== null);
  const healthy = recordings.filter((recording) => recording.truth === null);
  return {
    windows: all.rows,
    macroAuroc: computeMacroAuroc(logits, all.labels, outputs),
    aurocPerMode: Object.fromEntries(
      failureModes.flatMap((mode, output) => {
        const auroc = computeAuroc(columnOf(logits, output, outputs), columnOf(all.labels, output, outputs));
        return Number.isNaN(auroc) ? [] : [[mode, auroc] as const];
      }),
    ),
    brier: computeBrier(probabilities, all.labels),
    recordings,
    detected: {
      right: faulty.filter((recording) => recording.raised === recording.truth).length,
      of: faulty.length,
    },
    quiet: { right: healthy.filter((recording) => recording.raised === null).length, of: healthy.length },
  };
}

/** What a gateway of one point decides by, unless its configuration says otherwise. */
const usualAlarms = { falsePerYear: 0.1, faultPrior: 0.058 };

/** Times that a recording of about ten seconds is played, so that its length does not decide. */
const loops = 3;

interface LoopedRule extends Pick<AlertRule, "failureModes" | "calibration" | "healthy"> {
  /** Of each row, the modes for which nothing but electrical hum speaks; left out: not known. */
  readonly foreignModes?: readonly (readonly string[])[];
  /** Places of the modes that the bearing's lines do not tell apart; left out: none, or not known. */
  readonly coinciding?: readonly number[];
}

/** The mode that the gateway's own decider raises first when a recording's `logits` [rows × modes] are played in a loop; null = none. */
export function decideLooped(
  logits: Float32Array,
  { failureModes, calibration, healthy, foreignModes, coinciding }: LoopedRule,
): string | null {
  const rows = logits.length / failureModes.length;
  const point = { site: "rig", turbine: "rig", component: "bearing" };
  const model = { name: "judged", version: "0.0.0", digest: "" };
  const outputs = failureModes.map((failureMode) => ({ failureMode, title: failureMode }));
  const decider = createDecider(
    point,
    { outputs, calibration, baseline: { healthy }, model, coinciding },
    usualAlarms,
  );
  for (let index = 0; index < loops * rows; index++) {
    const row = index % rows;
    const from = row * failureModes.length;
    const prediction: Prediction = {
      point,
      windowId: `${index}`,
      fromMs: index * 1000,
      toMs: (index + 1) * 1000,
      quantised: new Uint8Array(failureModes.length),
      logits: Float64Array.from(logits.subarray(from, from + failureModes.length)),
      model,
      operatingState: "full-performance",
    };
    decider.update(prediction, { ...unknownReference, foreignModes: foreignModes?.[row] });
    const raised = decider.active[0];
    if (raised !== undefined) return raised.failureMode;
  }
  return null;
}
