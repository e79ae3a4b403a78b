/**
 * How fast a stream runs: its samples and its time stamps against the gateway's own clock, and against each other. What is
 * late says little, so only the least delay of every quarter of a minute counts. Allocates nothing a block.
 */

import { durationOf } from "../../core/maths/durations.ts";
import { makeDoubles } from "../../core/maths/shared-room.ts";

/** A piece of a stream, as it came. */
export interface StreamPiece {
  readonly firstSample: number;
  readonly samples: number;
  /** As the device announced it, Hz. */
  readonly sampleRateHz: number;
  /** End of the piece by the device's clock, epoch ms; NaN: it has none. */
  readonly endMs: number;
  readonly arrivedMonotonicMs: number;
}

/**
 * `true`: about one second of samples a second. `played`: many more, for long: a recording or a simulation, whose time is its
 * own. `slow`: far fewer, so that what comes is older and older. `unknown`: too little was heard.
 */
export type Pace = "unknown" | "true" | "played" | "slow";

/** Ratios of what was measured to what was said; 1 where all is well. */
export interface PaceEstimate {
  /** Sampling rate by indices and arrival. */
  readonly rateByArrival: number;
  /** By how much the samples moved against their arrival over the span, ms. */
  readonly samplesShiftMs: number;
  /** Sampling rate by indices and time stamps; NaN without stamps. */
  readonly rateByStamps: number;
  /** Pace of the device's clock by its arrival; NaN without stamps. */
  readonly clockByArrival: number;
  readonly stampsShiftMs: number;
}

export interface StreamPace {
  note(piece: StreamPiece): void;
  /** Another session begins. */
  restart(): void;
  readonly pace: Pace;
  /** Null: not known yet, or not steady. */
  estimate(): PaceEstimate | null;
}

/** Longer than a device may buffer on a link of this protocol (64 packets), and than a link usually hesitates. */
const segmentMs = 15_000;
/** Ten minutes. */
const segments = 40;
/** A minute and a half at least. */
const leastSegments = 7;
/** What a device had in its buffers when it was first heard comes faster than it is measured. */
const playedLeadMs = 10_000;
const playedPace = 1.4;
const slowPace = 0.7;
const knownAfterMs = 10_000;
/** A step between stamps and samples by more is a clock that was set. */
const clockStepMs = 500;
/** The two halves of the span may differ by this share of the whole: what does not move evenly is no rate. */
const unsteadyShare = 0.5;

/** Creates the pace of a stream that was not heard yet. */
export function createStreamPace(): StreamPace {
  return new SegmentedPace();
}

class SegmentedPace implements StreamPace {
  readonly #times = makeDoubles(segments);
  readonly #sampleDelays = makeDoubles(segments);
  readonly #stampDelays = makeDoubles(segments);
  #closed = 0;
  #begunMs = Number.NaN;
  #firstSampleMs = Number.NaN;
  #segmentEndMs = Number.NaN;
  #bestSampleDelay = Number.POSITIVE_INFINITY;
  #bestStampDelay = Number.POSITIVE_INFINITY;
  #bestAtMs = Number.NaN;
  #rateHz = Number.NaN;
  #nextSample = Number.NaN;
  /** Time stamp less the sample clock. */
  #offsetMs = Number.NaN;
  pace: Pace = "unknown";

  note({ firstSample, samples, sampleRateHz, endMs, arrivedMonotonicMs: atMs }: StreamPiece): void {
    if (!(sampleRateHz > 0)) return;
    const sampleMs = durationOf(firstSample + samples, sampleRateHz);
    const isOther =
      Number.isNaN(this.#begunMs) || sampleRateHz !== this.#rateHz || firstSample < this.#nextSample;
    const stepMs = endMs - sampleMs - this.#offsetMs;
    if (isOther || Math.abs(stepMs) > clockStepMs) this.#begin(sampleMs, atMs);
    this.#rateHz = sampleRateHz;
    this.#nextSample = firstSample + samples;
    this.#offsetMs = endMs - sampleMs;
    this.#judgePace(sampleMs, atMs);
    if (atMs >= this.#segmentEndMs) {
      if (this.#bestSampleDelay < Number.POSITIVE_INFINITY) this.#closeSegment();
      this.#openSegment(atMs);
    }
    if (atMs - sampleMs < this.#bestSampleDelay) {
      this.#bestSampleDelay = atMs - sampleMs;
      this.#bestAtMs = atMs;
    }
    const stampDelay = atMs - endMs;
    if (!(stampDelay >= this.#bestStampDelay)) this.#bestStampDelay = stampDelay;
  }

  restart(): void {
    this.#begunMs = Number.NaN;
    this.#closed = 0;
    this.#offsetMs = Number.NaN;
    this.pace = "unknown";
  }

  estimate(): PaceEstimate | null {
    const closed = this.#closed;
    if (closed < leastSegments) return null;
    const spanMs = this.#times[closed - 1]! - this.#times[0]!;
    const samplesShiftMs = evenShift(this.#sampleDelays, closed);
    const stampsShiftMs = evenShift(this.#stampDelays, closed);
    if (samplesShiftMs === null || stampsShiftMs === null) return null;
    const rateByArrival = 1 + samplesShiftMs / spanMs;
    const clockByArrival = 1 + stampsShiftMs / spanMs;
    return {
      rateByArrival,
      samplesShiftMs,
      rateByStamps: rateByArrival / clockByArrival,
      clockByArrival,
      stampsShiftMs,
    };
  }

  #begin(sampleMs: number, atMs: number): void {
    this.#begunMs = atMs;
    this.#firstSampleMs = sampleMs;
    this.#closed = 0;
    this.#openSegment(atMs);
  }

  #openSegment(atMs: number): void {
    this.#segmentEndMs = atMs + segmentMs;
    this.#bestSampleDelay = Number.POSITIVE_INFINITY;
    this.#bestStampDelay = Number.POSITIVE_INFINITY;
  }

  #closeSegment(): void {
    if (this.#closed === segments) {
      for (const kept of [this.#times, this.#sampleDelays, this.#stampDelays]) kept.copyWithin(0, 1);
      this.#closed--;
    }
    this.#times[this.#closed] = this.#bestAtMs;
    this.#sampleDelays[this.#closed] = this.#bestSampleDelay;
    this.#stampDelays[this.#closed] = this.#bestStampDelay;
    this.#closed++;
  }

  #judgePace(sampleMs: number, atMs: number): void {
    const elapsedMs = atMs - this.#begunMs;
    const playedMs = sampleMs - this.#firstSampleMs;
    if (playedMs - elapsedMs > playedLeadMs && playedMs > playedPace * elapsedMs) this.pace = "played";
    else if (this.pace !== "played" && elapsedMs >= knownAfterMs)
      this.pace = playedMs < slowPace * elapsedMs ? "slow" : "true";
  }
}

/** By how much delays shrank from the first to the last, ms; null when they did so in jerks. NaN where there are none. */
function evenShift(delays: Float64Array, count: number): number | null {
  const middle = (count - 1) >> 1;
  const whole = delays[0]! - delays[count - 1]!;
  const half = delays[0]! - delays[middle]!;
  const expected = (whole * middle) / (count - 1);
  const slackMs = clockStepMs + unsteadyShare * Math.abs(expected);
  return Math.abs(half - expected) > slackMs ? null : whole;
}
