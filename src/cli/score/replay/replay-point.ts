/**
 * One measuring point that is told its past: the data contract, then what a gateway's point is made of (windows, decider,
 * watch, alarms), with a clock that goes with the recordings. Adds nothing to what a gateway would decide, and takes
 * nothing away: blocks of all recordings go one way, and between two of them time passes as it did. What is known of
 * a recording and not of a stream is said, too: that it is whole.
 */
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import type { Decision } from "../../../core/contract/prediction.ts";
import type { Quarantine } from "../../../core/contract/stream.ts";
import { createWaveformIngest, type WaveformIngest } from "../../../core/ingest/waveform-ingest.ts";
import type { Clock } from "../../../core/platform/clock.ts";
import { type Logger, silentLogger } from "../../../core/platform/logger.ts";
import type { ScoredWindow } from "../../../core/serving/loaded-bundle.ts";
import { createMeasuringPoint } from "../../../core/serving/measuring-point.ts";
import { createWindowDecider } from "../../../core/serving/window-decider.ts";
import type { OpenedRecording } from "../recordings/open-recording.ts";
import { readSampleBlocks } from "../recordings/sample-blocks.ts";
import { seamlessMs } from "./heard-recordings.ts";
import type { ReplayRenewal } from "./replay-renewals.ts";
import {
  openReplayedWatch,
  type ReplayedWatch,
  type ReplayedWatchOptions,
  type WatchSink,
} from "./replayed-watch.ts";

/** Who hears of what is decided, in the order of time. */
export interface ReplaySink extends WatchSink {
  /** `scored` is null when the point had no data. */
  onDecision(decision: Decision, scored: ScoredWindow | null): void;
  /** `windows` is 1 when a window was lost, 0 when samples were. */
  setAside(quarantine: Quarantine, windows: 0 | 1): void;
  /** The turbine stands by from here on: what was open is no window. */
  onStandby(): void;
}

interface ReplayedPointOptions extends ReplayedWatchOptions {
  readonly sink: ReplaySink;
  /** In order of time; absent: none. */
  readonly renewals?: readonly ReplayRenewal[];
  /** Has another point of its turbine a bearing like this one's? */
  readonly isLike: (component: string) => boolean;
}

/** A point that hears one recording after the other, in order of time. */
export interface ReplayedPoint {
  /**
   * Plays a recording whose first sample is of `startMs`, epoch ms, not before the last one's end; resolves when its windows
   * are decided. Fails as the reader of the file does: what was read until then has been heard. Fails with INFERENCE.
   */
  play(recording: OpenedRecording, startMs: number): Promise<void>;
  /** Epoch ms after the last sample that was played; NaN before the first. */
  readonly endMs: number;
  /** No recording follows: time passes until what was open is decided, as it would on a gateway that hears no more. */
  end(): Promise<void>;
  /** Lets go of what is open. */
  close(): Promise<void>;
}

/** Windows that wait for the student before more is read. */
const maxWaiting = 64;
/** As often does a gateway look whether a point fell silent. */
const tickMs = 1000;

/** Creates a point that was never heard of. */
export function createReplayedPoint(options: ReplayedPointOptions): ReplayedPoint {
  const { bundle, gateway, sink, bearing, polePairs, gearedShafts } = options;
  const timeoutMs = gateway.operation.dataTimeoutSeconds * 1000;
  const clock = createReplayClock();
  let endMs = Number.NaN;
  /** Number of the next sample, since the first of the first recording. */
  let nextSample = 0;
  let lastRateHz = Number.NaN;
  let contract: ChannelContract | undefined;
  /** At a recording's edge what is lost is no bad data: there was none. */
  let isAtEdge = true;
  const decider = openDecider(options);
  const point = createMeasuringPoint({
    id: options.point,
    config: { ...standIn, bundle: bundle.ref.name, bearing, polePairs, gearedShafts },
    bundle,
    operation: gateway.operation,
    readings: { read: () => Number.NaN },
    clock,
    sink: {
      submit: (due) => decider.submit(due),
      noteMissing: (fromMs, toMs) => decider.noteMissing(fromMs, toMs),
      onQuarantine: (quarantine, windows) => {
        if (!isAtEdge || quarantine.reason === "not-finite") sink.setAside(quarantine, windows);
      },
      onSilence: ({ isStandby }) => {
        if (isStandby === true) sink.onStandby();
      },
    },
  });
  const ingest = createIngest(() => contract, sink);
  // After a silence has been told nothing happens until data comes.
  const passTime = (toMs: number): void =>
    clock.pass(toMs, { tick: () => point.tick(), ticksUntilMs: endMs + timeoutMs + 2 * tickMs });
  /** Of those that come. */
  const renewals = [...(options.renewals ?? [])];
  const renewUntil = async (toMs: number): Promise<void> => {
    for (let due = renewals[0]; due !== undefined && due.atMs <= toMs; due = renewals[0]) {
      passTime(due.atMs);
      await decider.settle();
      if (decider.renew(due)) point.renew();
      renewals.shift();
    }
  };

  return {
    get endMs() {
      return endMs;
    },
    play: async (recording, startMs) => {
      isAtEdge = true;
      const { rateHz } = recording.sidecar;
      const gapMs = Number.isNaN(endMs) ? 0 : startMs - endMs;
      if (gapMs > seamlessMs || rateHz !== lastRateHz) point.endRecording();
      lastRateHz = rateHz;
      await renewUntil(startMs);
      passTime(startMs);
      if (gapMs > seamlessMs) nextSample += Math.max(1, Math.round((gapMs * rateHz) / 1000));
      ({ contract } = recording);
      for await (const { block, broken } of readSampleBlocks(recording, {
        startMs,
        firstSample: nextSample,
      })) {
        endMs = block.timestampMs + (block.counts.length * 1000) / rateHz;
        nextSample = block.firstSample + block.counts.length;
        await renewUntil(endMs);
        passTime(endMs);
        if (broken !== null) sink.setAside(broken, 0);
        else if (ingest.accept(block)) point.accept({ ...block, arrivedMonotonicMs: clock.monotonicMs() });
        isAtEdge = false;
        if (decider.waiting >= maxWaiting) await decider.settle();
      }
      isAtEdge = true;
      await decider.settle();
    },
    end: async () => {
      point.endRecording();
      await renewUntil(Number.POSITIVE_INFINITY);
      if (!Number.isNaN(endMs)) passTime(endMs + timeoutMs + 2 * tickMs);
      await decider.settle();
    },
    close: async () => {
      point.close();
      await decider.settle();
    },
  };
}

function createIngest(contractOf: () => ChannelContract | undefined, sink: ReplaySink): WaveformIngest {
  return createWaveformIngest({
    contractOf,
    sink: {
      // A gap is what the loss of a block looks like, which was told already, or the time between two recordings.
      quarantine: (quarantine) => {
        if (quarantine.reason !== "gap") sink.setAside(quarantine, 0);
      },
      schemaDrift: () => {},
    },
  });
}

interface ReplayClock extends Clock {
  /** Goes on to `toMs`, never back; looks around every second, until `ticksUntilMs` at most. */
  pass(toMs: number, looking: { readonly tick: () => void; readonly ticksUntilMs: number }): void;
}

/** A clock that stands until it is told how late it is; NaN before that. */
function createReplayClock(): ReplayClock {
  let nowMs = Number.NaN;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass: (toMs, { tick, ticksUntilMs }) => {
      for (; nowMs + tickMs <= toMs && nowMs + tickMs <= ticksUntilMs; tick()) nowMs += tickMs;
      nowMs = Number.isNaN(nowMs) ? toMs : Math.max(nowMs, toMs);
    },
  };
}

/** What of a gateway's configuration names things that a replay has no use for. */
const standIn = {
  component: "replay",
  device: "file",
  channel: "file",
  shaftRpm: null,
  baselineEpoch: 0,
} as const;

interface ReplayDecider
  extends Pick<ReturnType<typeof createWindowDecider>, "submit" | "noteMissing">,
    Pick<ReplayedWatch, "renew"> {
  /** Windows that were not decided yet. */
  readonly waiting: number;
  /** Resolves when there are none. @throws what kept a window from being decided. */
  settle(): Promise<void>;
}

/** As a gateway joins them: the watch that learns and decides, the alarms, and the student before both. */
function openDecider(options: ReplayedPointOptions): ReplayDecider {
  const { point, bearing, polePairs, gearedShafts, register, isLike, sink } = options;
  const failures: unknown[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (_message, fields) => failures.push(fields?.error),
  };
  let waiting = 0;
  const watch = openReplayedWatch(options);
  const decider = createWindowDecider({
    point,
    bearing,
    polePairs,
    gearedShafts,
    watch,
    register,
    isLike,
    quality: { processed: () => {}, dropped: () => {} },
    load: {
      begin: () => {
        waiting++;
      },
      end: () => {
        waiting--;
      },
    },
    logger,
    sink,
  });
  return {
    submit: (due) => decider.submit(due),
    noteMissing: (fromMs, toMs) => decider.noteMissing(fromMs, toMs),
    renew: watch.renew,
    get waiting() {
      return waiting;
    },
    settle: async () => {
      await decider.idle();
      if (failures.length > 0) throw failures[0];
    },
  };
}
