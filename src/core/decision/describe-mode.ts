/** What is said of a signal after a window: probability, risk, and whether its alarm stands. */
import type { ModeDecision } from "../contract/prediction.ts";
import { type HeldAlarm, measureQuiet } from "./alarm-hold.ts";
import { findLeading, type SignalPicture } from "./beside-alarm.ts";
import { stateProbability } from "./calibrate.ts";
import type { MeasuredSignal } from "./choose-alarm.ts";
import { weighRisk } from "./compute-risk.ts";
import { findBound } from "./fast-lane.ts";
import { type SignalState, weighEvidence } from "./signal-watch.ts";
import { evidenceOfSlow } from "./slow-lane.ts";

/** What else a mode's description rests on. */
interface DescriptionContext {
  /** Share of components with a fault at any time, 0 to 0.5. */
  readonly faultPrior: number;
  readonly picture: SignalPicture;
  readonly isLearning: boolean;
}

/** Describes a signal that the window has said something of. */
export function describeMode(
  measured: MeasuredSignal,
  state: SignalState,
  context: DescriptionContext,
): ModeDecision {
  const { name, score, window, calibration, spread } = measured;
  const { held } = state;
  const evidence = weighEvidence(state, context.picture.heights);
  const bound = findBound(state.fast, spread, {
    elapsedMs: 0,
    ceiling: window.ceiling,
    isPooled: window.isPooled,
  });
  const leadingMode = held === null ? null : findLeading(measured, context.picture);
  // With every key, whether its alarm stands or not: what is spread has a hidden class of its own.
  return {
    failureMode: name,
    probability: stateProbability(score, calibration),
    score,
    threshold: stateProbability(bound, calibration),
    active: held !== null,
    sinceMs: held?.sinceMs ?? evidence.sinceMs,
    risk: context.isLearning && held === null ? null : riskOf(state, context),
    lane: held?.lane ?? undefined,
    leadingMode: leadingMode ?? undefined,
  };
}

/** Describes a standing alarm of which the window said nothing: as it was of late. */
export function describeUnheard(name: string, recent: number, { sinceMs }: HeldAlarm): ModeDecision {
  return {
    failureMode: name,
    probability: 0.5,
    score: recent,
    threshold: 0.5,
    active: true,
    sinceMs,
    risk: null,
    lane: undefined,
    leadingMode: undefined,
  };
}

/** Of a standing alarm by the most evidence that there was; on its way to an end by less and less of it. */
function riskOf({ fast, slow, held }: SignalState, { faultPrior, picture }: DescriptionContext): number {
  if (held === null)
    return weighRisk({ fast: fast.sum, slow: evidenceOfSlow(slow).sum, kept: 1 }, faultPrior);
  // Of an alarm that comes from an older snapshot no more is known than that it was raised.
  const { mostFast = Math.max(picture.heights.fast, fast.sum), mostSlow = evidenceOfSlow(slow).sum } = held;
  return weighRisk({ fast: mostFast, slow: mostSlow, kept: 1 - measureQuiet(held) }, faultPrior);
}
