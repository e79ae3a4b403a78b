/** The signals of a measuring point in one window, and which of them raises an alarm: one fault, one alarm. */
import type { Calibration, OutputClass } from "../contract/bundle/manifest.ts";
import type { AlarmLane, Prediction } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";
import { isExplained } from "./explained-window.ts";
import type { EvidenceHeights } from "./false-alarm-budget.ts";
import { findCeiling, type HealthySpread } from "./fast-lane.ts";
import { liftCoinciding } from "./lift-coinciding.ts";
import { computeMargins, expectMode, expectSeverity } from "./reference/margin.ts";
import { isLearntSpeed } from "./reference/severity.ts";
import { isOfLate, type SignalState, type SignalWindow, weighEvidence } from "./signal-watch.ts";
import type { SlowReference } from "./slow-evidence.ts";
import { isExpected } from "./slow-lane.ts";

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
  /** Failure modes for which nothing but foreign lines speaks in this window, of the mains or the shaft; absent: none, or not known. */
  readonly foreignModes?: readonly string[] | undefined;
  /** Of these those of which every line keeps its hertz whatever the speed; absent: none, or not known. */
  readonly steadyModes?: readonly string[] | undefined;
  /** Somebody has found the machine healthy as it is, however it looks; absent: nobody has. */
  readonly isVouched?: boolean | undefined;
  /** The sensor hears far less than the machine's own healthy level, in this window or for a while; absent: it does not. */
  readonly isFaint?: boolean | undefined;
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
  /** Where it lay at most before a fault of it; absent: at most at the window's ceiling. */
  readonly healthyEnd?: number | undefined;
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
/** Severity up to which a healthy machine wanders, dB. */
export const healthySeverityDb: number = severitySpread.location + 2 * severitySpread.wander;
/** Severity that no machine has in any of its hours: louder within minutes is evidence, however slowly it became so, dB. */
const highestSeverityDb = findCeiling(severitySpread);
/** The same while the reference is provisional: there zone D, damage, begins, whatever the wind. */
const provisionalHighestDb = 16;

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
  const { baseline, severityDb, shaftRpm, foreignModes = noModes, isVouched = false, isFaint = false } = own;
  const margins = computeMargins(logits, parts.coinciding);
  const { outputs, calibration, spread, coinciding } = parts;
  const highestHealthy = findCeiling(spread);
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
    const isForeign = foreignModes.includes(name);
    // Foreign lines may stand higher than on healthy machines in general, and are this machine's own.
    const ceiling = reference === null && !isForeign ? highestHealthy : Number.POSITIVE_INFINITY;
    measured.push({
      name,
      score: logits[index]!,
      window: {
        fromMs,
        toMs,
        value,
        compared: margins[index]!,
        leads,
        isForeign,
        isExplained: isForeign && isExplained(name, own),
        ceiling,
        isVouched: isVouched && isExpected(margins[index]!, reference),
        isFaint,
        shaftRpm,
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
      isForeign: false,
      isExplained: false,
      ceiling: baseline.isProvisional === true ? provisionalHighestDb : highestSeverityDb,
      // A severity is above this machine's own level by itself.
      isVouched: false,
      isFaint,
      shaftRpm,
    },
    reference: expectSeverity(baseline),
    // Half at the height of an alarm, other odds by a factor of e each 2 dB. No model states it.
    calibration: { slope: 0.5, intercept: -atDb / 2 },
    spread: severitySpread,
    healthyEnd: healthySeverityDb,
  });
  return measured;
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
  const { recent, level } = state.fast;
  const isLikely = isLikelyAt(recent, calibration);
  // Within minutes neither the wind nor a poor reference explains such a rise, nor a level that no machine has.
  if (name === vibrationLevelMode && lane === "fast")
    return (recent >= riseFromDb && recent - level >= levelAlarmDb) || recent >= window.ceiling;
  if (name === vibrationLevelMode) return isLikely;
  return window.leads && (lane === "slow" ? !window.isExplained : isLikely && !window.isForeign);
}

function isLikelyAt(value: number, calibration: Calibration): boolean {
  return computeProbability(calibrateLogit(value, calibration)) >= 0.5;
}

/** Share of an alarm's evidence from which a signal may show a fault. */
const suspiciousShare = 0.3;
/** By so much a kind must be above the alarm's own of late to be what the machine looks like. */
const clearlyLikelier = 1;

/** What the signals of a machine are, beside each other. */
export interface SignalPicture {
  readonly outputs: readonly OutputClass[];
  /** Places of the outputs that the bearing's lines do not tell apart. */
  readonly coinciding: readonly number[];
  readonly signals: ReadonlyMap<string, SignalState>;
  readonly heights: EvidenceHeights;
}

/**
 * Another kind of which there is evidence, where the alarm is of `name`: the one that stands highest of late; null: there is none. That
 * one is likelier than not would not do: of some healthy machines one always is. Kinds that coincide are one.
 */
export function findOtherKind(
  name: string,
  { outputs, coinciding, signals, heights }: SignalPicture,
): { readonly failureMode: string; readonly recent: number } | null {
  if (name === vibrationLevelMode) return null;
  const isTwin = coinciding.includes(outputs.findIndex(({ failureMode }) => failureMode === name));
  let best: { readonly failureMode: string; readonly recent: number } | null = null;
  for (const [at, { failureMode }] of outputs.entries()) {
    const state = signals.get(failureMode);
    if (failureMode === name || state === undefined || (isTwin && coinciding.includes(at))) continue;
    if (weighEvidence(state, heights).share < suspiciousShare) continue;
    if (best === null || state.fast.recent > best.recent) best = { failureMode, recent: state.fast.recent };
  }
  return best;
}

/**
 * Can the window show that the fault has gone whose alarm stands? Not where the sensor hears its machine no more, nor while there
 * is evidence of another kind, or the machine is loud: a fault that looks otherwise, or whose lines drown, has not gone.
 */
export function canEnd({ name, window }: MeasuredSignal, picture: SignalPicture): boolean {
  if ((picture.signals.get(name)?.held ?? null) === null) return true;
  return !window.isFaint && findOtherKind(name, picture) === null && !isLoudBeside({ name, window }, picture);
}

/** Is the machine so loud, within a day, that the level would raise an alarm, where the alarm is of a kind? */
function isLoudBeside(
  { name, window }: Pick<MeasuredSignal, "name" | "window">,
  { signals }: SignalPicture,
): boolean {
  const level = signals.get(vibrationLevelMode);
  if (name === vibrationLevelMode || level === undefined) return false;
  return level.fast.recent >= levelAlarmDb && isOfLate(level, window.toMs);
}

/** Has any signal gathered so much that what is heard now must not be learnt as healthy? */
export function isAnySuspicious(
  signals: ReadonlyMap<string, SignalState>,
  heights: EvidenceHeights,
  hasReference: boolean,
): boolean {
  let nowMs = Number.NEGATIVE_INFINITY;
  for (const { fast } of signals.values()) nowMs = Math.max(nowMs, fast.toMs ?? nowMs);
  for (const [name, state] of signals) {
    // Without a reference a level says nothing: its alarm must not keep the next one from being learnt.
    if (name === vibrationLevelMode && !hasReference) continue;
    if (state.held !== null) return true;
    if (name === vibrationLevelMode && !isOfLate(state, nowMs)) continue;
    if (weighEvidence(state, heights).share >= suspiciousShare) return true;
  }
  return false;
}

/** What a machine looks like instead while an alarm stands; null: like nothing else, or not clearly. */
export function findLeading(
  { name, calibration, window }: Pick<MeasuredSignal, "name" | "calibration" | "window">,
  picture: SignalPicture,
): string | null {
  const other = findOtherKind(name, picture);
  const own = picture.signals.get(name)?.fast.recent ?? Number.NEGATIVE_INFINITY;
  if (other !== null && other.recent >= own + clearlyLikelier) return other.failureMode;
  return isLoudBeside({ name, window }, picture) && !isLikelyAt(own, calibration) ? vibrationLevelMode : null;
}
