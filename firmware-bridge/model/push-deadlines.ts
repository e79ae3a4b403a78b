/**
 * Ends a push that makes no progress: a device in contact has some time to let it move, and one that is away, or comes
 * and goes, a longer time.
 */
import type { Timers } from "../../src/core/platform/clock.ts";
import { linkTiming } from "../link-timing.ts";

interface PushDeadlines {
  /** The device is in contact. That alone moves nothing: it does not hold a push up for ever. */
  watchStall(): void;
  /** The device is out of contact. */
  stopStall(): void;
  /** Something moved: both start over. */
  moved(): void;
  stop(): void;
}

/** Starts the longer one; `onExpired` is told in words what went on for how long. */
export function startPushDeadlines(timers: Timers, onExpired: (what: string) => void): PushDeadlines {
  let cancelStall = (): void => {};
  let cancelContact = expireAfter(linkTiming.modelContactMs, "the device was out of contact");

  function expireAfter(limitMs: number, what: string): () => void {
    return timers.after(limitMs, () => onExpired(`${what} for ${limitMs / 1000} s`));
  }

  function watchStall(): void {
    cancelStall();
    cancelStall = expireAfter(linkTiming.modelStallMs, "nothing moved");
  }

  return {
    watchStall,
    stopStall: () => cancelStall(),
    moved: () => {
      watchStall();
      cancelContact();
      cancelContact = expireAfter(
        linkTiming.modelContactMs,
        "the device was out of contact, or nothing moved",
      );
    },
    stop: () => {
      cancelStall();
      cancelContact();
    },
  };
}
