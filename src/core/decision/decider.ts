/**
 * From predictions to decisions, for one measuring point, within a budget of false alarms. Every failure mode is a signal
 * (`signal-watch.ts`): a fast lane against healthy machines in general and the last minutes, a slow lane against the
 * machine's own reference, or what was refused as one. Never reads the clock, never says "healthy" of a turbine that it cannot know.
 *
 * The fast lane hears raw logits and the slow one margins: a student's modes share their weights, so both mean the same
 * for every mode and machine, which calibrated probabilities do not. One fault, one alarm: only the mode with the
 * most evidence raises, and while it stands no other mode does, unless somebody has ordered to learn anew since; that another one leads
 * meanwhile is told beside it.
 * The severity above the own reference is a signal of its own, `vibration-level`: a fault of no known kind.
 */

import type { Decision, ModeDecision, OperatingState, Prediction } from "../contract/prediction.ts";
import { composeWindowId, isSamePoint, type PointId } from "../contract/stream.ts";
import { rebaseAlarm, renewAlarm } from "./alarm-hold.ts";
import { findHindrance, listStanding, type SignalPicture, type StandingAlarm } from "./beside-alarm.ts";
import {
  chooseRaised,
  isAnySuspicious,
  type MeasuredSignal,
  measureSignals,
  unknownReference,
  vibrationLevelMode,
  type WindowReference,
} from "./choose-alarm.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import { describeMode, describeUnheard } from "./describe-mode.ts";
import { type EvidenceHeights, splitBudget } from "./false-alarm-budget.ts";
import {
  type DeciderParts,
  findHealthyEnd,
  type HeardParts,
  listFailureModes,
  spreadOf,
  startOver,
  toHeardParts,
} from "./heard-parts.ts";
import { isOperating } from "./operating-state.ts";
import { expectMode } from "./reference/margin.ts";
import { describeScoring, givesSameScores } from "./scoring-model.ts";
import { beginSignal, raiseSignal, type SignalState, stepSignal, vouchSignal } from "./signal-watch.ts";
import { moveSlow } from "./slow-lane.ts";

/** What a site decides. */
interface DeciderOptions {
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
   * Goes on with another model, from before its first prediction: active alarms stay active; evidence starts over, unless it gives
   * the same scores.
   * Returns the failure modes that were active and that the new model does not know: no evidence can clear them.
   */
  adopt(parts: DeciderParts): readonly string[];
  /**
   * Forgets what has gathered, for the machine is held to be healthy from now on. Active alarms stay active until their
   * signals are where those of healthy machines lie: how its own lay before says nothing of it now. `foundHealthy`: somebody
   * has looked, and they end.
   */
  forget(order: { readonly foundHealthy: boolean }): void;
  /** Has any signal gathered so much that what is heard now must not be learnt as healthy? */
  readonly isSuspicious: boolean;
  /** Failure modes that are active, with the start of their evidence. */
  readonly active: readonly { readonly failureMode: string; readonly sinceMs: number }[];
  readonly held: readonly StandingAlarm[];
  /** Of each signal by its name, how it stands. */
  readonly signals: ReadonlyMap<string, SignalState>;
  /** The window that {@link Decider.update} took last; null: none yet of this model. */
  readonly lastWindowId: string | null;
  snapshot(): DeciderSnapshot;
}

/** Creates the decider of a point, new or from a snapshot; modes that the model does not know are dropped. */
export function createDecider(point: PointId, parts: DeciderParts, options: DeciderOptions): Decider {
  return new PointDecider(point, parts, options);
}

class PointDecider implements Decider {
  readonly #point: PointId;
  readonly #falsePerYear: number;
  readonly #faultPrior: number;
  #heard: HeardParts;
  #heights: EvidenceHeights;
  #lastBaseline: number;
  #last: readonly ModeDecision[] = [];
  /** What the last window that was decided was measured as, while an alarm stands; else null. */
  #heardLast: { readonly measured: readonly MeasuredSignal[]; readonly picture: SignalPicture } | null = null;
  /** What the last window of this run was held against; null: nothing yet. */
  #against: Pick<WindowReference, "baseline" | "doubted"> | null = null;
  readonly signals: Map<string, SignalState>;
  parts: DeciderParts;
  lastWindowId: string | null;

  constructor(point: PointId, parts: DeciderParts, { falsePerYear, faultPrior, snapshot }: DeciderOptions) {
    this.#point = point;
    this.#falsePerYear = falsePerYear;
    this.#faultPrior = faultPrior;
    this.parts = parts;
    this.#heard = toHeardParts(parts);
    this.#heights = splitBudget(falsePerYear, parts.outputs.length + 1);
    this.signals = restoreSignals(parts, snapshot);
    this.#lastBaseline = snapshot?.baselineVersion ?? 0;
    this.lastWindowId = snapshot?.lastWindowId ?? null;
  }

  get active(): Decider["active"] {
    return [...this.signals].flatMap(([failureMode, { held }]) =>
      held === null ? [] : [{ failureMode, sinceMs: held.sinceMs }],
    );
  }

  get held(): Decider["held"] {
    return listStanding(this.signals, this.#heardLast);
  }

  get isSuspicious(): boolean {
    return isAnySuspicious(this.signals, this.#heights, this.#lastBaseline !== 0);
  }

  update(prediction: Prediction, own: WindowReference = unknownReference): Decision {
    expectOwn(prediction, this.#point, this.parts);
    const { windowId, operatingState, logits } = prediction;
    if (windowId === this.lastWindowId) return this.#describe(prediction, operatingState);
    this.lastWindowId = windowId;
    // Neither for nor against: a stopped turbine does not show the state of its bearings.
    if (!isOperating(operatingState)) return this.#describeNothing(prediction, operatingState);
    if (!logits.every(Number.isFinite)) return this.#describeNothing(prediction, "information-unavailable");
    const version = own.baseline?.version ?? 0;
    // What a severity was above is another level now.
    const level = version === this.#lastBaseline ? undefined : this.signals.get(vibrationLevelMode);
    if (level !== undefined)
      this.signals.set(vibrationLevelMode, startOver(level, vibrationLevelMode, this.#heard));
    this.#lastBaseline = version;
    this.#last = this.#step(prediction, own);
    return this.#describe(prediction, operatingState);
  }

  noteMissing(fromMs: number, toMs: number): Decision {
    const windowId = composeWindowId(this.#point, fromMs);
    return this.#describeNothing({ windowId, fromMs, toMs }, "information-unavailable");
  }

  adopt(next: DeciderParts): readonly string[] {
    const before = this.active;
    const isSame = givesSameScores(describeScoring(this.parts), next);
    this.parts = next;
    this.#heard = toHeardParts(next);
    this.#heights = splitBudget(this.#falsePerYear, next.outputs.length + 1);
    if (isSame) return [];
    const known = listFailureModes(next);
    for (const [name, state] of this.signals) {
      if (known.includes(name)) this.signals.set(name, startOver(state, name, this.#heard));
      else this.signals.delete(name);
    }
    [this.#last, this.#heardLast, this.#against] = [[], null, null];
    this.lastWindowId = null;
    return before.map(({ failureMode }) => failureMode).filter((failureMode) => !known.includes(failureMode));
  }

  forget({ foundHealthy }: { readonly foundHealthy: boolean }): void {
    [this.#last, this.#heardLast, this.#against] = [[], null, null];
    // It was above a reference that is let go.
    if (foundHealthy) this.signals.delete(vibrationLevelMode);
    for (const [name, state] of this.signals) {
      const next = foundHealthy
        ? vouchSignal(state, spreadOf(this.#heard, name))
        : startOver(state, name, this.#heard);
      this.signals.set(name, { ...next, held: next.held && renewAlarm(next.held) });
    }
  }

  snapshot(): DeciderSnapshot {
    return {
      signals: [...this.signals].map(([failureMode, state]) => ({ failureMode, ...state })),
      lastWindowId: this.lastWindowId,
      baselineVersion: this.#lastBaseline,
      ...describeScoring(this.parts),
    };
  }

  #step(prediction: Prediction, own: WindowReference): readonly ModeDecision[] {
    const signals = this.signals;
    const heights = this.#heights;
    const { outputs, failureModes } = this.#heard;
    const measured = measureSignals(this.#heard, prediction, own);
    const picture = { outputs, coinciding: this.#heard.coinciding, signals, heights, baseline: own.baseline };
    this.#moveTo(own, measured);
    for (const each of measured) {
      const before = signals.get(each.name) ?? beginSignal(each.spread);
      signals.set(each.name, stepSignal(before, each, findHindrance(each, picture) === null));
    }
    const raised = chooseRaised(measured, picture);
    if (raised !== null) {
      const { name } = raised.measured;
      signals.set(name, raiseSignal(signals.get(name)!, raised));
    }
    const context = {
      faultPrior: this.#faultPrior,
      picture,
      isLearning: (own.baseline?.model ?? null) === null,
    };
    const modes: ModeDecision[] = [];
    // Measured are the first of them, in their order.
    for (let index = 0; index < failureModes.length; index++) {
      const name = failureModes[index]!;
      const state = signals.get(name);
      if (index < measured.length) modes.push(describeMode(measured[index]!, state!, context));
      else if (state !== undefined && state.held !== null)
        modes.push(describeUnheard(name, state.fast.recent, state.held));
    }
    this.#heardLast = modes.some(({ active }) => active) ? { measured, picture } : null;
    // To measure: what was pushed to has room for more.
    return modes.slice();
  }

  /** Goes on against another reference than the last window's. An alarm held above one of which nothing is left goes on by its signal: while it stands none is learnt. */
  #moveTo(own: WindowReference, measured: readonly MeasuredSignal[]): void {
    const last = this.#against;
    if (last?.baseline === own.baseline && last.doubted === own.doubted) return;
    this.#against = { baseline: own.baseline, doubted: own.doubted };
    for (let index = 0; index < this.#heard.outputs.length; index++) {
      const { name, reference: to, spread } = measured[index]!;
      const from = last && expectMode(last, index, own.shaftRpm);
      const state = this.signals.get(name);
      if (state === undefined) continue;
      let { fast, slow, held } = state;
      if (held?.isMargin === true && to === null) held = rebaseAlarm(held, findHealthyEnd(spread, name));
      if (from !== null && to !== null) slow = moveSlow(slow, { from, to });
      this.signals.set(name, { fast, slow, held });
    }
  }

  /** The last decision, of this window. */
  #describe({ windowId, fromMs, toMs }: DecidedWindow, operatingState: OperatingState): Decision {
    const { model } = this.parts;
    return { point: this.#point, windowId, fromMs, toMs, operatingState, model, modes: this.#last };
  }

  #describeNothing(window: DecidedWindow, operatingState: OperatingState): Decision {
    this.#last = [];
    return this.#describe(window, operatingState);
  }
}

type DecidedWindow = Pick<Prediction, "windowId" | "fromMs" | "toMs">;

/** Goes on with what was kept: of a model that scores otherwise only the alarms that stand. */
function restoreSignals(parts: DeciderParts, snapshot: DeciderOptions["snapshot"]): Map<string, SignalState> {
  const signals = new Map<string, SignalState>();
  if (snapshot === undefined) return signals;
  const heard = toHeardParts(parts);
  const isSame = givesSameScores(snapshot, parts);
  for (const { failureMode, fast, slow, held } of snapshot.signals) {
    if (!heard.failureModes.includes(failureMode)) continue;
    const state: SignalState = { fast, slow, held };
    // Where its beginning alone was known, nobody knew yet how signals of this name lie.
    const isOfUnknown = held?.lane === null && held.mean === null;
    signals.set(failureMode, isSame && !isOfUnknown ? state : startOver(state, failureMode, heard));
  }
  return signals;
}

function expectOwn(prediction: Prediction, point: PointId, parts: DeciderParts): void {
  if (!isSamePoint(prediction.point, point)) {
    const { turbine, component } = prediction.point;
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
