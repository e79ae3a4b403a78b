/**
 * From windows of a machine that is taken for healthy to its baseline, or to the reason why not yet. Robust: a few odd
 * windows (a knock, a passing gust) change nothing. Refuses data that moves while it is learnt.
 */
import type { BaselineSpec } from "../contract/bundle/baseline-spec.ts";
import type { Calibration, OutputClass, Threshold } from "../contract/bundle/manifest.ts";
import type { ModelRef } from "../contract/prediction.ts";
import { failed, ok, type Result } from "../contract/result.ts";
import type { SiteBaseline, SiteLevel, SiteMargin } from "../contract/site-baseline.ts";
import {
  computeBatchAutocorrelation,
  computeMedian,
  computeQuantile,
  computeScaledMad,
  computeTheilSenSlope,
} from "../maths/robust.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";
import { computeMargins } from "./evidence.ts";
import { computeSeverity } from "./severity.ts";

/** One window of healthy operation. */
export interface HealthyWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly shaftRpm: number;
  /** dB, one a level; NaN: not heard. */
  readonly levels: ArrayLike<number>;
  /** One an output; empty where levels alone are learnt. */
  readonly logits: ArrayLike<number>;
}

/** What of a bundle a baseline is learnt for. */
export interface BaselineSubject {
  readonly spec: BaselineSpec;
  readonly outputs: readonly OutputClass[];
  readonly calibration: readonly Calibration[];
  readonly thresholds: readonly Threshold[];
  /** Null: levels only. */
  readonly model: ModelRef | null;
}

/** Consecutive windows that are kept together, so that their correlation is seen. */
export const baselineBlockWindows = 16;
/** A level is corrected for speed where speeds differ by this much, octaves (12 %) … */
const minOctaves = 1 / 6;
/** … and by no more than mechanics explain: forces grow with the square of speed at most, plus a resonance. */
const maxPerOctaveDb = 24;
const minPerOctaveDb = -6;
/** Learning data may wander this far, in severity … */
const maxWanderDb = 3;
/** … and an output's margin this far, in its own deviation within a quarter of the data. */
const maxWanderDeviations = 2;
/** A machine this much louder than the healthy ones of training is worth a word, dB. */
const suspiciousDb = 20;
/** Neighbours are never taken to share more than this. */
const maxAutocorrelation = 0.95;

/** Why there is no baseline; what moved can still be seen in an `unsteady` one. */
type NoBaseline =
  | { readonly kind: "few" | "unheard"; readonly detail: string }
  | { readonly kind: "unsteady"; readonly detail: string; readonly baseline: SiteBaseline };

/**
 * Fits a baseline to windows in the order of time; `version` is its number. The error says why these windows are no
 * baseline: `few` and `unheard` mend with time, `unsteady` does not until what moved is out of the data.
 */
export function fitSiteBaseline(
  windows: readonly HealthyWindow[],
  subject: BaselineSubject,
  version: number,
): Result<SiteBaseline, NoBaseline> {
  const { spec } = subject;
  if (windows.length < spec.minWindows) {
    return failed({ kind: "few", detail: `${windows.length} of ${spec.minWindows} windows` });
  }
  const speeds = windows.map((window) => window.shaftRpm);
  const reference = computeMedian(speeds);
  const octaves = speeds.map((rpm) => Math.log2(rpm / reference));
  const levels = spec.levels.list.map((_, index) => fitLevel(windows, octaves, index));
  if (levels.every((level) => level === null))
    return failed({ kind: "unheard", detail: "no level is heard" });
  const outputs = subject.model === null ? [] : subject.outputs;
  const margins =
    outputs.length === 0 ? [] : windows.map(({ logits }) => computeMargins(logits, subject.calibration));
  const baseline: SiteBaseline = {
    formatVersion: 1,
    version,
    windows: windows.length,
    fromMs: windows[0]!.fromMs,
    toMs: windows.at(-1)!.toMs,
    // Not the extremes: one wrong reading of the tachometer must not widen what was learnt.
    shaftRpm: { min: computeQuantile(speeds, 0.02), max: computeQuantile(speeds, 0.98), reference },
    spec: spec.levels,
    levels,
    model: subject.model,
    margins: outputs.map((_, index) => fitMargin(margins.map((each) => each[index]!))),
    suspicions: [],
  };
  const unsteady = findUnsteadiness({ windows, margins }, baseline, subject);
  if (unsteady !== null) return failed({ kind: "unsteady", detail: unsteady, baseline });
  return ok({ ...baseline, suspicions: findSuspicions(windows, baseline, subject) });
}

function fitLevel(
  windows: readonly HealthyWindow[],
  octaves: readonly number[],
  index: number,
): SiteLevel | null {
  const heard = windows.flatMap((window, at) => (Number.isFinite(window.levels[index]!) ? [at] : []));
  // Now and then unheard is a sensor's affair; mostly unheard is a band that does not exist here.
  if (heard.length < windows.length / 2) return null;
  const x = heard.map((at) => octaves[at]!);
  const y = heard.map((at) => windows[at]!.levels[index]!);
  const slope = computeTheilSenSlope(x, y, minOctaves);
  const perOctaveDb = Math.min(maxPerOctaveDb, Math.max(minPerOctaveDb, slope));
  const residuals = y.map((value, at) => value - perOctaveDb * x[at]!);
  return { locationDb: computeMedian(residuals), scaleDb: computeScaledMad(residuals), perOctaveDb };
}

function fitMargin(values: readonly number[]): SiteMargin {
  const blocks: number[][] = [];
  for (let at = 0; at + baselineBlockWindows <= values.length; at += baselineBlockWindows) {
    blocks.push(values.slice(at, at + baselineBlockWindows));
  }
  return {
    location: computeMedian(values),
    scale: computeScaledMad(values),
    autocorrelation: computeBatchAutocorrelation(blocks, maxAutocorrelation),
  };
}

/** What moved between the quarters of the data, or null. */
function findUnsteadiness(
  learnt: { readonly windows: readonly HealthyWindow[]; readonly margins: readonly (readonly number[])[] },
  baseline: SiteBaseline,
  { spec, outputs }: BaselineSubject,
): string | null {
  const { windows, margins } = learnt;
  const quarter = Math.floor(windows.length / 4);
  const quarters = [0, 1, 2, 3].map((part) => windows.slice(part * quarter, (part + 1) * quarter));
  const severities = quarters.map((part) =>
    computeMedian(
      part.map((window) =>
        computeSeverity(
          { levels: Float32Array.from(window.levels), shaftRpm: window.shaftRpm },
          spec,
          baseline,
        ),
      ),
    ),
  );
  const wanderDb = Math.max(...severities) - Math.min(...severities);
  if (wanderDb > maxWanderDb) {
    return `the level wandered by ${wanderDb.toFixed(1)} dB while it was learnt`;
  }
  for (const [index, { autocorrelation }] of baseline.margins.entries()) {
    const parts = quarters.map((_, part) =>
      margins.slice(part * quarter, (part + 1) * quarter).map((each) => each[index]!),
    );
    const medians = parts.map((part) => computeMedian(part));
    const within = computeMedian(parts.map((part) => computeScaledMad(part)));
    // What slow wandering does by itself is in the correlation already.
    const longRun = within * Math.sqrt((1 + autocorrelation) / (1 - autocorrelation) / quarter);
    const wander = Math.max(...medians) - Math.min(...medians);
    if (wander > Math.max(maxWanderDeviations * within, 4 * longRun)) {
      return `the score of ${outputs[index]!.failureMode} wandered by ${(wander / within).toFixed(1)} of its deviations while it was learnt`;
    }
  }
  return null;
}

function findSuspicions(
  windows: readonly HealthyWindow[],
  { margins }: SiteBaseline,
  { spec, outputs, calibration, thresholds }: BaselineSubject,
): string[] {
  const suspicions = margins.flatMap((_, index) => {
    const location = computeMedian(windows.map((window) => window.logits[index]!));
    const probability = computeProbability(calibrateLogit(location, calibration[index]!));
    return probability >= thresholds[index]!.raise
      ? [`half of the windows look like ${outputs[index]!.title} (p ≥ ${probability.toFixed(2)})`]
      : [];
  });
  const severityDb = computeMedian(
    windows.map((window) =>
      computeSeverity({ levels: Float32Array.from(window.levels), shaftRpm: Number.NaN }, spec, null),
    ),
  );
  if (severityDb > suspiciousDb) {
    suspicions.push(`${severityDb.toFixed(0)} dB louder than the healthy machines of training`);
  }
  return suspicions;
}
