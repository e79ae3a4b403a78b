/** The signals of a measuring point in one window, and which of them raises an alarm: one fault, one alarm. */
import type { Calibration, OutputClass } from "../contract/bundle/manifest.ts";
import type { AlarmLane, Prediction } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";
import type { EvidenceHeights } from "./false-alarm-budget.ts";
import { findCeiling, type HealthySpread } from "./fast-lane.ts";
import { liftCoinciding } from "./lift-coinciding.ts";
import { computeMargins, expectMargin, expectSeverity } from "./reference/margin.ts";
import { type SignalState, type SignalWindow, weighEvidence } from "./signal-watch.ts";
import { isExpected, type SlowReference } from "./slow-lane.ts";

/** What a window is compared with. */
export interface WindowReference {
  /** The point's own healthy baseline; null: it has none yet. */
  readonly baseline: SiteBaseline | null;
  /**
   * How a machine scores that looked faulty while it was learnt: no measure of health, but what grows above it is evidence.
   * Absent or null: nothing was refused as a baseline.
   */
  readonly doubted?: SiteBaseline | null | undefined;
  /** dB above the baseline; null: not known. */
  readonly severityDb: number | null;
  /** Of the window; NaN: not known. */
  readonly shaftRpm: number;
  /** Failure modes for which nothing but electrical hum speaks in this window; absent: none, or not known. */
  readonly humModes?: readonly string[] | undefined;
  /** Somebody has found the machine healthy as it is, however it looks; absent: nobody has. */
  readonly isVouched?: boolean | undefined;
}

/** Of a machine of which nothing is known. */
export const unknownReference: WindowReference = { baseline: null, severityDb: null, shaftRpm: Number.NaN };

/** One window of one signal. */
export interface MeasuredSignal {
  readonly name: string;
  /** As it is told: the student's own logit, or dB. */
  readonly score: number;
  readonly window: SignalWindow;
  readonly reference: SlowReference | null;
  /** From the signal's value to a probability that takes fault and none for equally likely. */
  readonly calibration: Calibration;
  readonly spread: HealthySpread;
}

/** The failure mode of a machine that is much louder than its own healthy self, whatever the model says of kinds. */
export const vibrationLevelMode = "vibration-level";

/** Severity above the own reference, dB. */
export const severitySpread: HealthySpread = { location: 0, machine: 3, window: 1.5, wander: 1.5 };
/** Severity that a level alarm needs, dB: where zone C of ISO 10816-1, class I, begins above the end of zone A. */
const levelAlarmDb = 8;
/** A rise by as much within minutes counts from this severity on, dB. */
const riseFromDb = 4;
/** The same while the reference is provisional: it has not seen every wind yet. */
const provisionalAlarmDb = 10;
/** Of a sensor that hears its machine no more, dB: no load makes a machine as quiet as that. */
export const deafDb = -9;
/** Outside the learnt speeds by more than this share a level is expected by guess, and says nothing. */
const speedMargin = 0.1;

/** What one window says of every signal that it says anything of: modes in the order of the outputs, then the level. */
export function measureSignals(
  parts: {
    readonly outputs: readonly OutputClass[];
    readonly calibration: readonly Calibration[];
    readonly spread: HealthySpread;
    /** Places of the outputs that the bearing's lines do not tell apart. */
    readonly coinciding: readonly number[];
  },
  { fromMs, toMs, logits }: Pick<Prediction, "fromMs" | "toMs" | "logits">,
  own: WindowReference,
): MeasuredSignal[] {
  const { baseline, severityDb, shaftRpm, humModes = noModes, isVouched = false } = own;
  const margins = computeMargins(logits, parts.coinciding);
  const { outputs, calibration, spread, coinciding } = parts;
  const highestHealthy = findCeiling(spread);
  const isDeaf = severityDb !== null && severityDb <= deafDb;
  // Where one of them leads, all do.
  const values = coinciding.length === 0 ? logits : liftCoinciding(logits, coinciding);
  const leading = findHighest(values);
  const isShared = coinciding.includes(leading);
  const measured: MeasuredSignal[] = [];
  for (let index = 0; index < outputs.length; index++) {
    const value = values[index]!;
    const name = outputs[index]!.failureMode;
    const leads = index === leading || (isShared && coinciding.includes(index));
    const reference = expectMode(own, index, shaftRpm);
    const isHum = humModes.includes(name);
    // Hum may stand higher than healthy machines do, and is this machine's own.
    const ceiling = reference === null && !isHum ? highestHealthy : Number.POSITIVE_INFINITY;
    measured.push({
      name,
      score: logits[index]!,
      window: {
        fromMs,
        toMs,
        value,
        compared: margins[index]!,
        leads,
        isHum,
        ceiling,
        isVouched: isVouched && isExpected(margins[index]!, reference),
        isDeaf,
      },
      reference,
      calibration: calibration[index]!,
      spread,
    });
  }
  if (baseline === null || severityDb === null || !isLearntSpeed(baseline, shaftRpm)) return measured;
  const atDb = baseline.isProvisional === true ? provisionalAlarmDb : levelAlarmDb;
  measured.push({
    name: vibrationLevelMode,
    score: severityDb,
    window: {
      fromMs,
      toMs,
      value: severityDb,
      compared: severityDb,
      leads: true,
      isHum: false,
      ceiling: Number.POSITIVE_INFINITY,
      // A severity is above this machine's own level by itself.
      isVouched: false,
      isDeaf,
    },
    reference: expectSeverity(baseline),
    // Half at the height of an alarm, other odds by a factor of e each 2 dB. No model states it.
    calibration: { slope: 0.5, intercept: -atDb / 2 },
    spread: severitySpread,
  });
  return measured;
}

/** What is expected of the margin of output `index` at a shaft speed; null: not known. */
export function expectMode(
  { baseline, doubted = null }: Pick<WindowReference, "baseline" | "doubted">,
  index: number,
  shaftRpm: number,
): SlowReference | null {
  return expectMargin(baseline, index, shaftRpm) ?? expectMargin(doubted, index, shaftRpm);
}

const noModes: readonly string[] = [];

/** At a tie the earlier one. */
function findHighest(logits: ArrayLike<number>): number {
  let highest = 0;
  for (let index = 1; index < logits.length; index++) {
    if (logits[index]! > logits[highest]!) highest = index;
  }
  return highest;
}

function isLearntSpeed({ shaftRpm: { min, max } }: SiteBaseline, shaftRpm: number): boolean {
  return shaftRpm >= min * (1 - speedMargin) && shaftRpm <= max * (1 + speedMargin);
}

/** An alarm that is to be raised now. */
export interface RaisedAlarm {
  readonly measured: MeasuredSignal;
  readonly lane: AlarmLane;
  readonly sinceMs: number;
}

/**
 * The alarm that is to be raised now, or null: of the mode with the most evidence, or of the level where no mode has
 * enough. While a mode's alarm stands nothing is raised: another kind is told beside it, and loudness is its severity.
 */
export function chooseRaised(
  measured: readonly MeasuredSignal[],
  signals: ReadonlyMap<string, SignalState>,
  heights: EvidenceHeights,
): RaisedAlarm | null {
  for (const { name } of measured) {
    if (name !== vibrationLevelMode && (signals.get(name)?.held ?? null) !== null) return null;
  }
  let best: RaisedAlarm | null = null;
  let most = 1;
  for (const each of measured) {
    const state = signals.get(each.name)!;
    const { lane, share, sinceMs } = weighEvidence(state, heights);
    // The level comes last: a kind goes before a level that says no kind.
    const isSecond = best !== null && (each.name === vibrationLevelMode || share <= most);
    if (state.held !== null || share < 1 || isSecond || !isFaulty(each, state, lane)) continue;
    best = { measured: each, lane, sinceMs: sinceMs ?? each.window.fromMs };
    most = share;
  }
  return best;
}

/** Far from healthy is not yet faulty: of late at even odds at least, or, slowly, the likeliest kind. */
function isFaulty(
  { name, window, calibration }: MeasuredSignal,
  state: SignalState,
  lane: AlarmLane,
): boolean {
  const isLikely = computeProbability(calibrateLogit(state.fast.recent, calibration)) >= 0.5;
  const { recent, level } = state.fast;
  // Within minutes neither the wind nor a poor reference explains such a rise.
  if (name === vibrationLevelMode && lane === "fast")
    return recent >= riseFromDb && recent - level >= levelAlarmDb;
  if (name === vibrationLevelMode) return isLikely;
  return window.leads && (lane === "slow" || (isLikely && !window.isHum));
}

/**
 * Can the window show that the fault has gone whose alarm stands? Not where the sensor hears its machine no more, nor while another
 * kind of fault is likely: a fault that looks otherwise has not gone.
 */
export function canEnd(
  { name, window }: MeasuredSignal,
  measured: readonly MeasuredSignal[],
  signals: ReadonlyMap<string, SignalState>,
): boolean {
  if ((signals.get(name)?.held ?? null) === null) return true;
  if (window.isDeaf) return false;
  if (name === vibrationLevelMode) return true;
  return !measured.some((other) => {
    if (other.name === name || other.name === vibrationLevelMode || other.window.isHum) return false;
    const recent = signals.get(other.name)?.fast.recent ?? Number.NEGATIVE_INFINITY;
    return other.window.leads && computeProbability(calibrateLogit(recent, other.calibration)) >= 0.5;
  });
}

/** The mode with the highest logit of late; null before the first window. */
export function findLeading(
  outputs: readonly OutputClass[],
  signals: ReadonlyMap<string, SignalState>,
): string | null {
  let best: string | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (const { failureMode } of outputs) {
    const recent = signals.get(failureMode)?.fast.recent ?? Number.NEGATIVE_INFINITY;
    if (!(recent > highest)) continue;
    best = failureMode;
    highest = recent;
  }
  return best;
}
