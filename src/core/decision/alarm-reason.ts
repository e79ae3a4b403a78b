/**
 * Why an alarm was raised or stands, in words that a person can check against trends: of the level, how far it rose and within what time;
 * of a kind of fault, how far its score stands above that of the machine when healthy. Says nothing of `threshold`: within minutes
 * that is the machine's level in this moment, and differs from alarm to alarm.
 */
import { type AlertData, formatProbability } from "../contract/alert.ts";
import { toWords } from "../contract/to-words.ts";
import { formatDuration } from "../maths/durations.ts";
import type { StandingAlarm } from "./beside-alarm.ts";
import { vibrationLevelMode } from "./choose-alarm.ts";

/** What a standing is told of. */
type StandingParts = Pick<
  AlertData,
  "failureMode" | "probability" | "score" | "horizonHours" | "explanation" | "severityUnknown"
>;

/** What a reason is told of: the event with which the alarm was raised. */
export type ReasonParts = StandingParts &
  Pick<AlertData, "lane" | "threshold" | "severityDb" | "since" | "window" | "evidence">;

/** Of a level: other odds by a factor of e each so many dB (`measureSignals` in `choose-alarm.ts`). */
const dbPerLogOdds = 2;

/** For example "score 3.1 above this machine's own when healthy (probability 0.92) within 50 s, 5.0 dB above its own reference"; without a full stop. */
export function describeReason(parts: ReasonParts): string {
  const { failureMode, evidence } = parts;
  const why = failureMode === vibrationLevelMode ? describeLevel(parts) : describeKind(parts);
  return `${why}${describeLoudness(parts)}${evidence === undefined ? "" : `. ${evidence.sentence.replace(/\.$/, "")}`}`;
}

/** Alarms that stand while a machine works at the fainter of its two loads: of the level's it is said that this load says nothing of it. */
export function explainFainterLoad(held: readonly StandingAlarm[]): readonly StandingAlarm[] {
  return held.map((alarm) =>
    alarm.failureMode === vibrationLevelMode ? { ...alarm, whyItStands: atFainterLoad } : alarm,
  );
}

const atFainterLoad = "the machine works at the fainter of its two loads, which says nothing of its level";

/** Why nothing is learnt of a machine, without a full stop: an alarm stands, or (undefined) there is evidence of a fault. */
export function describeUnlearning(alarm: StandingAlarm | undefined): string {
  const until = "nothing is learnt as long as";
  if (alarm === undefined) return `${until} it looks as if a fault began`;
  const { failureMode, whyItStands } = alarm;
  const why = whyItStands === null ? "" : `: ${whyItStands}`;
  return `${until} its alarm of ${toWords(failureMode)} stands, which ends after a day of data and sixty windows near the healthy level${why}`;
}

/** What the end of an alarm is told of: the event with which it was cleared. */
type ClearingParts = StandingParts & Pick<AlertData, "severityDb" | "clearedBecause" | "window">;

/**
 * Why an alarm was cleared, without a full stop: by whose order, or that its signal has been near the healthy level since `quietSince`
 * (null: not known), which is as long as `alarm-hold.ts` asks or longer.
 */
export function describeClearing(parts: ClearingParts, quietSince: string | null): string {
  const { clearedBecause } = parts;
  if (clearedBecause !== undefined) return clearedBecause;
  const since =
    quietSince === null
      ? ""
      : ` since ${quietSince}, for ${formatDuration(Date.parse(parts.window.to) - Date.parse(quietSince))}`;
  return `near the healthy level${since}; the last window by itself with ${describeStanding(parts)}${describeLoudness(parts)}`;
}

/** How loud it is beside what its alarm is of, or why that is not known. */
function describeLoudness({ failureMode, severityDb, severityUnknown }: ClearingParts): string {
  if (severityUnknown !== undefined)
    return `; how loud it is above its own reference is not known: ${severityUnknown}`;
  if (failureMode === vibrationLevelMode || severityDb == null) return "";
  return `, ${describeDb(severityDb)} its own reference`;
}

/** How far the last window stands from healthy: "score 3.1 above this machine's own when healthy (probability 0.92)". */
export function describeStanding(parts: StandingParts): string {
  const { failureMode, score, probability, horizonHours, explanation, severityUnknown } = parts;
  if (failureMode === vibrationLevelMode)
    return `${severityUnknown === undefined ? "" : "at least "}${describeDb(score)} its own reference`;
  const chance = `probability ${formatProbability(probability)}`;
  // What looks ahead has another score, and what nobody could explain has no base.
  if (horizonHours !== null || explanation.groups.length === 0) return chance;
  const isOwn = explanation.bundleBaseValue !== undefined;
  const whose = isOwn ? "this machine's own when healthy" : "that of healthy machines in general";
  const rise = score - explanation.baseValue;
  return `score ${Math.abs(rise).toFixed(1)} ${rise < 0 ? "below" : "above"} ${whose} (${chance})`;
}

function describeLevel(parts: ReasonParts): string {
  const standing = describeStanding(parts);
  switch (parts.lane) {
    case "fast":
      return `${standing}, risen within ${spanOf(parts)}${describeUsual(parts)}`;
    case "slow":
      return `${standing}, louder for ${spanOf(parts)}`;
    case undefined:
      return standing;
    default:
      return parts.lane satisfies never;
  }
}

function describeKind(parts: ReasonParts): string {
  const standing = describeStanding(parts);
  switch (parts.lane) {
    case "fast":
      return `${standing} within ${spanOf(parts)}`;
    case "slow":
      return `above how it was before for ${spanOf(parts)}, the last window by itself with ${standing}`;
    case undefined:
      return `${standing}, raised from ${parts.threshold.toFixed(2)} on`;
    default:
      return parts.lane satisfies never;
  }
}

/** How loud it may have been before it rose, where its odds tell that. */
function describeUsual({ score, probability, threshold }: ReasonParts): string {
  const bound = score - dbPerLogOdds * (logOdds(probability) - logOdds(threshold));
  if (!Number.isFinite(bound) || bound >= score) return "";
  return ` from below ${bound.toFixed(1).replace("-", "−")} dB`;
}

function logOdds(probability: number): number {
  return Math.log(probability / (1 - probability));
}

/** From the evidence's beginning to the end of the window that raised it. */
function spanOf({ since, window }: Pick<ReasonParts, "since" | "window">): string {
  return formatDuration(Date.parse(window.to) - Date.parse(since));
}

function describeDb(db: number): string {
  return `${Math.abs(db).toFixed(1)} dB ${db < 0 ? "below" : "above"}`;
}
