/**
 * Holds the gateway's clock against the collector's, whose acknowledgements tell the time: says when they differ, and when
 * they agree again. Sets no clock and corrects no time.
 */
import { dayMs, formatDuration } from "../../core/maths/durations.ts";
import { type Clock, calendarOffsetMs } from "../../core/platform/clock.ts";

/** One acknowledgement, epoch ms. */
export interface ClockSample {
  /** The gateway's clock when the envelope left, and when its acknowledgement came. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The collector's clock in between. */
  readonly collectorMs: number;
}

export interface ClockWatch {
  note(sample: ClockSample): void;
  /** By how much the collector's clock is ahead at least, ms; 0: they agree; null: not known. */
  readonly offsetMs: number | null;
  /** The collector has confirmed the clock to a day, and it has not been set since. */
  readonly isConfirmed: boolean;
}

interface ClockWatchOptions {
  readonly clock: Clock;
  /** Told after two samples in a row: the clocks differ, or agree again. */
  onChange(offsetMs: number): void;
}

/** Less is not worth a word: acknowledgements take their time, and many a clock is set once an hour. */
const toleranceMs = 60_000;

/** A difference of the clocks for people. */
export function describeOffset(offsetMs: number): string {
  if (offsetMs === 0) return "the collector's clock agrees with this gateway's";
  const side = offsetMs > 0 ? "ahead of" : "behind";
  return `the collector's clock is ${formatDuration(Math.abs(offsetMs))} ${side} this gateway's`;
}

export function createClockWatch({ clock, onChange }: ClockWatchOptions): ClockWatch {
  let offsetMs: number | null = null;
  let differed = false;
  let told = false;
  /** The calendar's clock minus the one that only goes forward, when it was confirmed. */
  let confirmedBase: number | null = null;
  return {
    note({ sentMs, receivedMs, collectorMs }) {
      offsetMs =
        collectorMs < sentMs ? collectorMs - sentMs : collectorMs > receivedMs ? collectorMs - receivedMs : 0;
      confirmedBase = Math.abs(offsetMs) < dayMs ? calendarOffsetMs(clock) : null;
      const differs = Math.abs(offsetMs) > toleranceMs;
      // One alone may belong to an envelope that was sent twice.
      if (differs === differed && differs !== told) {
        told = differs;
        onChange(offsetMs);
      }
      differed = differs;
    },
    get offsetMs() {
      return offsetMs;
    },
    get isConfirmed() {
      return confirmedBase !== null && Math.abs(calendarOffsetMs(clock) - confirmedBase) < dayMs;
    },
  };
}
