/** Time and timers as arguments: code that needs them takes these interfaces, so that a test can turn the clock. */
import { performance } from "node:perf_hooks";

/** Two clocks: the calendar's, which may jump, and one that only ever goes forward. */
export interface Clock {
  /** Milliseconds since the epoch, UTC; may jump either way when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds since some fixed moment of this process; never goes back. Not an epoch. */
  monotonicMs(): number;
}

/** The calendar's clock less the one that only goes forward: another one after the machine's clock was set. */
export function calendarOffsetMs(clock: Clock): number {
  return clock.nowMs() - clock.monotonicMs();
}

/** A moment by both clocks. */
export interface ClockMoment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

export interface Timers {
  /** Calls `callback` once after `delayMs` (≥ 0); the returned function cancels it and may be called any time. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Of one timer of Node's, some 25 days; a longer one ends at once. */
const longestMs = 2 ** 31 - 1;

/**
 * Timers of the event loop; a pending one keeps the process alive: its owner cancels it when it closes. Most bound how long
 * another may be silent. After a time in which this process did not run, the event loop would call them before it reads
 * what came meanwhile: they have their turn after that.
 */
export const systemTimers: Timers = {
  after(delayMs, callback) {
    let turn: NodeJS.Immediate | undefined;
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      timer = setTimeout(
        () => {
          if (leftMs > longestMs) wait(leftMs - longestMs);
          else turn = setImmediate(callback);
        },
        Math.max(0, Math.min(leftMs, longestMs)),
      );
    };
    wait(delayMs);
    return () => {
      clearTimeout(timer);
      clearImmediate(turn);
    };
  },
};

/** Before this software was made no clock is right. */
const earliestMs = Date.UTC(2026, 0, 1);
/** The certificates and keys of an installation are made for ten years; a clock that has lost its time may say 2038 or 2106. */
const latestMs = Date.UTC(2037, 0, 1);

/** What is implausible about a clock that says `nowMs`, in words; null: nothing. */
export function findClockFault(nowMs: number): string | null {
  if (nowMs < earliestMs) return "is behind: this software was made later";
  if (nowMs >= latestMs) return "is ahead: no certificate of an installation holds so long";
  return null;
}
