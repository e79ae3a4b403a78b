/**
 * The least delay of every quarter of a minute of a stream, of its samples and of its time stamps, and what these show of its pace:
 * what is late says little. Remembers ten minutes of arrivals; of a stream that changed what came since counts.
 */
import { makeDoubles } from "../../core/maths/shared-room.ts";

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

interface PaceSegments {
  /** Another segment is over; the delays are monotonic time less sample clock or stamp (NaN: none), ms. */
  close(segment: {
    readonly atMs: number;
    readonly sampleDelayMs: number;
    readonly stampDelayMs: number;
  }): void;
  clear(): void;
  /** Segments that are remembered. */
  readonly closed: number;
  /** So many segments before the newest. */
  sampleDelayMs(back: number): number;
  stampDelayMs(back: number): number;
  /** Of the last so many intervals between segments: ms of samples, or of the device's clock (NaN without), a ms of arrival. */
  samplePace(intervals: number): number;
  stampPace(intervals: number): number;
  /**
   * Of the newest segments, as many of them (at most `limit`) as moved evenly. Null: too few, or not steady.
   */
  estimate(limit: number): PaceEstimate | null;
}

/** Longer than a device may buffer on a link of this protocol (64 packets), and than a link usually hesitates. */
export const segmentMs = 15_000;
/** Ten minutes. */
const segments = 40;
/** A minute and a half at least, and two of a part: a link may be slow for so long. */
const leastSegments = 7;
const leastOfPart = 9;
/** The next shorter span that is looked at. */
const shorterShare = 0.7;
/** A step between stamps and samples by more is a clock that was set. */
export const clockStepMs = 500;
/** The two halves of the span may differ by this share of the whole: what does not move evenly is no rate … */
const unsteadyShare = 0.5;
/** … and a movement of many seconds by so much and a smaller share: half of it may be of before a change. */
const unsteadyMs = 750;
const plainUnsteadyShare = 0.05;
/** A part of what is remembered shows a change only if arrivals moved by more than links do for a minute or two … */
const plainShiftMs = 10_000;
/** … or stamps against samples by more than hesitations that both of them share leave. */
const plainStampShiftMs = 1_500;

/** Of numbers, one a segment. */
const rows = { time: 0, sampleDelay: 1, stampDelay: 2, all: 3 } as const;

/** Creates segments of a stream that was not heard yet. */
export function createPaceSegments(): PaceSegments {
  return new Segments();
}

class Segments implements PaceSegments {
  /** When each ended, then the delay of its samples, then that of its stamps; null: none was over yet. */
  #kept: Float64Array | null = null;
  closed = 0;

  close({ atMs, sampleDelayMs, stampDelayMs }: Parameters<PaceSegments["close"]>[0]): void {
    this.#kept ??= makeDoubles(rows.all * segments);
    const kept = this.#kept;
    if (this.closed === segments) {
      // Its first place in each row is written over.
      kept.copyWithin(0, 1);
      this.closed--;
    }
    kept[rows.time * segments + this.closed] = atMs;
    kept[rows.sampleDelay * segments + this.closed] = sampleDelayMs;
    kept[rows.stampDelay * segments + this.closed] = stampDelayMs;
    this.closed++;
  }

  clear(): void {
    this.closed = 0;
  }

  sampleDelayMs(back: number): number {
    return this.#at(rows.sampleDelay, this.closed - 1 - back);
  }

  stampDelayMs(back: number): number {
    return this.#at(rows.stampDelay, this.closed - 1 - back);
  }

  samplePace(intervals: number): number {
    return this.#paceOf(rows.sampleDelay, intervals);
  }

  stampPace(intervals: number): number {
    return this.#paceOf(rows.stampDelay, intervals);
  }

  estimate(limit: number): PaceEstimate | null {
    const most = Math.min(limit, this.closed);
    if (most < leastSegments) return null;
    const whole = this.#estimateOf(most);
    if (whole !== null) return whole;
    for (let count = most; count > leastOfPart; ) {
      count = Math.max(leastOfPart, Math.floor(count * shorterShare));
      const part = this.#estimateOf(count);
      if (part !== null) return isPlain(part) ? part : null;
    }
    return null;
  }

  #estimateOf(count: number): PaceEstimate | null {
    const first = this.closed - count;
    const spanMs = this.#at(rows.time, this.closed - 1) - this.#at(rows.time, first);
    const samplesShiftMs = evenShift(this.#from(rows.sampleDelay, first));
    const stampsShiftMs = evenShift(this.#from(rows.stampDelay, first));
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

  #paceOf(row: number, intervals: number): number {
    const last = this.closed - 1;
    const first = last - intervals;
    const spanMs = this.#at(rows.time, last) - this.#at(rows.time, first);
    return 1 + (this.#at(row, first) - this.#at(row, last)) / spanMs;
  }

  #at(row: number, place: number): number {
    return this.#kept?.[row * segments + place] ?? Number.NaN;
  }

  #from(row: number, first: number): Float64Array {
    return this.#kept!.subarray(row * segments + first, row * segments + this.closed);
  }
}

function isPlain({ samplesShiftMs, stampsShiftMs }: PaceEstimate): boolean {
  const apartMs = Math.abs(samplesShiftMs - stampsShiftMs);
  return Math.abs(samplesShiftMs) >= plainShiftMs || apartMs >= plainStampShiftMs;
}

/**
 * By how much delays shrank from the first to the last, ms; null when they did so in jerks, or when an end differs from its
 * neighbour, which a single late segment is enough for. NaN where there are none.
 */
function evenShift(delays: Float64Array): number | null {
  const last = delays.length - 1;
  const whole = delays[0]! - delays[last]!;
  const isEvenAt = (place: number): boolean => {
    const expected = (whole * place) / last;
    const size = Math.abs(expected);
    const slackMs = clockStepMs + Math.min(unsteadyShare * size, unsteadyMs + plainUnsteadyShare * size);
    return !(Math.abs(delays[0]! - delays[place]! - expected) > slackMs);
  };
  return isEvenAt(1) && isEvenAt(last >> 1) && isEvenAt(last - 1) ? whole : null;
}
