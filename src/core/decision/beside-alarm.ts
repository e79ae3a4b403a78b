/**
 * What is heard beside the signal of a standing alarm: what keeps the alarm from ending, what the machine looks like instead, and why
 * an alarm stands that nothing shows any more. Raises nothing, and ends nothing.
 */
import type { OutputClass } from "../contract/bundle/manifest.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import { toWords } from "../contract/to-words.ts";
import { describeMissingWindows, type HeldAlarm, isNearerHealthy, isTooSlow } from "./alarm-hold.ts";
import {
  isLikelyAt,
  levelAlarmDb,
  type MeasuredSignal,
  suspiciousShare,
  vibrationLevelMode,
} from "./choose-alarm.ts";
import type { EvidenceHeights } from "./false-alarm-budget.ts";
import { findCeiling } from "./fast-lane.ts";
import { chooseLevels } from "./reference/learnt-speeds.ts";
import { isOfLate, type SignalState, valueOfHeld, weighEvidence } from "./signal-watch.ts";

/** By so much a kind must be above the alarm's own of late to be what the machine looks like. */
const clearlyLikelier = 1;

/** What the signals of a machine are, beside each other. */
export interface SignalPicture {
  readonly outputs: readonly OutputClass[];
  /** Places of the outputs that the bearing's lines do not tell apart. */
  readonly coinciding: readonly number[];
  readonly signals: ReadonlyMap<string, SignalState>;
  readonly heights: EvidenceHeights;
  /** What the machine is held against; null: nothing yet. */
  readonly baseline: SiteBaseline | null;
}

/** Another signal, as it stands of late: a kind by its score, the level in dB. */
interface OtherSignal {
  readonly failureMode: string;
  readonly recent: number;
}

/**
 * Another kind of which there is evidence, where the alarm is of `name`: the one that stands highest of late; null: there is none. To be
 * likelier than not is not enough: of some healthy machines one kind always is. Kinds that coincide are one.
 */
function findOtherKind(
  name: string,
  { outputs, coinciding, signals, heights }: SignalPicture,
): OtherSignal | null {
  if (name === vibrationLevelMode || signals.get(name)?.held?.renewed !== undefined) return null;
  const isTwin = coinciding.includes(outputs.findIndex(({ failureMode }) => failureMode === name));
  let best: OtherSignal | null = null;
  for (const [at, { failureMode }] of outputs.entries()) {
    const state = signals.get(failureMode);
    if (failureMode === name || state === undefined || (isTwin && coinciding.includes(at))) continue;
    if (weighEvidence(state, heights).share < suspiciousShare) continue;
    if (best === null || state.fast.recent > best.recent) best = { failureMode, recent: state.fast.recent };
  }
  return best;
}

/**
 * Why the window cannot show that the fault has gone whose alarm stands; null: it can. The sensor hears its machine no more, there
 * is evidence of another kind, or the machine is loud: a fault that looks otherwise, or whose lines drown, has not gone. Nor has a
 * loud machine that is held against what was learnt at another time, which may have had its fault; nor a fault beside which
 * others have come to stand as high, so that it stands out no more.
 */
export function findHindrance(
  { name, window, spread }: Pick<MeasuredSignal, "name" | "window" | "spread">,
  picture: SignalPicture,
): OtherSignal | "faint" | "elsewhere" | "among-others" | null {
  const held = picture.signals.get(name)?.held ?? null;
  if (held === null) return null;
  if (window.isFaint) return "faint";
  if (name === vibrationLevelMode && isElsewhere(held, window, picture.baseline)) return "elsewhere";
  const other = findOtherKind(name, picture) ?? findLoudness(name, picture, window.toMs);
  if (other !== null) return other;
  return isAmongOthers({ name, window, spread }, picture) ? "among-others" : null;
}

/**
 * Does a kind whose alarm is held by its margin lie by itself, of late, where no healthy machine does, nor this one when it was found
 * healthy? One that was refused as a reference may lie there as it always did.
 */
function isAmongOthers(
  { name, window, spread }: Pick<MeasuredSignal, "name" | "window" | "spread">,
  { signals, baseline }: SignalPicture,
): boolean {
  const { held, fast } = signals.get(name)!;
  if (name === vibrationLevelMode || held?.isMargin !== true) return false;
  if ((baseline?.model ?? null) === null) return false;
  // What hum or the shaft puts at its place is no fault's.
  if (window.isForeign || window.isExplained) return false;
  return fast.recent > findCeiling(spread, Math.max(spread.location, fast.vouched ?? spread.location));
}

/** Is a level that is near the healthy one held against other windows than where its alarm shows? */
function isElsewhere(
  held: HeldAlarm,
  { value, shaftRpm }: MeasuredSignal["window"],
  baseline: SiteBaseline | null,
): boolean {
  if (baseline?.later === undefined || held.seenRpm === undefined || !isNearerHealthy(held, value))
    return false;
  return chooseLevels(baseline, held.seenRpm) !== chooseLevels(baseline, shaftRpm);
}

/** What a machine looks like instead while an alarm stands; null: like nothing else, or not clearly. */
export function findLeading(
  { name, calibration, window }: Pick<MeasuredSignal, "name" | "calibration" | "window">,
  picture: SignalPicture,
): string | null {
  const other = findOtherKind(name, picture);
  const own = picture.signals.get(name)?.fast.recent ?? Number.NEGATIVE_INFINITY;
  if (other !== null && other.recent >= own + clearlyLikelier) return other.failureMode;
  if (isLikelyAt(own, calibration)) return null;
  return findLoudness(name, picture, window.toMs)?.failureMode ?? null;
}

/** The level, where the machine is so loud, within a day, that it would raise an alarm, and the alarm is of a kind; else null. */
function findLoudness(name: string, { signals }: SignalPicture, nowMs: number): OtherSignal | null {
  const level = signals.get(vibrationLevelMode);
  if (name === vibrationLevelMode || level === undefined) return null;
  const { recent } = level.fast;
  return recent >= levelAlarmDb && isOfLate(level, nowMs)
    ? { failureMode: vibrationLevelMode, recent }
    : null;
}

/** An alarm that stands. */
export interface StandingAlarm {
  readonly failureMode: string;
  /** Is its signal near the healthy level by now, in windows that count towards its end? */
  readonly isQuiet: boolean;
  /**
   * What keeps it from ending although its fault shows no more, or what it is held against since a renewal, without a full stop; null: it
   * shows, or only a day of data is missing.
   */
  readonly whyItStands: string | null;
}

/** Alarms that stand; `last`: what the last window was measured as, null: none was yet. */
export function listStanding(
  signals: SignalPicture["signals"],
  last: { readonly measured: readonly MeasuredSignal[]; readonly picture: SignalPicture } | null,
): StandingAlarm[] {
  return [...signals].flatMap(([failureMode, { held, fast }]) => {
    if (held === null) return [];
    const whyItStands = last && sayWhyItStands(failureMode, { ...last, held, recent: fast.recent });
    return [{ failureMode, isQuiet: held.quietWindows > 0, whyItStands }];
  });
}

function sayWhyItStands(
  name: string,
  {
    measured,
    picture,
    held,
    recent,
  }: {
    readonly measured: readonly MeasuredSignal[];
    readonly picture: SignalPicture;
    readonly held: HeldAlarm;
    readonly recent: number;
  },
): string | null {
  const own = measured.find((each) => each.name === name);
  // Nothing is known of it now: it may be as strong as before.
  if (own === undefined) return null;
  const { shaftRpm } = own.window;
  const value = valueOfHeld(held, recent, own);
  // Nor where its margin cannot be compared.
  if (value === null) return null;
  const isAbove = held.renewed !== undefined && held.quietWindows === 0 && name !== vibrationLevelMode;
  const above = isAbove ? aboveMachines : null;
  if (!isNearerHealthy(held, value)) return above;
  const hindrance = findHindrance(own, picture);
  const speeds = `${Math.round(held.seenRpm ?? shaftRpm)} rpm, and`;
  if (hindrance === "elsewhere")
    return `it is loud at ${speeds} at ${Math.round(shaftRpm)} is held against what was learnt at another time`;
  if (hindrance !== null) return describeHindrance(hindrance);
  return isTooSlow(held, shaftRpm)
    ? `its fault showed at ${speeds} may well be silent at ${Math.round(shaftRpm)}`
    : (describeMissingWindows(held) ?? above);
}

const aboveMachines =
  "since the renewal it is held against healthy machines in general, and lies above them, as one does that was not mended or has weak lines of its own: only where an inspection finds nothing `aurora baseline renew … --found-healthy` ends it";

function describeHindrance(hindrance: OtherSignal | "faint" | "among-others"): string {
  if (hindrance === "faint")
    return "its sensor hears far less than when the machine was healthy, and no alarm ends by what is not heard";
  if (hindrance === "among-others")
    return "by itself it lies where no healthy machine does, and stands out no more only since another kind lies there too";
  const { failureMode, recent } = hindrance;
  return failureMode === vibrationLevelMode
    ? `the machine is ${Math.round(recent)} dB above its own level, and no alarm of a kind ends while it is so loud`
    : `there is evidence of ${toWords(failureMode)} too, and no alarm ends while another kind shows`;
}
