/**
 * From predictions to decisions, for one measuring point: calibrates, delays, and keeps one fault from raising
 * several alarms. Never reads the clock, never says "healthy" of a turbine that it cannot know.
 *
 * One evidence, one alarm: a window counts for a mode only when the mode's probability is at or above its threshold
 * *and* the mode leads, that is, no other mode of the point has a higher calibrated logit (logits do not saturate as
 * probabilities do; at a tie the earlier mode of the manifest leads). While another mode is active, a mode leads only
 * when it beats every active one by {@link rivalMargin}. No mode is ever cleared by another, only by its own off delay.
 */

import type { EvidenceSpec } from "../contract/bundle/baseline-spec.ts";
import type { Calibration, OutputClass, Threshold } from "../contract/bundle/manifest.ts";
import type { Decision, ModeDecision, ModelRef, OperatingState, Prediction } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import type { PointId } from "../contract/stream.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import { createEvidenceGatherer } from "./evidence.ts";
import { forgetStreaks, type GatheredEvidence, type ModeState, quietMode, updateMode } from "./mode-delay.ts";
import { isOperating } from "./operating-state.ts";

/** The parts of a bundle's manifest that decide. */
export interface DeciderParts {
  readonly outputs: readonly OutputClass[];
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** One an output. */
  readonly thresholds: readonly Threshold[];
  /** Absent: no evidence is gathered, whether or not there is a baseline. */
  readonly evidence?: EvidenceSpec | undefined;
  /** The model whose predictions these parts belong to. */
  readonly model: ModelRef;
}

interface DeciderOptions {
  /** A distance between two windows' ends above this, forwards or backwards, resets the streaks. */
  readonly maxGapMs: number;
  /** State of an earlier decider, to go on with. */
  readonly snapshot?: DeciderSnapshot | undefined;
}

export interface Decider {
  readonly parts: DeciderParts;
  /**
   * One window further. A repeated window (same id as the last) changes nothing. Throws when the prediction is of
   * another point or model, or has another number of outputs: these are bugs of the caller. `baseline` is the point's
   * own healthy one, if it is ready: against it evidence gathers beside the thresholds.
   */
  update(prediction: Prediction, baseline?: SiteBaseline | null): Decision;
  /** The point has no data over this time: information unavailable. Alarms stay, streaks do not. */
  noteMissing(fromMs: number, toMs: number): Decision;
  /**
   * Goes on with another model, from before its first prediction: active alarms stay active, streaks start over.
   * Returns the failure modes that were active and that the new model does not know: no evidence can clear them.
   */
  adopt(parts: DeciderParts): readonly string[];
  /** Failure modes that are active, with the start of their streak. */
  readonly active: readonly { readonly failureMode: string; readonly sinceMs: number }[];
  snapshot(): DeciderSnapshot;
}

/** How far, in calibrated logits, a mode must be above an active one to count as a fault of its own: odds of e to 1. */
export const rivalMargin = 1;

/**
 * Creates the decider of a point, new or from a snapshot. From the snapshot of another model, or after a long gap,
 * active modes stay active and streaks start over; modes that the model does not know are dropped.
 */
export function createDecider(
  point: PointId,
  parts: DeciderParts,
  { maxGapMs, snapshot }: DeciderOptions,
): Decider {
  let current = parts;
  let modes = new Map<string, ModeState>();
  let lastToMs = snapshot?.lastToMs ?? null;
  let lastWindowId = snapshot?.lastWindowId ?? null;
  let last: readonly ModeDecision[] = [];
  const gatherer = createEvidenceGatherer(
    snapshot?.modelDigest === parts.model.digest ? snapshot.evidence : undefined,
  );
  for (const { failureMode, active, sinceMs, recent, belowClear } of snapshot?.modes ?? []) {
    modes.set(failureMode, { active, sinceMs, recent, belowClear });
  }
  keepKnown();
  if (snapshot !== undefined && snapshot.modelDigest !== parts.model.digest) forgetAll();

  function keepKnown(): void {
    const known = current.outputs.map(({ failureMode }): [string, ModeState] => [
      failureMode,
      modes.get(failureMode) ?? quietMode,
    ]);
    modes = new Map(known);
  }
  function forgetAll(): void {
    for (const [failureMode, state] of modes) modes.set(failureMode, forgetStreaks(state));
  }
  const decide = (
    window: Pick<Prediction, "windowId" | "fromMs" | "toMs">,
    operatingState: OperatingState,
    decided: readonly ModeDecision[],
  ): Decision => ({
    point,
    windowId: window.windowId,
    fromMs: window.fromMs,
    toMs: window.toMs,
    operatingState,
    model: current.model,
    modes: decided,
  });
  const listActive = (): { failureMode: string; sinceMs: number }[] =>
    [...modes].flatMap(([failureMode, { active, sinceMs }]) =>
      active && sinceMs !== null ? [{ failureMode, sinceMs }] : [],
    );

  return {
    get parts() {
      return current;
    },
    get active() {
      return listActive();
    },
    update(prediction, baseline = null) {
      expectOwn(prediction, point, current);
      const { windowId, fromMs, toMs, operatingState, logits } = prediction;
      if (windowId === lastWindowId) return decide(prediction, operatingState, last);
      lastWindowId = windowId;
      if (!isOperating(operatingState)) {
        // Neither for nor against: a stopped turbine does not show the state of its bearings.
        last = [];
        return decide(prediction, operatingState, last);
      }
      if (!logits.every(Number.isFinite)) {
        last = [];
        return decide(prediction, "information-unavailable", last);
      }
      if (lastToMs !== null && Math.abs(toMs - lastToMs) > maxGapMs) forgetAll();
      lastToMs = toMs;
      const gathered = gatherer.update(current, baseline, prediction);
      last = step(current, modes, { fromMs, logits, gathered });
      return decide(prediction, operatingState, last);
    },
    noteMissing(fromMs, toMs) {
      forgetAll();
      last = [];
      const windowId = `${point.turbine}/${point.component}/${fromMs}`;
      return decide({ windowId, fromMs, toMs }, "information-unavailable", last);
    },
    adopt(next) {
      const before = listActive();
      current = next;
      forgetAll();
      gatherer.forget();
      keepKnown();
      last = [];
      lastWindowId = null;
      return before.map(({ failureMode }) => failureMode).filter((failureMode) => !modes.has(failureMode));
    },
    snapshot: () => ({
      modes: [...modes].map(([failureMode, state]) => ({ failureMode, ...state })),
      lastToMs,
      lastWindowId,
      modelDigest: current.model.digest,
      ...gatherer.describe(),
    }),
  };
}

function step(
  parts: DeciderParts,
  modes: Map<string, ModeState>,
  window: {
    readonly fromMs: number;
    readonly logits: Float64Array;
    readonly gathered: readonly GatheredEvidence[];
  },
): ModeDecision[] {
  const { fromMs, logits, gathered } = window;
  const calibrated = parts.calibration.map((calibration, index) =>
    calibrateLogit(logits[index]!, calibration),
  );
  const wereActive = parts.outputs.map(({ failureMode }) => modes.get(failureMode)!.active);
  return parts.outputs.map(({ failureMode }, index) => {
    const threshold = parts.thresholds[index]!;
    const probability = computeProbability(calibrated[index]!);
    const counts = probability >= threshold.raise && leads(calibrated, wereActive, index);
    const own = gathered[index];
    // Evidence obeys the same rule: while another mode is active, only one that clearly beats it is a fault of its own.
    const isRival = wereActive.some((active, other) => active && other !== index);
    const evidence = own === undefined ? {} : { gathered: isRival ? { ...own, raises: false } : own };
    const state = updateMode(
      modes.get(failureMode)!,
      { fromMs, probability, counts, ...evidence },
      threshold,
    );
    modes.set(failureMode, state);
    return {
      failureMode,
      probability,
      score: logits[index]!,
      threshold: threshold.raise,
      active: state.active,
      sinceMs: state.sinceMs,
    };
  });
}

/** Is this window the evidence of mode `index`, rather than of another one? */
function leads(calibrated: readonly number[], wereActive: readonly boolean[], index: number): boolean {
  const own = calibrated[index]!;
  return calibrated.every((other, otherIndex) => {
    if (otherIndex === index) return true;
    if (wereActive[otherIndex]! && !wereActive[index]!) return own >= other + rivalMargin;
    return own > other || (own === other && index < otherIndex);
  });
}

function expectOwn(prediction: Prediction, point: PointId, parts: DeciderParts): void {
  const { site, turbine, component } = prediction.point;
  if (site !== point.site || turbine !== point.turbine || component !== point.component) {
    throw new Error(
      `a prediction of ${turbine}/${component} came to the decider of ${point.turbine}/${point.component}`,
    );
  }
  if (prediction.model.digest !== parts.model.digest) {
    throw new Error(
      `a prediction of model ${prediction.model.digest} came to the decider of ${parts.model.digest}`,
    );
  }
  if (prediction.logits.length !== parts.outputs.length) {
    throw new Error(`a prediction has ${prediction.logits.length} outputs, expected ${parts.outputs.length}`);
  }
}
