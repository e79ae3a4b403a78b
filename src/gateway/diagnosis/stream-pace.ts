/**
 * How fast a stream runs: its samples and its time stamps against the gateway's own clock, and against each other. What is
 * late says little, so only the least delay of every quarter of a minute counts. Allocates nothing a block.
 */

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
 * own. `unknown`: too little was heard.
 */
export type Pace = "unknown" | "true" | "played";

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
const knownAfterMs = 10_000;
/** A step between stamps and samples by more is a clock that was set. */
const clockStepMs = 500;
/** The two halves of the span may differ by this share of the whole: what does not move evenly is no rate. */
const unsteadyShare = 0.5;

/** Creates the pace of a stream that was not heard yet. */
export function createStreamPace(): StreamPace {
  const times = new Float64Array(segments);
  const sampleDelays = new Float64Array(segments);
  const stampDelays = new Float64Array(segments);
  let closed = 0;
  let begunMs = Number.NaN;
  let firstSampleMs = 0;
  let segmentEndMs = 0;
  let bestSampleDelay = Number.POSITIVE_INFINITY;
  let bestStampDelay = Number.POSITIVE_INFINITY;
  let bestAtMs = 0;
  let rateHz = 0;
  let nextSample = 0;
  /** Time stamp less the sample clock. */
  let offsetMs = Number.NaN;
  let pace: Pace = "unknown";

  function begin(sampleMs: number, atMs: number): void {
    begunMs = atMs;
    firstSampleMs = sampleMs;
    closed = 0;
    openSegment(atMs);
  }

  function openSegment(atMs: number): void {
    segmentEndMs = atMs + segmentMs;
    bestSampleDelay = Number.POSITIVE_INFINITY;
    bestStampDelay = Number.POSITIVE_INFINITY;
  }

  function closeSegment(): void {
    if (closed === segments) {
      for (const kept of [times, sampleDelays, stampDelays]) kept.copyWithin(0, 1);
      closed--;
    }
    times[closed] = bestAtMs;
    sampleDelays[closed] = bestSampleDelay;
    stampDelays[closed] = bestStampDelay;
    closed++;
  }

  function judgePace(sampleMs: number, atMs: number): void {
    const elapsedMs = atMs - begunMs;
    const playedMs = sampleMs - firstSampleMs;
    if (playedMs - elapsedMs > playedLeadMs && playedMs > playedPace * elapsedMs) pace = "played";
    else if (pace === "unknown" && elapsedMs >= knownAfterMs) pace = "true";
  }

  return {
    note: ({ firstSample, samples, sampleRateHz, endMs, arrivedMonotonicMs: atMs }) => {
      if (!(sampleRateHz > 0)) return;
      const sampleMs = ((firstSample + samples) * 1000) / sampleRateHz;
      const isOther = Number.isNaN(begunMs) || sampleRateHz !== rateHz || firstSample < nextSample;
      const stepMs = endMs - sampleMs - offsetMs;
      if (isOther || Math.abs(stepMs) > clockStepMs) begin(sampleMs, atMs);
      rateHz = sampleRateHz;
      nextSample = firstSample + samples;
      offsetMs = endMs - sampleMs;
      judgePace(sampleMs, atMs);
      if (atMs >= segmentEndMs) {
        if (bestSampleDelay < Number.POSITIVE_INFINITY) closeSegment();
        openSegment(atMs);
      }
      if (atMs - sampleMs < bestSampleDelay) {
        bestSampleDelay = atMs - sampleMs;
        bestAtMs = atMs;
      }
      const stampDelay = atMs - endMs;
      if (!(stampDelay >= bestStampDelay)) bestStampDelay = stampDelay;
    },
    restart: () => {
      begunMs = Number.NaN;
      closed = 0;
      offsetMs = Number.NaN;
      pace = "unknown";
    },
    get pace() {
      return pace;
    },
    estimate: () => {
      if (closed < leastSegments) return null;
      const spanMs = times[closed - 1]! - times[0]!;
      const samplesShiftMs = evenShift(sampleDelays, closed);
      const stampsShiftMs = evenShift(stampDelays, closed);
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
    },
  };
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
