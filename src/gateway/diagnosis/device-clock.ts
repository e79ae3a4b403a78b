/**
 * May a device's clock be believed? What bears a time after its arrival cannot be right, and neither can what comes at the
 * pace of the world and is minutes old. By how much such a clock is off is taken off its times: they then say the time of
 * arrival, and keep the distances that the device measured. Small errors, and streams that are played faster, are left alone.
 */
import type { Pace } from "./stream-pace.ts";

export interface DeviceClock {
  /**
   * Something came: its end by the device's clock, epoch ms, and its arrival. Without a stamp (NaN) nothing is learnt.
   */
  note(stamp: {
    readonly endMs: number;
    readonly arrivedMs: number;
    readonly arrivedMonotonicMs: number;
    readonly pace: Pace;
  }): void;
  /** Another session begins; a device that was off probably still is. */
  restart(): void;
  /** What is taken off its times, ms; 0: they are believed. */
  readonly aheadMs: number;
}

/** An off-the-shelf quartz is off by this after a month; alerts may be dated so much wrong. */
export const clockToleranceMs = 60_000;
/** A clock that was off and is this near is right again. */
const rightAgainMs = clockToleranceMs / 2;
/** 2020: a gateway that says less has not been told the time yet, and judges nobody's. */
const gatewayKnowsMs = 1_577_836_800_000;
/** The least delay of so long says where the clock stands. */
const segmentMs = 15_000;

/** Creates a clock that is believed. */
export function createDeviceClock(): DeviceClock {
  let aheadMs = 0;
  let lastSkewMs = Number.NaN;
  let lastAtMs = Number.NaN;
  /** Largest skew of this segment: that of the piece that was delayed least. */
  let bestSkewMs = Number.NEGATIVE_INFINITY;
  let segmentEndMs = Number.NaN;

  function follow(skewMs: number): void {
    aheadMs = Math.abs(skewMs) < (aheadMs === 0 ? clockToleranceMs : rightAgainMs) ? 0 : skewMs;
  }

  /** A clock that was set within one packet: no delay looks like that. */
  function wasSet(skewMs: number, atMs: number): boolean {
    const stepMs = Math.abs(skewMs - lastSkewMs);
    return stepMs > clockToleranceMs && atMs - lastAtMs < segmentMs;
  }

  return {
    note: ({ endMs, arrivedMs, arrivedMonotonicMs: atMs, pace }) => {
      const skewMs = endMs - arrivedMs;
      if (!Number.isFinite(skewMs) || arrivedMs < gatewayKnowsMs || pace === "played") return;
      if (aheadMs !== 0 && Math.abs(skewMs) < rightAgainMs) aheadMs = 0;
      else if (skewMs > clockToleranceMs && aheadMs === 0) aheadMs = skewMs;
      else if (pace === "true" && wasSet(skewMs, atMs)) follow(skewMs);
      // Nothing arrives before it was measured.
      else if (pace === "true" && aheadMs !== 0 && skewMs > aheadMs) aheadMs = skewMs;
      lastSkewMs = skewMs;
      lastAtMs = atMs;
      if (skewMs > bestSkewMs) bestSkewMs = skewMs;
      if (Number.isNaN(segmentEndMs)) segmentEndMs = atMs + segmentMs;
      if (atMs < segmentEndMs) return;
      if (pace === "true") follow(bestSkewMs);
      bestSkewMs = Number.NEGATIVE_INFINITY;
      segmentEndMs = atMs + segmentMs;
    },
    restart: () => {
      lastSkewMs = Number.NaN;
      bestSkewMs = Number.NEGATIVE_INFINITY;
      segmentEndMs = Number.NaN;
    },
    get aheadMs() {
      return aheadMs;
    },
  };
}
