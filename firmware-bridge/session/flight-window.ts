/** Bounds the packets that are sent and not yet acknowledged; gives them up when no acknowledgement comes. */
import type { Timers } from "../../src/core/platform/clock.ts";

interface FlightWindowOptions {
  /** Packets in flight at which sending has to wait. */
  readonly maxInFlightFrames: number;
  /** After this time without an acknowledgement, what is in flight is given up as lost. */
  readonly ackTimeoutMs: number;
  readonly timers: Timers;
  /** There is room again, or nothing is in flight any more. */
  onProgress(): void;
}

/** Follows one direction of a conversation by its 16-bit sequence numbers. */
interface FlightWindow {
  /** `sequence` was sent. */
  sent(sequence: number): void;
  /** Everything up to `sequence` was acknowledged. Numbers that are not in flight are ignored. */
  acknowledge(sequence: number): void;
  /** Forgets what is in flight; the newest packet is `sequence`, if given. */
  reset(sequence?: number): void;
  /** Packets that the other side has room for, 0: none until it says otherwise; by default as many as the options say. */
  allow(frames?: number): void;
  readonly inFlightFrames: number;
  readonly hasRoom: boolean;
  /** Times that packets in flight were given up. */
  readonly timeouts: number;
}

/** Creates a window with nothing in flight. */
export function createFlightWindow(options: FlightWindowOptions): FlightWindow {
  let newest = 0;
  let acknowledged = 0;
  let timeouts = 0;
  let allowed = options.maxInFlightFrames;
  let timerRuns = false;
  let cancelTimer = (): void => {};

  function inFlight(): number {
    return (newest - acknowledged) & 0xffff;
  }

  /** The timer runs while something is in flight, from the last acknowledgement on. */
  function restartTimer(): void {
    cancelTimer();
    timerRuns = inFlight() > 0;
    if (!timerRuns) return;
    cancelTimer = options.timers.after(options.ackTimeoutMs, () => {
      timerRuns = false;
      timeouts++;
      acknowledged = newest;
      options.onProgress();
    });
  }

  return {
    sent: (sequence) => {
      newest = sequence;
      if (!timerRuns) restartTimer();
    },
    acknowledge: (sequence) => {
      const newlyTaken = (sequence - acknowledged) & 0xffff;
      if (newlyTaken === 0 || newlyTaken > inFlight()) return;
      acknowledged = sequence;
      restartTimer();
      options.onProgress();
    },
    reset: (sequence = newest) => {
      newest = sequence;
      acknowledged = sequence;
      restartTimer();
    },
    allow: (frames = options.maxInFlightFrames) => {
      const before = allowed;
      allowed = Math.min(frames, options.maxInFlightFrames);
      if (allowed > before) options.onProgress();
    },
    get inFlightFrames() {
      return inFlight();
    },
    get hasRoom() {
      return inFlight() < allowed;
    },
    get timeouts() {
      return timeouts;
    },
  };
}
