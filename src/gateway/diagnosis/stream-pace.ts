/**
 * How fast a stream runs: its samples and its time stamps against the gateway's own clock, over the last minute, however long it
 * has been running. What comes faster than it was measured leads back from the past to now: what runs on into the future is a
 * count or a clock that is wrong. Allocates nothing a block.
 */
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import type { Arrival } from "../../core/contract/stream.ts";
import { durationOf } from "../../core/maths/durations.ts";
import { clockStepMs, createPaceSegments, type PaceEstimate, segmentMs } from "./pace-segments.ts";

/** A piece of a stream, as it came. */
interface StreamPiece {
  readonly firstSample: number;
  readonly samples: number;
  /** As the device announced it, Hz. */
  readonly sampleRateHz: number;
  /** End of the piece by the device's clock, epoch ms; NaN: it has none. */
  readonly endMs: number;
  readonly arrival: Arrival;
  /** The first of a snapshot: nothing was measured between the piece before it and this one. */
  readonly isAfterPause: boolean;
}

/**
 * `true`: what comes is as old as what came before, or of the future, so that its arrival tells. `played`: many more samples than a second a
 * second, which lead back to now (a device kept them, or they are a recording's), or came so from the session's begin on: a
 * simulation, whose time is its own. `slow`: far fewer, so that what comes is older and older. `unknown`: too little was heard
 * since something changed.
 */
export type Pace = "unknown" | "true" | "played" | "slow";

interface StreamPace {
  note(piece: StreamPiece): void;
  /** Another session begins. */
  restart(): void;
  readonly pace: Pace;
  /** By how much the newest piece's stamp moved against the samples' count, ms: a clock that was set. NaN: not known. */
  readonly stampStepMs: number;
  /** Null: not known yet, or not steady. */
  estimate(): PaceEstimate | null;
}

/** What a device had in its buffers when it was first heard comes faster than it is measured. */
const playedLeadMs = 10_000;
const playedPace = 1.4;
const slowPace = 0.7;
const knownAfterMs = 10_000;
/** What is late by more may be followed by a catching-up; links hesitate for less … */
const lagMs = 3_000;
/** … and what is late by so much more at once says nothing of a clock before it is known how it goes on. */
const stallMs = 10_000;
/** Whoever catches up is faster than a converter is off; others' paces differ by less from one half minute to the next. */
const paceSlack = 0.05;
/** So far ahead of what the stream was before it was late, or of now where that is not known, it has not caught up but runs on. */
const aheadOfItselfMs = 5_000;
const aheadOfNowMs = 60_000;
/** Half a minute, a minute, and two, in intervals between segments. */
const recent = 2;
const longer = 4;
const lasting = 8;
/** A sample clock that is off by less is not told; so fast its least delay may rise, ms a segment. */
const driftMs = 0.0025 * segmentMs;

/** Creates the pace of a stream that was not heard yet. */
export function createStreamPace(): StreamPace {
  return new RecentPace();
}

class RecentPace implements StreamPace {
  readonly #segments = createPaceSegments();
  #begunMs = Number.NaN;
  #begunLagMs = Number.NaN;
  #firstSampleMs = Number.NaN;
  /** Of samples that came since: what an index claims beyond is not played. */
  #cameMs = 0;
  #segmentEndMs = Number.NaN;
  #bestSampleDelay = Number.POSITIVE_INFINITY;
  #bestStampDelay = Number.POSITIVE_INFINITY;
  #bestAtMs = Number.NaN;
  #rateHz = Number.NaN;
  #nextSample = Number.NaN;
  /** By pauses that the samples' count does not show. */
  #skippedMs = 0;
  #lastSampleMs = Number.NaN;
  #lastAtMs = Number.NaN;
  /** Time stamp less the sample clock. */
  #offsetMs = Number.NaN;
  /** The gateway's calendar less its monotonic time; NaN: it has not been told the time. */
  #calendarMs = Number.NaN;
  /** The least delay of samples at a pace that was true, as it is by now. */
  #homeDelayMs = Number.NaN;
  #segmentsSincePause = Number.POSITIVE_INFINITY;
  /** Whether the stream was played from the session's begin on, and whether it still may turn out to be. */
  #isOwnTime = false;
  #mayBeOwnTime = true;
  pace: Pace = "unknown";
  stampStepMs = Number.NaN;

  note(piece: StreamPiece): void {
    const { firstSample, samples, sampleRateHz, endMs, arrival } = piece;
    const { arrivedMs, arrivedMonotonicMs: atMs } = arrival;
    if (!(sampleRateHz > 0)) return;
    const isOther =
      Number.isNaN(this.#begunMs) || sampleRateHz !== this.#rateHz || firstSample < this.#nextSample;
    if (isOther) this.#forget();
    const pieceMs = durationOf(samples, sampleRateHz);
    if (piece.isAfterPause) this.#pause(piece, pieceMs);
    const sampleMs = durationOf(firstSample + samples, sampleRateHz) + this.#skippedMs;
    this.stampStepMs = endMs - sampleMs - this.#offsetMs;
    this.#calendarMs = arrivedMs < earliestClockMs ? Number.NaN : arrivedMs - atMs;
    if (isOther || Math.abs(this.stampStepMs) > clockStepMs) this.#begin(sampleMs, piece);
    else this.#cameMs += pieceMs;
    this.#rateHz = sampleRateHz;
    this.#nextSample = firstSample + samples;
    this.#offsetMs = endMs - sampleMs;
    this.#lastSampleMs = sampleMs;
    this.#lastAtMs = atMs;
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
    this.#judgeBlock(sampleMs, atMs);
  }

  restart(): void {
    this.#begunMs = Number.NaN;
    this.#forget();
    this.#isOwnTime = false;
    this.#mayBeOwnTime = true;
    this.pace = "unknown";
  }

  estimate(): PaceEstimate | null {
    // Without stamps nobody knows whether what catches up is of another rate.
    if (this.pace === "played" && !this.#isOwnTime && Number.isNaN(this.#offsetMs)) return null;
    return this.#segments.estimate(this.#segmentsSincePause);
  }

  #forget(): void {
    this.#segments.clear();
    this.#offsetMs = Number.NaN;
    this.#homeDelayMs = Number.NaN;
    this.#skippedMs = 0;
    this.#segmentsSincePause = Number.POSITIVE_INFINITY;
  }

  #begin(sampleMs: number, { endMs, arrival }: StreamPiece): void {
    const { arrivedMs, arrivedMonotonicMs } = arrival;
    this.#begunMs = arrivedMonotonicMs;
    this.#begunLagMs = arrivedMs - endMs;
    this.#firstSampleMs = sampleMs;
    this.#cameMs = 0;
    // A count may leave out a standstill that stamps show: what is late as well is no clock that was set, until more of it came.
    const laterMs = arrivedMonotonicMs - sampleMs - this.#homeDelayMs;
    const isLate = Number.isNaN(laterMs) ? this.#begunLagMs > lagMs : laterMs > stallMs;
    if (this.pace === "true" && isLate) this.pace = "unknown";
    this.#segments.clear();
    this.#openSegment(arrivedMonotonicMs);
  }

  /** Where the samples' count goes on over the pause, stamps show how long it was, or the silence. */
  #pause({ firstSample, endMs, arrival }: StreamPiece, pieceMs: number): void {
    this.#segmentsSincePause = 0;
    if (firstSample !== this.#nextSample) return;
    const stampsMs = endMs - (this.#lastSampleMs + pieceMs) - this.#offsetMs;
    const silenceMs = arrival.arrivedMonotonicMs - this.#lastAtMs - pieceMs;
    if (Number.isNaN(stampsMs)) this.#skippedMs += silenceMs;
    else if (stampsMs > silenceMs / 2 && stampsMs < 2 * silenceMs) this.#skippedMs += stampsMs;
  }

  #openSegment(atMs: number): void {
    this.#segmentEndMs = atMs + segmentMs;
    this.#bestSampleDelay = Number.POSITIVE_INFINITY;
    this.#bestStampDelay = Number.POSITIVE_INFINITY;
  }

  #closeSegment(): void {
    this.#segments.close({
      atMs: this.#bestAtMs,
      sampleDelayMs: this.#bestSampleDelay,
      stampDelayMs: this.#bestStampDelay,
    });
    this.#segmentsSincePause++;
    if (this.#segments.closed > recent) this.#judgeSegments();
  }

  /** At once: a stream that is played from its begin on, and before there are segments. */
  #judgeBlock(sampleMs: number, atMs: number): void {
    const elapsedMs = atMs - this.#begunMs;
    const cameMs = this.#cameMs;
    if (this.#mayBeOwnTime && cameMs - elapsedMs > playedLeadMs && cameMs > playedPace * elapsedMs) {
      if (this.pace !== "played") this.#isOwnTime = !(this.#begunLagMs > lagMs);
      this.pace = "played";
    }
    if (this.pace === "played" && !this.#isOwnTime && this.#hasRunAhead(sampleMs, atMs)) this.#settle("true");
    if (this.pace === "played") return;
    const { closed } = this.#segments;
    const beforeMs = closed > recent ? this.#segments.sampleDelayMs(0) : this.#homeDelayMs;
    const isLater = this.#bestSampleDelay - beforeMs > stallMs;
    if (closed > recent) {
      if (this.pace === "true" && isLater) this.pace = "unknown";
    } else if (elapsedMs >= knownAfterMs) {
      const isSlow = sampleMs - this.#firstSampleMs < slowPace * elapsedMs;
      const isLate = Number.isNaN(beforeMs) ? this.#begunLagMs > lagMs : isLater;
      this.pace = isSlow ? "slow" : isLate ? "unknown" : "true";
    }
  }

  /** Over the last minute. */
  #judgeSegments(): void {
    const segments = this.#segments;
    const pace = segments.samplePace(recent);
    const before = segments.samplePace(Math.min(longer, segments.closed - 1));
    if (this.#isOwnTime) {
      if (!this.#isLastinglyTrue(pace)) return;
      this.#isOwnTime = false;
    }
    if (pace < playedPace) this.#mayBeOwnTime = false;
    const isLate = this.#lag(0) > lagMs;
    if (this.#isCatchingUp(pace)) this.pace = "played";
    else if (this.pace === "played") this.#settle(isLate ? "unknown" : "true");
    else if (pace < slowPace) this.pace = "slow";
    else if (isLate && (Math.abs(pace - before) >= paceSlack || !this.#isLateEvenly())) this.pace = "unknown";
    else {
      this.pace = "true";
      this.#findHome();
    }
  }

  /** Down at once; up as sample clocks drift, or by what a count left out, if stamps say that nothing is late. */
  #findHome(): void {
    const segments = this.#segments;
    const delayMs = segments.sampleDelayMs(0);
    if (!(this.#homeDelayMs <= delayMs)) this.#homeDelayMs = delayMs;
    if (segments.closed <= lasting || !this.#isLateEvenly()) return;
    let riseMs = delayMs - this.#homeDelayMs;
    for (let back = 1; back < lasting; back++)
      riseMs = Math.min(riseMs, segments.sampleDelayMs(back) - this.#homeDelayMs);
    const isInTime = Math.abs(segments.stampDelayMs(0) + this.#calendarMs) < lagMs;
    if (riseMs > 0) this.#homeDelayMs += isInTime ? riseMs : Math.min(riseMs, driftMs);
  }

  /** It is played no longer: what came so far says nothing of its rate. */
  #settle(pace: Pace): void {
    this.pace = pace;
    this.#mayBeOwnTime = false;
    this.#segments.clear();
  }

  /** Does it not grow older in jerks, as what a stall has left does? */
  #isLateEvenly(): boolean {
    const segments = this.#segments;
    const newestMs = segments.sampleDelayMs(0) - segments.sampleDelayMs(1);
    return Math.abs(newestMs - (segments.sampleDelayMs(1) - segments.sampleDelayMs(2))) < lagMs;
  }

  /** Was it late, and comes it faster than it was measured, by its stamps too? */
  #isCatchingUp(pace: number): boolean {
    const isFaster = pace >= 1 + paceSlack && !(this.#segments.stampPace(recent) < 1 + paceSlack);
    return isFaster && this.#lag(recent) > lagMs && !this.#hasRunAhead(this.#lastSampleMs, this.#lastAtMs);
  }

  /** It has run past what it was before it was late, or past now. */
  #hasRunAhead(sampleMs: number, atMs: number): boolean {
    return Number.isNaN(this.#homeDelayMs)
      ? sampleMs + this.#offsetMs - (atMs + this.#calendarMs) > aheadOfNowMs
      : this.#homeDelayMs - (atMs - sampleMs) > aheadOfItselfMs;
  }

  #isLastinglyTrue(pace: number): boolean {
    const segments = this.#segments;
    if (segments.closed <= lasting) return false;
    return Math.abs(pace - 1) < paceSlack && Math.abs(segments.samplePace(lasting) - 1) < paceSlack;
  }

  /** So many segments ago: how late it was against its own best, or against now where that is not known, ms. */
  #lag(back: number): number {
    const segments = this.#segments;
    return Number.isNaN(this.#homeDelayMs)
      ? segments.stampDelayMs(back) + this.#calendarMs
      : segments.sampleDelayMs(back) - this.#homeDelayMs;
  }
}
