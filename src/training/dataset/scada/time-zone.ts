/**
 * Wall clocks of a time zone: which moment a local time was. Where clocks go forward an hour of local times never was, where
 * they go back one was twice; both are said, neither is guessed. Offsets come from the IANA data of the runtime.
 */
import { dayMs, hourMs, minuteMs } from "../../../core/maths/durations.ts";

export interface TimeZone {
  readonly name: string;
  /** The moments that a local time was (epoch ms of the clock's face taken as UTC): none, one, or two, the earlier first. */
  momentsOf(localMs: number): readonly number[];
  /** Local time less UTC at a moment, ms. */
  offsetAt(timeMs: number): number;
  /** Moments in the UTC year at which the offset changes, with it before and after. */
  changesOf(year: number): readonly ClockChange[];
}

export interface ClockChange {
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

const fixedOffset = /^(?:UTC|GMT)?([+-])(\d\d):(\d\d)$/;

/** Opens a zone by its IANA name, `UTC`, or a fixed offset such as `+01:00`; null where there is none of that name. */
export function openTimeZone(name: string): TimeZone | null {
  if (/^(UTC|Z|Etc\/UTC)$/i.test(name)) return openFixed(name, 0);
  const [, sign, hours, minutes] = fixedOffset.exec(name) ?? [];
  if (sign !== undefined) {
    const offsetMs = Number(hours) * hourMs + Number(minutes) * minuteMs;
    return offsetMs > 14 * hourMs ? null : openFixed(name, sign === "-" ? -offsetMs : offsetMs);
  }
  try {
    return openNamed(name);
  } catch (cause) {
    if (cause instanceof RangeError) return null;
    throw cause;
  }
}

function openFixed(name: string, offsetMs: number): TimeZone {
  return {
    name,
    momentsOf: (localMs) => [localMs - offsetMs],
    offsetAt: () => offsetMs,
    changesOf: () => [],
  };
}

function openNamed(name: string): TimeZone {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: name,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const askOffset = (timeMs: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(timeMs)) part[type] = Number(value);
    const { year, month, day, hour, minute, second } = part;
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(timeMs / 1000) * 1000;
  };
  const years = new Map<number, readonly ClockChange[]>();
  const changesOf = (year: number): readonly ClockChange[] => {
    const known = years.get(year);
    if (known !== undefined) return known;
    const changes: ClockChange[] = [];
    const [from, to] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
    let beforeMs = askOffset(from);
    for (let at = from; at < to; at += dayMs) {
      const afterMs = askOffset(at + dayMs);
      if (afterMs !== beforeMs) changes.push({ atMs: bisect(at, at + dayMs, afterMs), beforeMs, afterMs });
      beforeMs = afterMs;
    }
    years.set(year, changes);
    return changes;
  };
  /** The first moment, to the minute, of the new offset. */
  const bisect = (from: number, to: number, afterMs: number): number => {
    let [low, high] = [from, to];
    while (high - low > minuteMs) {
      const middle = low + Math.floor((high - low) / minuteMs / 2) * minuteMs;
      if (askOffset(middle) === afterMs) high = middle;
      else low = middle;
    }
    return high;
  };
  const firstOffsets = new Map<number, number>();
  const offsetAt = (timeMs: number): number => {
    const year = new Date(timeMs).getUTCFullYear();
    const last = changesOf(year).findLast(({ atMs }) => atMs <= timeMs);
    if (last !== undefined) return last.afterMs;
    const known = firstOffsets.get(year) ?? changesOf(year)[0]?.beforeMs ?? askOffset(Date.UTC(year, 0, 1));
    firstOffsets.set(year, known);
    return known;
  };
  return {
    name,
    changesOf,
    offsetAt,
    momentsOf: (localMs) => {
      const offsets = new Set([offsetAt(localMs - dayMs), offsetAt(localMs + dayMs)]);
      return [...offsets]
        .map((offset) => localMs - offset)
        .filter((timeMs) => offsetAt(timeMs) === localMs - timeMs)
        .sort((a, b) => a - b);
    },
  };
}
