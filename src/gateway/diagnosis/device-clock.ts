/**
 * May a device's clock be believed? What bears a time after its arrival cannot be right, and neither can what comes at the
 * pace of the world and is minutes old. By how much such a clock is off is taken off its times: they then say the time of
 * arrival, and keep the distances that the device measured. Small errors, and streams that are played faster, are left alone.
 */
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import { segmentMs } from "./pace-segments.ts";
import type { Pace } from "./stream-pace.ts";

interface DeviceClock {
  /**
   * Something came: its end by the device's clock, epoch ms, and its arrival. Without a stamp (NaN) nothing is learnt. `stepMs`: by
   * how much its stamp moved against the count of samples; NaN where none is known.
   */
  note(stamp: {
    readonly endMs: number;
    readonly arrivedMs: number;
    readonly arrivedMonotonicMs: number;
    readonly pace: Pace;
    readonly stepMs: number;
  }): void;
  /** Another session begins; a device that was off probably still is. */
  restart(): void;
  /** What is taken off its times, ms; 0: they are believed. */
  readonly aheadMs: number;
  /** It says a time before 2020: it counts from its start, or from 1970. */
  readonly isUnset: boolean;
}

/** An off-the-shelf quartz is off by this after a month; alerts may be dated so much wrong. */
const clockToleranceMs = 60_000;
/** A clock that was off and is this near is right again. */
const rightAgainMs = clockToleranceMs / 2;

/** Creates a clock that is believed. */
export function createDeviceClock(): DeviceClock {
  return new Believed();
}

class Believed implements DeviceClock {
  aheadMs = 0;
  isUnset = false;
  /** Largest skew of this segment since the clock is as it is: that of the piece that was delayed least. */
  #bestSkewMs = Number.NEGATIVE_INFINITY;
  #segmentEndMs = Number.NaN;

  note({
    endMs,
    arrivedMs,
    arrivedMonotonicMs: atMs,
    pace,
    stepMs,
  }: Parameters<DeviceClock["note"]>[0]): void {
    const skewMs = endMs - arrivedMs;
    if (!Number.isFinite(skewMs) || arrivedMs < earliestClockMs || pace === "played") return;
    const { aheadMs } = this;
    this.isUnset = endMs < earliestClockMs;
    if (aheadMs !== 0 && Math.abs(skewMs) < rightAgainMs) this.aheadMs = 0;
    else if ((skewMs > clockToleranceMs || this.isUnset) && aheadMs === 0) this.aheadMs = skewMs;
    // It was set between two pieces: what is late, or leaves samples out, moves stamps and samples alike.
    else if (pace === "true" && Math.abs(stepMs) > clockToleranceMs) this.#follow(skewMs);
    // Nothing arrives before it was measured.
    else if (pace === "true" && aheadMs !== 0 && skewMs > aheadMs) this.aheadMs = skewMs;
    // Where it is off otherwise than before, what came before says no more how it is now.
    if (this.aheadMs !== aheadMs || skewMs > this.#bestSkewMs) this.#bestSkewMs = skewMs;
    if (Number.isNaN(this.#segmentEndMs)) this.#segmentEndMs = atMs + segmentMs;
    if (atMs < this.#segmentEndMs) return;
    if (pace === "true") this.#follow(this.#bestSkewMs);
    this.#bestSkewMs = Number.NEGATIVE_INFINITY;
    this.#segmentEndMs = atMs + segmentMs;
  }

  restart(): void {
    this.#bestSkewMs = Number.NEGATIVE_INFINITY;
    this.#segmentEndMs = Number.NaN;
  }

  #follow(skewMs: number): void {
    const toleranceMs = this.aheadMs === 0 ? clockToleranceMs : rightAgainMs;
    this.aheadMs = Math.abs(skewMs) < toleranceMs ? 0 : skewMs;
  }
}
