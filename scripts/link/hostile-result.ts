/** What came of a run on a bad line, and how it is counted while it goes on. */

import { linkTiming } from "../../firmware-bridge/link-timing.ts";
import type { LinkStatistics } from "../../firmware-bridge/session/packet-receiver.ts";

/** The result. */
export interface HostileResult {
  readonly scenario: string;
  readonly seconds: number;
  /** Samples that the device sent, and that the gateway took. */
  readonly sentSamples: number;
  readonly deliveredSamples: number;
  /** Delivered values that were never sent so, or to another session. */
  readonly wrongValues: number;
  /** Configurations that the device took and the gateway never sent. */
  readonly wrongConfigurations: number;
  readonly badFrames: number;
  readonly discardedBytes: number;
  readonly refusedFrames: number;
  readonly sessions: number;
  /** Longest time without a delivery while nothing was unplugged or stuck. */
  readonly longestStallMs: number;
  /** What it must not exceed. */
  readonly stallBoundMs: number;
}

/**
 * The longest way back: silence is noticed (a quarter late), the device introduced, its configuration given up once,
 * and introduced again.
 */
export const stallBoundMs: number =
  1.25 * linkTiming.silenceMs +
  2 * linkTiming.helloMaxMs +
  (linkTiming.maxAttempts - 1) * linkTiming.repeatMaxMs +
  linkTiming.streamAckMs;

/** What a run counts. */
export interface HostileTally {
  sentSamples: number;
  deliveredSamples: number;
  wrongValues: number;
  wrongConfigurations: number;
  sessions: number;
  /** Something arrived, or nothing could. */
  progress(): void;
  /** Looks at the clock, often. */
  watch(): void;
  finish(scenario: string, seconds: number, statistics: LinkStatistics): HostileResult;
}

/** Begins to count. */
export function createHostileTally(time: { readonly nowMs: number }): HostileTally {
  let lastProgressMs = time.nowMs;
  let longestStallMs = 0;
  return {
    sentSamples: 0,
    deliveredSamples: 0,
    wrongValues: 0,
    wrongConfigurations: 0,
    sessions: 0,
    progress: () => {
      lastProgressMs = time.nowMs;
    },
    watch: () => {
      longestStallMs = Math.max(longestStallMs, time.nowMs - lastProgressMs);
    },
    finish(scenario, seconds, { badFrames, discardedBytes, refusedFrames }) {
      const { sentSamples, deliveredSamples, wrongValues, wrongConfigurations, sessions } = this;
      return {
        scenario,
        seconds,
        sentSamples,
        deliveredSamples,
        wrongValues,
        wrongConfigurations,
        badFrames,
        discardedBytes,
        refusedFrames,
        sessions,
        longestStallMs: Math.round(longestStallMs),
        stallBoundMs,
      };
    },
  };
}
