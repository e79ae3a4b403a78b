/**
 * From predictions to decisions, for one measuring point, within a budget of false alarms. Every failure mode is a signal
 * (`signal-watch.ts`): a fast lane against healthy machines in general and the last minutes, a slow lane against the
 * machine's own reference. Never reads the clock, never says "healthy" of a turbine that it cannot know.
 *
 * The fast lane hears raw logits and the slow one margins: a student's modes share their weights, so both mean the same
 * for every mode and machine, which calibrated probabilities do not. One fault, one alarm: only the mode with the
 * most evidence raises, and while it stands no other mode does; that another one leads meanwhile is told beside it.
 * The severity above the own reference is a signal of its own, `vibration-level`: a fault of no known kind.
 */

import type { Calibration, OutputClass } from "../contract/bundle/manifest.ts";
import type { Decision, ModeDecision, ModelRef, OperatingState, Prediction } from "../contract/prediction.ts";
import type { PointId } from "../contract/stream.ts";
import {
  chooseRaised,
  findLeading,
  measureSignals,
  severitySpread,
  vibrationLevelMode,
  type WindowReference,
} from "./choose-alarm.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import { describeMode, describeUnheard } from "./describe-mode.ts";
import { splitBudget } from "./false-alarm-budget.ts";
import { type HealthySpread, usualSpread } from "./fast-lane.ts";
import { isOperating } from "./operating-state.ts";
import {
  beginSignal,
  forgetEvidence,
  raiseSignal,
  type SignalState,
  stepSignal,
  weighEvidence,
} from "./signal-watch.ts";

/** The parts of a bundle's manifest that decide. */
export interface DeciderParts {
  readonly outputs: readonly OutputClass[];
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** False: levels are not measured, and none raises an alarm. Absent: they are. */
  readonly hasLevels?: boolean | undefined;
  /** How raw logits of healthy machines lie; absent: `usualSpread` of `fast-lane.ts`. */
  readonly healthy: HealthySpread | undefined;
  /** The model whose predictions these parts belong to. */
  readonly model: ModelRef;
}

/** What a site decides. */
export interface DeciderOptions {
  /** False alarms a year that this point may raise, > 0. */
  readonly falsePerYear: number;
  /** Share of components with a fault at any time, 0 to 0.5. */
  readonly faultPrior: number;
  /** State of an earlier decider, to go on with. */
  readonly snapshot?: DeciderSnapshot | undefined;
}

export interface Decider {
  readonly parts: DeciderParts;
  /**
   * One window further. A repeated window (same id as the last) changes nothing. Throws when the prediction is of
   * another point or model, or has another number of outputs: these are bugs of the caller.
   */
  update(prediction: Prediction, own?: WindowReference): Decision;
  /** The point has no data over this time: information unavailable. Alarms stay. */
  noteMissing(fromMs: number, toMs: number): Decision;
  /**
   * Goes on with another model, from before its first prediction: active alarms stay active, evidence starts over.
   * Returns the failure modes that were active and that the new model does not know: no evidence can clear them.
   */
  adopt(parts: DeciderParts): readonly string[];
  /** Forgets what has gathered; active alarms stay active. */
  forget(): void;
  /** Has any signal gathered so much that what is heard now must not be learnt as healthy? */
  readonly isSuspicious: boolean;
  /** Failure modes that are active, with the start of their evidence. */
  readonly active: readonly { readonly failureMode: string; readonly sinceMs: number }[];
  /** The window that {@link Decider.update} took last; null: none yet of this model. */
  readonly lastWindowId: string | null;
  snapshot(): DeciderSnapshot;
}

/** Share of an alarm's evidence from which nothing is learnt. */
const suspiciousShare = 0.3;
const unknown: WindowReference = { baseline: null, severityDb: null, shaftRpm: Number.NaN };

/** Creates the decider of a point, new or from a snapshot; modes that the model does not know are dropped. */
export function createDecider(point: PointId, parts: DeciderParts, options: DeciderOptions): Decider {
  const { falsePerYear, faultPrior, snapshot } = options;
  let current = parts;
  let failureModes = listFailureModes(parts);
  let lastWindowId = snapshot?.lastWindowId ?? null;
  let lastBaseline = snapshot?.baselineVersion ?? 0;
  let last: readonly ModeDecision[] = [];
  let heights = splitBudget(falsePerYear, parts.outputs.length + 1);
  let signals = restoreSignals(parts, snapshot);

  const forget = (): void => {
    for (const [name, state] of signals) signals.set(name, forgetEvidence(state, spreadOf(current, name)));
  };
  const listActive = (): { failureMode: string; sinceMs: number }[] =>
    [...signals].flatMap(([failureMode, { held }]) =>
      held === null ? [] : [{ failureMode, sinceMs: held.sinceMs }],
    );
  const describe = (
    window: Pick<Prediction, "windowId" | "fromMs" | "toMs">,
    operatingState: OperatingState,
    modes: readonly ModeDecision[],
  ): Decision => {
    const { windowId, fromMs, toMs } = window;
    return { point, windowId, fromMs, toMs, operatingState, model: current.model, modes };
  };

  const step = (prediction: Prediction, own: WindowReference): readonly ModeDecision[] => {
    const measured = measureSignals({ ...current, spread: current.healthy ?? usualSpread }, prediction, own);
    for (const { name, window, reference, spread } of measured) {
      signals.set(name, stepSignal(signals.get(name) ?? beginSignal(spread), window, { spread, reference }));
    }
    const raised = chooseRaised(measured, signals, heights);
    if (raised !== null)
      signals.set(raised.measured.name, raiseSignal(signals.get(raised.measured.name)!, raised));
    const context = {
      faultPrior,
      heights,
      leading: findLeading(current.outputs, signals),
      isLearning: (own.baseline?.model ?? null) === null,
    };
    const modes: ModeDecision[] = [];
    for (const name of failureModes) {
      const state = signals.get(name) ?? beginSignal(spreadOf(current, name));
      const signal = measured.find((each) => each.name === name);
      if (signal !== undefined) modes.push(describeMode(signal, state, context));
      else if (state.held !== null) modes.push(describeUnheard(name, state));
    }
    return modes;
  };

  return {
    get parts() {
      return current;
    },
    get active() {
      return listActive();
    },
    get lastWindowId() {
      return lastWindowId;
    },
    get isSuspicious() {
      for (const [name, state] of signals) {
        // Without a reference a level says nothing: its alarm must not keep the next one from being learnt.
        if (name === vibrationLevelMode && lastBaseline === 0) continue;
        if (state.held !== null || weighEvidence(state, heights).share >= suspiciousShare) return true;
      }
      return false;
    },
    update(prediction, own = unknown) {
      expectOwn(prediction, point, current);
      const { windowId, operatingState, logits } = prediction;
      if (windowId === lastWindowId) return describe(prediction, operatingState, last);
      lastWindowId = windowId;
      if (!isOperating(operatingState)) {
        // Neither for nor against: a stopped turbine does not show the state of its bearings.
        last = [];
        return describe(prediction, operatingState, last);
      }
      if (!logits.every(Number.isFinite)) {
        last = [];
        return describe(prediction, "information-unavailable", last);
      }
      const version = own.baseline?.version ?? 0;
      if (version !== lastBaseline) {
        // What a severity was above is another level now.
        const state = signals.get(vibrationLevelMode);
        if (state !== undefined) signals.set(vibrationLevelMode, forgetEvidence(state, severitySpread));
      }
      lastBaseline = version;
      last = step(prediction, own);
      return describe(prediction, operatingState, last);
    },
    noteMissing(fromMs, toMs) {
      last = [];
      const windowId = `${point.turbine}/${point.component}/${fromMs}`;
      return describe({ windowId, fromMs, toMs }, "information-unavailable", last);
    },
    adopt(next) {
      const before = listActive();
      current = next;
      failureModes = listFailureModes(next);
      heights = splitBudget(falsePerYear, next.outputs.length + 1);
      forget();
      signals = new Map([...signals].filter(([name]) => failureModes.includes(name)));
      last = [];
      lastWindowId = null;
      return before
        .map(({ failureMode }) => failureMode)
        .filter((failureMode) => !failureModes.includes(failureMode));
    },
    forget,
    snapshot: () => ({
      signals: [...signals].map(([failureMode, state]) => ({ failureMode, ...state })),
      lastWindowId,
      baselineVersion: lastBaseline,
      modelDigest: current.model.digest,
    }),
  };
}

/** Failure modes that alarms can be of: a model's own, then the level's where levels are measured. */
export function listFailureModes({
  outputs,
  hasLevels = true,
}: Pick<DeciderParts, "outputs" | "hasLevels">): string[] {
  const modes = outputs.map(({ failureMode }) => failureMode);
  return hasLevels ? [...modes, vibrationLevelMode] : modes;
}

function spreadOf({ healthy = usualSpread }: DeciderParts, name: string): HealthySpread {
  return name === vibrationLevelMode ? severitySpread : healthy;
}

/** Goes on with what was kept: of another model only the alarms that stand. */
function restoreSignals(
  parts: DeciderParts,
  snapshot: DeciderSnapshot | undefined,
): Map<string, SignalState> {
  const signals = new Map<string, SignalState>();
  if (snapshot === undefined) return signals;
  const known = listFailureModes(parts);
  for (const { failureMode, fast, slow, held } of snapshot.signals) {
    if (!known.includes(failureMode)) continue;
    const state: SignalState = { fast, slow, held };
    const isSameModel = snapshot.modelDigest === parts.model.digest;
    signals.set(failureMode, isSameModel ? state : forgetEvidence(state, spreadOf(parts, failureMode)));
  }
  return signals;
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
