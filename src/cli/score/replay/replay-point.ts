/**
 * One measuring point that is told its past: the data contract, then what a gateway's point is made of (windows, decider,
 * watch, alarms), with a clock that goes with the recordings. Adds nothing to what a gateway would decide, and takes
 * nothing away: blocks of all recordings go one way, and between two of them time passes as it did. What is known of
 * a recording and not of a stream is said, too: that it is whole.
 */
import type { AlertEvent } from "../../../core/contract/alert.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import type { Decision } from "../../../core/contract/prediction.ts";
import type { PointId, Quarantine } from "../../../core/contract/stream.ts";
import type { AlarmRegister } from "../../../core/decision/alarms/alarm-register.ts";
import { createPointWatch, type PointWatch } from "../../../core/decision/point-watch.ts";
import type { BaselineEvent, BaselineStatus } from "../../../core/decision/reference/baseline-status.ts";
import type { WatchedWindow } from "../../../core/decision/reference/own-reference.ts";
import { createWaveformIngest, type WaveformIngest } from "../../../core/ingest/waveform-ingest.ts";
import { hourMs } from "../../../core/maths/durations.ts";
import type { Clock } from "../../../core/platform/clock.ts";
import { type Logger, silentLogger } from "../../../core/platform/logger.ts";
import type { LoadedBundle, ScoredWindow } from "../../../core/serving/loaded-bundle.ts";
import { createMeasuringPoint } from "../../../core/serving/measuring-point.ts";
import { selectWatchParts } from "../../../core/serving/select-watch-parts.ts";
import type { HeardMachine } from "../../../core/serving/spec-cutter.ts";
import { createWindowDecider, type WindowDeciderOptions } from "../../../core/serving/window-decider.ts";
import type { OpenedRecording } from "../recordings/open-recording.ts";
import { readSampleBlocks } from "../recordings/sample-blocks.ts";
import type { HeardLevel } from "./deaf-spans.ts";
import { seamlessMs } from "./heard-recordings.ts";
import type { ReplayedGateway } from "./replayed-gateway.ts";

/** Who hears of what is decided, in the order of time. */
export interface ReplaySink {
  /** `scored` is null when the point had no data. */
  onDecision(decision: Decision, scored: ScoredWindow | null): void;
  onAlerts(events: readonly AlertEvent[]): void;
  /** Of the point's own reference, after the window that ended at `atMs`. */
  onBaseline(atMs: number, status: BaselineStatus, event: BaselineEvent | null): void;
  /** Of a window, held against the point's own reference; `foreignModes` as its decider heard them. */
  onLevel(window: HeardLevel & Pick<Decision, "modes"> & Pick<WatchedWindow, "foreignModes">): void;
  /** Of the alarms that stand after the window that begins at `fromMs`. */
  onHeld(fromMs: number, held: PointWatch["held"]): void;
  /** `windows` is 1 when a window was lost, 0 when samples were. */
  setAside(quarantine: Quarantine, windows: 0 | 1): void;
}

export interface ReplayedPointOptions extends HeardMachine {
  readonly point: PointId;
  readonly bundle: LoadedBundle;
  readonly gateway: ReplayedGateway;
  /** False alarms a year that this point may raise, > 0: its share of its turbine's. */
  readonly falsePerYear: number;
  readonly register: AlarmRegister;
  readonly sink: ReplaySink;
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
  const { bundle, gateway, sink, bearing, polePairs } = options;
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
    config: { ...standIn, bundle: bundle.ref.name, bearing, polePairs },
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
    },
  });
  const ingest = createIngest(() => contract, sink);
  // After a silence has been told nothing happens until data comes.
  const passTime = (toMs: number): void =>
    clock.pass(toMs, { tick: () => point.tick(), ticksUntilMs: endMs + timeoutMs + 2 * tickMs });

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
      passTime(startMs);
      if (gapMs > seamlessMs) nextSample += Math.max(1, Math.round((gapMs * rateHz) / 1000));
      ({ contract } = recording);
      for await (const { block, broken } of readSampleBlocks(recording, {
        startMs,
        firstSample: nextSample,
      })) {
        endMs = block.timestampMs + (block.counts.length * 1000) / rateHz;
        nextSample = block.firstSample + block.counts.length;
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

interface ReplayDecider extends Pick<ReturnType<typeof createWindowDecider>, "submit" | "noteMissing"> {
  /** Windows that were not decided yet. */
  readonly waiting: number;
  /** Resolves when there are none. @throws what kept a window from being decided. */
  settle(): Promise<void>;
}

/** As a gateway joins them: the watch that learns and decides, the alarms, and the student before both. */
function openDecider(options: ReplayedPointOptions): ReplayDecider {
  const { point, bearing, polePairs, register, sink } = options;
  const failures: unknown[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (_message, fields) => failures.push(fields?.error),
  };
  let waiting = 0;
  const decider = createWindowDecider({
    point,
    bearing,
    polePairs,
    watch: openWatch(options),
    register,
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
    get waiting() {
      return waiting;
    },
    settle: async () => {
      await decider.idle();
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** The watch of a point that was never heard of. */
function openWatch(options: ReplayedPointOptions): WindowDeciderOptions["watch"] {
  const { bundle, gateway, sink } = options;
  const { minWindows, minHours } = gateway.commissioning;
  const watch = createPointWatch({
    point: options.point,
    parts: selectWatchParts(bundle.manifest, bundle.ref, options.bearing),
    options: {
      epoch: 0,
      minWindows,
      minDurationMs: minHours * hourMs,
      falsePerYear: options.falsePerYear,
      faultPrior: gateway.alarms.faultPrior,
      stopDb: gateway.alarms.stopDb,
    },
  });
  return {
    get model() {
      return watch.model;
    },
    get healthyRows() {
      return watch.healthyRows;
    },
    get outlook() {
      return watch.outlook;
    },
    update: (window) => {
      const { decision, event } = watch.update(window);
      const { fromMs, toMs, severityDb = null, modes } = decision;
      const { isDeaf, quietWindows } = watch.deafness;
      const { foreignModes } = window;
      sink.onLevel({ fromMs, toMs, severityDb, isDeaf, quietWindows, modes, foreignModes });
      if (watch.active.length > 0) sink.onHeld(fromMs, watch.held);
      if (watch.status !== null) sink.onBaseline(decision.toMs, watch.status, event);
      return decision;
    },
    noteMissing: (fromMs, toMs) => watch.noteMissing(fromMs, toMs),
    adopt: ({ ref }) => {
      throw new Error(`a replay has one bundle, and now ${ref.name}@${ref.version}`);
    },
  };
}
