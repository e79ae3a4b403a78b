/** What is said of a signal after a window: probability, risk, and whether its alarm stands. */
import type { ModeDecision } from "../contract/prediction.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";
import { type MeasuredSignal, vibrationLevelMode } from "./choose-alarm.ts";
import { computeRisk } from "./compute-risk.ts";
import type { EvidenceHeights } from "./false-alarm-budget.ts";
import { findBound } from "./fast-lane.ts";
import { type SignalState, weighEvidence } from "./signal-watch.ts";

/** What else a mode's description rests on. */
interface DescriptionContext {
  /** Share of components with a fault at any time, 0 to 0.5. */
  readonly faultPrior: number;
  readonly heights: EvidenceHeights;
  /** Mode that the last windows look like; null: none. */
  readonly leading: string | null;
  readonly isLearning: boolean;
}

/** Of alarms that are raised, those that are right: the risk where there is just evidence enough to raise one. */
const rightShare = 0.75;

/** Describes a signal that the window has said something of. */
export function describeMode(
  { name, window, calibration, spread }: MeasuredSignal,
  state: SignalState,
  context: DescriptionContext,
): ModeDecision {
  const { held } = state;
  const evidence = weighEvidence(state, context.heights);
  const risk = held === null ? riskOf(evidence.share, context.faultPrior) : rightShare;
  const mode: ModeDecision = {
    failureMode: name,
    probability: computeProbability(calibrateLogit(window.value, calibration)),
    score: window.value,
    threshold: computeProbability(calibrateLogit(findBound(state.fast, spread, 0), calibration)),
    active: held !== null,
    sinceMs: held?.sinceMs ?? evidence.sinceMs,
    risk: context.isLearning && held === null ? null : risk,
  };
  if (held === null) return mode;
  const raised = held.lane === null ? mode : { ...mode, lane: held.lane };
  const { leading } = context;
  const isOther = leading !== null && leading !== name && name !== vibrationLevelMode;
  return isOther ? { ...raised, leadingMode: leading } : raised;
}

/** Describes a standing alarm of which the window said nothing: as it was of late. */
export function describeUnheard(name: string, { fast, held }: SignalState): ModeDecision {
  return {
    failureMode: name,
    probability: 0.5,
    score: fast.recent,
    threshold: 0.5,
    active: held !== null,
    sinceMs: held?.sinceMs ?? null,
    risk: null,
  };
}

/** From the site's prior without evidence to {@link rightShare} where it raises an alarm, evenly in log odds. */
function riskOf(share: number, faultPrior: number): number {
  const distance = Math.log(rightShare / (1 - rightShare)) - Math.log(faultPrior / (1 - faultPrior));
  // At a prior of 0 the distance has no end, and nothing moves it.
  if (!Number.isFinite(distance)) return 0;
  return computeRisk(computeProbability(Math.min(1, share) * distance), faultPrior);
}
