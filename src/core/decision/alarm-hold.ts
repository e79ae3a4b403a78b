/**
 * How long an alarm stands: as long as its fault does. That nothing is seen of a fault for a while is no evidence that it
 * went away (the wind turned, another line leads, the sensor sees less): an alarm ends when its signal has been back
 * near the healthy level for a day of data, with enough windows to say so, at speeds at which the fault showed, while
 * no other kind raged, the machine was not loud and the sensor heard it, and in a window that shows no fault itself. Reads
 * no clock.
 */
import { z } from "zod";
import type { EveryKey } from "../contract/every-key.ts";
import { type AlarmLane, alarmLanes } from "../contract/prediction.ts";
import { dayMs, formatDuration, hourMs } from "../maths/durations.ts";

/** A standing alarm; plain data that can be stored. */
export interface HeldAlarm {
  readonly sinceMs: number;
  /** What raised it; null: not known, it comes from an older snapshot. */
  readonly lane: AlarmLane | null;
  /** Held by the margin above the other modes, not by the signal's own value. */
  readonly isMargin: boolean;
  /** The signal before the fault, in its unit. */
  readonly healthy: number;
  /** Its slow mean since: now, and the highest; null: nothing was heard since the model or the reference changed. */
  readonly mean: number | null;
  readonly peak: number | null;
  /** Time of data near the healthy level without a break, ms, and its windows. */
  readonly quietMs: number;
  readonly quietWindows: number;
  /** End of the first of those windows; absent: there is none, or it comes from an older snapshot. */
  readonly quietFromMs?: number | undefined;
  /** Of a machine that was renewed under it: the last of those windows that show nothing each, and how far they spread, ms. */
  readonly renewed?: { readonly windows: number; readonly spanMs: number } | undefined;
  /** End of the last window, epoch ms. */
  readonly toMs: number;
  /** Mean shaft speed at which the fault shows, rpm; absent: not known. */
  readonly seenRpm?: number | undefined;
  /** Slow mean of the windows so far below that speed that the fault may be silent; absent: none was heard. */
  readonly slowMean?: number | undefined;
  /** The most evidence of each lane that there was, in its unit; absent: not known, it comes from an older snapshot. */
  readonly mostFast?: number | undefined;
  readonly mostSlow?: number | undefined;
}

const meanShare = 1 / 32;
/** Of the rise from the healthy level to the peak; below that share the signal is near the healthy level. */
const nearShare = 0.25;
const enoughQuietWindows = 60;
/** After a repair so few are enough that spread over so many days, where each by itself shows nothing. */
const renewedWindows = 24;
const renewedSpanMs = 10 * dayMs;
/** Two windows further apart count as this much time of data, and as a spread of so much. */
const longestStepMs = hourMs;
const longestSpreadMs = dayMs;
/** Share of the speed at which a fault shows below which it may well be silent: what knocks does so with the square of the speed. */
const slowShare = 0.85;

/** One window of a signal whose alarm stands. */
interface HeldWindow {
  readonly value: number;
  readonly toMs: number;
  /** NaN: not known. */
  readonly shaftRpm: number;
}

/** One window further; null when the alarm is over. */
export function holdAlarm(before: HeldAlarm, { value, toMs, shaftRpm }: HeldWindow): HeldAlarm | null {
  const isSlow = isTooSlow(before, shaftRpm);
  const held = isSlow ? hearSlow(before, value) : before;
  // A fault that shows there as well is heard; one that does not may well be silent, whatever single windows scatter to.
  if (isSlow && isNearerHealthy(held, held.slowMean!)) return pauseAlarm(held, toMs);
  const { seenRpm } = held;
  const mean = held.mean === null ? value : held.mean + meanShare * (value - held.mean);
  const peak = Math.max(held.peak ?? mean, mean);
  const near = held.healthy + nearShare * Math.max(0, peak - held.healthy);
  if (mean > near) {
    const seen = followSpeed(seenRpm, shaftRpm);
    return { ...beginQuiet(held), mean, peak, toMs, seenRpm: seen };
  }
  const isClear = isNearerHealthy({ ...held, peak }, value);
  const renewed = isClear ? held.renewed : held.renewed && noneRenewed;
  if (isSlow) return { ...held, mean, peak, toMs, renewed };
  // A standstill is no time of data, and a clock that jumped says nothing.
  const stepMs = Math.max(0, toMs - held.toMs);
  const next: HeldAlarm = {
    ...held,
    mean,
    peak,
    quietMs: held.quietMs + Math.min(longestStepMs, stepMs),
    quietWindows: held.quietWindows + 1,
    quietFromMs: held.quietFromMs ?? toMs,
    renewed: renewed && {
      windows: renewed.windows + (isClear ? 1 : 0),
      spanMs: renewed.spanMs + (isClear ? Math.min(longestSpreadMs, stepMs) : 0),
    },
    toMs,
  };
  return isClear && measureQuiet(next) >= 1 ? null : next;
}

/** A window at which the fault may be silent: what it shows makes no row of windows that show nothing. */
function hearSlow(held: HeldAlarm, value: number): HeldAlarm {
  const { healthy, slowMean = healthy } = held;
  return {
    ...held,
    slowMean: slowMean + meanShare * (value - slowMean),
    renewed: isNearerHealthy(held, value) ? held.renewed : held.renewed && noneRenewed,
  };
}

function beginQuiet(held: HeldAlarm): HeldAlarm {
  const renewed = held.renewed && noneRenewed;
  return { ...held, quietMs: 0, quietWindows: 0, quietFromMs: undefined, renewed };
}

const noneRenewed = { windows: 0, spanMs: 0 } as const;

/** Is the shaft so much slower than when the fault showed that it may well be silent? */
export function isTooSlow({ seenRpm }: Pick<HeldAlarm, "seenRpm">, shaftRpm: number): boolean {
  return seenRpm !== undefined && shaftRpm < slowShare * seenRpm;
}

/** Is a value nearer to the healthy level than to the highest that the fault was? */
export function isNearerHealthy({ healthy, peak }: HeldAlarm, value: number): boolean {
  return value <= healthy + Math.max(0, (peak ?? healthy) - healthy) / 2;
}

function followSpeed(seenRpm: number | undefined, shaftRpm: number): number | undefined {
  if (!(shaftRpm > 0)) return seenRpm;
  return seenRpm === undefined ? shaftRpm : seenRpm + meanShare * (shaftRpm - seenRpm);
}

/**
 * The same with every key, in one order: each window's alarm is made from the one before it, and what is spread has a hidden class of
 * its own. What showed the fault once is not undone by windows that show nothing.
 */
export function noteMost(
  held: HeldAlarm,
  { fast, slow }: Readonly<Record<"fast" | "slow", number>>,
): EveryKey<HeldAlarm> {
  const { mostFast, mostSlow } = held;
  const isKnown = mostFast !== undefined && mostSlow !== undefined;
  return {
    sinceMs: held.sinceMs,
    lane: held.lane,
    isMargin: held.isMargin,
    healthy: held.healthy,
    mean: held.mean,
    peak: held.peak,
    quietMs: held.quietMs,
    quietWindows: held.quietWindows,
    quietFromMs: held.quietFromMs,
    renewed: held.renewed,
    toMs: held.toMs,
    seenRpm: held.seenRpm,
    slowMean: held.slowMean,
    mostFast: isKnown ? Math.max(mostFast, fast) : mostFast,
    mostSlow: isKnown ? Math.max(mostSlow, slow) : mostSlow,
  };
}

/** One window further that cannot show that a fault has gone: the alarm stands as it is. */
export function pauseAlarm(held: HeldAlarm | null, toMs: number): HeldAlarm | null {
  return held === null ? null : { ...held, toMs };
}

/** How far the alarm is on its way to an end: 0, its signal is not quiet, to 1. */
export function measureQuiet({ quietMs, quietWindows, renewed }: HeldAlarm): number {
  const ofRenewed =
    renewed === undefined ? 0 : Math.min(renewed.windows / renewedWindows, renewed.spanMs / renewedSpanMs);
  return Math.min(1, quietMs / dayMs, Math.max(quietWindows / enoughQuietWindows, ofRenewed));
}

/** What is missing of an alarm's end where windows are, without a full stop; null: a day of data is, or it is not quiet. */
export function describeMissingWindows(held: HeldAlarm): string | null {
  const { quietMs, quietWindows, quietFromMs, renewed, toMs } = held;
  // Where they come more often a day of data takes longer.
  if (quietWindows === 0 || quietWindows / enoughQuietWindows >= quietMs / dayMs) return null;
  const over = quietFromMs === undefined ? "" : `, over ${formatDuration(toMs - quietFromMs)}`;
  const fewer =
    renewed === undefined
      ? ""
      : `; after a renewal ${renewedWindows} in a row that show nothing are enough, over ${formatDuration(renewedSpanMs)}`;
  return `its signal has been near the healthy level in ${quietWindows} of ${enoughQuietWindows} windows only${over}${fewer}`;
}

/** Holds an alarm on under another model or against another reference: what was heard before is in another unit. */
export function rebaseAlarm(held: HeldAlarm, healthy: number): HeldAlarm {
  return { ...beginQuiet(held), isMargin: false, healthy, mean: null, peak: null, slowMean: undefined };
}

/** The machine is held to be healthy from now on, and the alarm stands until its signal is as well. */
export function renewAlarm(held: HeldAlarm): HeldAlarm {
  return { ...held, renewed: noneRenewed };
}

/** Validator of {@link HeldAlarm}: a snapshot comes from a disk. */
export const heldAlarmSchema: z.ZodType<HeldAlarm> = z.strictObject({
  sinceMs: z.number(),
  lane: z.enum(alarmLanes).nullable(),
  isMargin: z.boolean(),
  healthy: z.number(),
  mean: z.number().nullable(),
  peak: z.number().nullable(),
  quietMs: z.number().min(0),
  quietWindows: z.int().min(0),
  quietFromMs: z.number().optional(),
  renewed: z.strictObject({ windows: z.int().min(0), spanMs: z.number().min(0) }).optional(),
  toMs: z.number(),
  seenRpm: z.number().positive().optional(),
  slowMean: z.number().optional(),
  mostFast: z.number().min(0).optional(),
  mostSlow: z.number().min(0).optional(),
});
