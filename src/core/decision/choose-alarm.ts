/** The signals of a measuring point in one window, and which of them raises an alarm. One fault is one alarm; beside an alarm of before a renewal another kind raises its own. */
import type { Calibration, OutputClass } from "../contract/bundle/manifest.ts";
import type { AlarmLane, Prediction } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import { computeProbability } from "./calibrate.ts";
import { type ForeignModes, isExplained } from "./explained-window.ts";
import type { EvidenceHeights } from "./false-alarm-budget.ts";
import { findCeiling, type HealthySpread } from "./fast-lane.ts";
import { liftCoinciding } from "./lift-coinciding.ts";
import { computeMargins, expectMode, expectSeverity } from "./reference/margin.ts";
import { isOfLate, type SignalState, type SignalWindow, weighEvidence } from "./signal-watch.ts";
import type { SlowReference } from "./slow-evidence.ts";
import { isExpected } from "./slow-lane.ts";

/** What a window is compared with. */
export interface WindowReference extends ForeignModes {
  /** The point's own healthy baseline; null: it has none yet. */
  readonly baseline: SiteBaseline | null;
  /**
   * How a machine scores that looked faulty while it was learnt: no measure of health, but what grows above it is evidence.
   * Absent or null: nothing was refused as a baseline.
   */
  readonly doubted?: SiteBaseline | null | undefined;
  /** dB above the baseline; null: not known. */
  readonly severityDb: number | null;
  /** Where that is not known, since the speed was not learnt: what it is at least, dB; null or absent: not known. */
  readonly atLeastDb?: number | null | undefined;
  /** Of the window; NaN: not known. */
  readonly shaftRpm: number;
  /** Is what was heard in the window, but for its levels, that of the snapshots before it as well? Absent: it is not. */
  readonly isPooled?: boolean | undefined;
  /** Somebody has found the machine healthy as it is, however it looks; absent: nobody has. */
  readonly isVouched?: boolean | undefined;
  /** The sensor hears far less than the machine's own healthy level, in this window or for a while; absent: it does not. */
  readonly isFaint?: boolean | undefined;
  /** It hears so little in this window; absent: it does not. */
  readonly isQuiet?: boolean | undefined;
  /** As little as of a machine that stands; absent: it does not. */
  readonly isStanding?: boolean | undefined;
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
export const levelAlarmDb = 8;
/** A rise by as much within minutes counts from this severity on, dB. */
const riseFromDb = 4;
/** The same while the reference is provisional, or at a speed that was not learnt: it has not seen every wind yet. */
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
  const { baseline, shaftRpm, foreignModes = noModes } = own;
  const { isVouched = false, isFaint = false, isStanding = false, isPooled = false } = own;
  const margins = computeMargins(logits, parts.coinciding);
  const { outputs, calibration, spread, coinciding } = parts;
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
    const isUsual = isExpected(margins[index]!, reference);
    // A provisional reference knows of what it expects, and of no more.
    const isUnknown = reference === null || (!isUsual && baseline?.isProvisional === true);
    // What was found healthy lies where it is expected, if that is above machines in general.
    const expected = isVouched && reference !== null ? value - margins[index]! + reference.location : lowest;
    // Foreign lines may stand higher than on healthy machines in general, and are this machine's own.
    const ceiling =
      isUnknown && !isForeign
        ? findCeiling(spread, Math.max(spread.location, expected))
        : Number.POSITIVE_INFINITY;
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
        isCalm: Math.max(value - spread.location, margins[index]!) <= calm * spread.machine,
        isExplained: isForeign && isExplained(name, index, own),
        ceiling,
        isPooled,
        isVouched,
        isUsual,
        isFaint,
        isEmpty: isStanding,
        isBound: false,
        shaftRpm,
      },
      reference,
      calibration: calibration[index]!,
      spread,
      healthyEnd: undefined,
    });
  }
  const level = measureLevel({ fromMs, toMs }, own);
  if (level !== null) measured.push(level);
  return measured;
}

/** What the window says of how loud the machine is; null: nothing. */
function measureLevel(
  { fromMs, toMs }: Pick<Prediction, "fromMs" | "toMs">,
  { baseline, severityDb, atLeastDb, shaftRpm, isFaint = false, isQuiet = false }: WindowReference,
): MeasuredSignal | null {
  if (baseline === null) return null;
  const isKnown = severityDb !== null;
  const value = severityDb ?? atLeastDb ?? lowest;
  // What is not known is evidence of a machine that is loud however its level follows speed, and none of one that is not.
  if (!isKnown && value < healthySeverityDb) return null;
  const isRough = !isKnown || baseline.isProvisional === true;
  const atDb = isRough ? provisionalAlarmDb : levelAlarmDb;
  return {
    name: vibrationLevelMode,
    score: value,
    window: {
      fromMs,
      toMs,
      value,
      compared: value,
      leads: true,
      isForeign: false,
      isCalm: false,
      isExplained: false,
      ceiling: isRough ? provisionalHighestDb : highestSeverityDb,
      isPooled: false,
      // A severity is above this machine's own level by itself.
      isVouched: false,
      isUsual: false,
      isFaint,
      // Nothing that is faint makes what is as loud as ever a rise.
      isEmpty: isQuiet,
      isBound: !isKnown,
      shaftRpm,
    },
    reference: expectSeverity(baseline),
    // Half at the height of an alarm, other odds by a factor of e each 2 dB. No model states it.
    calibration: { slope: 0.5, intercept: -atDb / 2 },
    spread: severitySpread,
    healthyEnd: healthySeverityDb,
  };
}

/** Deviations from machine to machine up to which a kind stands above healthy machines, and above its rivals, as on many of them. */
const calm = 1.5;
const noModes: readonly string[] = [];
const lowest = Number.NEGATIVE_INFINITY;

/** At a tie the earlier one. */
function findHighest(logits: ArrayLike<number>): number {
  let highest = 0;
  for (let index = 1; index < logits.length; index++) {
    if (logits[index]! > logits[highest]!) highest = index;
  }
  return highest;
}

/** An alarm that is to be raised now. */
interface RaisedAlarm {
  readonly measured: MeasuredSignal;
  readonly lane: AlarmLane;
  readonly sinceMs: number;
}

/**
 * The alarm that is to be raised now, or null: of the mode with the most evidence, or of the level where no mode has
 * enough. While a mode's alarm stands nothing is raised: another kind is told beside it, and loudness is its severity. Under an
 * alarm of before a renewal another kind is the renewed machine's own, unless the bearing's lines do not tell the two apart.
 */
export function chooseRaised(
  measured: readonly MeasuredSignal[],
  {
    signals,
    heights,
    coinciding,
  }: {
    readonly signals: ReadonlyMap<string, SignalState>;
    readonly heights: EvidenceHeights;
    readonly coinciding: readonly number[];
  },
): RaisedAlarm | null {
  /** Places of the kinds whose alarms stand. */
  const standing: number[] = [];
  for (const [at, { name }] of measured.entries()) {
    const held = signals.get(name)?.held ?? null;
    if (name === vibrationLevelMode || held === null) continue;
    if (held.renewed === undefined) return null;
    standing.push(at);
  }
  const isTwinStanding = standing.some((at) => coinciding.includes(at));
  let best: RaisedAlarm | null = null;
  let most = 1;
  for (const [at, each] of measured.entries()) {
    const state = signals.get(each.name)!;
    const { lane, share, sinceMs } = weighEvidence(state, heights);
    const isTold =
      each.name === vibrationLevelMode ? standing.length > 0 : isTwinStanding && coinciding.includes(at);
    // The level comes last: a kind goes before a level that says no kind.
    const isSecond = best !== null && (each.name === vibrationLevelMode || share <= most);
    if (state.held !== null || isTold || share < 1 || isSecond || !isFaulty(each, state, lane)) continue;
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

/** Is a value of a signal, by its calibration, a fault at even odds at least? */
export function isLikelyAt(value: number, calibration: Calibration): boolean {
  return computeProbability(value, calibration) >= 0.5;
}

/** Share of an alarm's evidence from which a signal may show a fault. */
export const suspiciousShare = 0.3;
/** Has any signal gathered so much that what is heard now must not be learnt as healthy? */
export function isAnySuspicious(
  signals: ReadonlyMap<string, SignalState>,
  heights: EvidenceHeights,
  hasReference: boolean,
): boolean {
  let nowMs = Number.NEGATIVE_INFINITY;
  // Every window says something of every kind, and not of the level.
  for (const [name, { fast }] of signals)
    if (name !== vibrationLevelMode) nowMs = Math.max(nowMs, fast.toMs ?? nowMs);
  for (const [name, state] of signals) {
    // Without a reference a level says nothing: its alarm must not keep the next one from being learnt.
    if (name === vibrationLevelMode && !hasReference) continue;
    if (state.held !== null) return true;
    if (name === vibrationLevelMode && !isOfLate(state, nowMs)) continue;
    if (weighEvidence(state, heights).share >= suspiciousShare) return true;
  }
  return false;
}
