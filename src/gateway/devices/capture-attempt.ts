/**
 * One capture of raw samples under way: collects them, asks the device anew after a gap, and ends when there are
 * enough, when too little came for too long, or when it is called off. Finds no device and chooses no channel.
 */
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxCaptureSamples } from "../../core/contract/device/device-capture.ts";
import type { DeviceChannel } from "../../core/contract/device/device-message.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { Timers } from "../../core/platform/clock.ts";
import { createRecordingRun, type Recording, type RecordingRun } from "./recording.ts";

/** A request for raw samples of a device. */
export interface CaptureWish {
  readonly deviceId: string;
  readonly seconds: number;
  /** Null: the channel that is watched, or the only one. */
  readonly channel: string | null;
  /** Take the longest run without a gap, however short. */
  readonly partial: boolean;
  /** Take as many samples as a recording holds where the channel's rate makes more of so many seconds; left out: refuse. */
  readonly clamped?: boolean;
  /** Ends the capture early; the promise then rejects. */
  readonly signal?: AbortSignal;
}

/** What came. */
export interface Captured {
  readonly recording: Recording;
  readonly receivedSamples: number;
  readonly gaps: number;
}

interface CaptureAttemptOptions {
  readonly wish: CaptureWish;
  readonly channel: DeviceChannel;
  /** The device infers itself, and sends samples only when asked. */
  readonly isAsked: boolean;
  readonly timers: Timers;
  /** Asks such a device for so many samples from now on; 0: no more. */
  askRaw(samples: number): void;
  /** It is over; the promise is settled next. */
  onEnd(): void;
}

/** A capture under way. */
export interface CaptureAttempt {
  /** Name of the channel. */
  readonly channel: string;
  /** Asks for the first time, and waits. */
  start(): void;
  accept(block: SampleBlock): void;
  fail(failure: AuroraError): void;
  /** Rejects with DEVICE_CAPTURE, or what `fail` was given. */
  readonly ended: Promise<Captured>;
}

/** A slow line may take so much longer than the samples took to record, and so long beside. */
const slownessFactor = 5;
const slownessMs = 10_000;
/** Times that a device is asked for a run of samples, once more after a gap. */
const maxAsks = 8;

/**
 * Creates an attempt; its time runs.
 * @throws AuroraError USAGE for too many samples, DEVICE_CAPTURE when the signal was aborted before.
 */
export function createCaptureAttempt(options: CaptureAttemptOptions): CaptureAttempt {
  const { wish, channel, isAsked, timers } = options;
  const { deviceId, signal } = wish;
  const samples = countSamples(wish, channel);
  if (signal?.aborted === true) throw abandoned(deviceId);
  const run = createRecordingRun(samples);
  /** Times that the device was asked, and how many samples had come when it was last. */
  let asks = 1;
  let askedAt = 0;
  let cancelWait = (): void => {};
  let resolve: (captured: Captured) => void = () => {};
  let reject: (failure: AuroraError) => void = () => {};
  const ended = new Promise<Captured>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const cancelAll = timers.after(wish.seconds * 1000 * slownessFactor + slownessMs, finish);
  const abort = (): void => fail(abandoned(deviceId));
  signal?.addEventListener("abort", abort);

  function stop(): void {
    cancelWait();
    cancelAll();
    signal?.removeEventListener("abort", abort);
    options.onEnd();
  }

  function fail(failure: AuroraError): void {
    stop();
    reject(failure);
  }

  /** Takes what has come as all that will. */
  function finish(): void {
    stop();
    const { longest, receivedSamples, gaps } = run;
    if (longest !== null && (run.isComplete || wish.partial))
      resolve({ recording: longest, receivedSamples, gaps });
    else reject(describeShortfall(wish, run, { samples, isAsked }));
  }

  function wait(delayMs: number): void {
    cancelWait();
    cancelWait = timers.after(delayMs, finish);
  }

  return {
    channel: channel.name,
    start: () => {
      wait(linkTiming.captureFirstMs);
      if (isAsked) options.askRaw(samples);
    },
    accept: (block) => {
      const { gaps } = run;
      run.accept(block);
      // Of a stream the next samples may do; a device that was asked is asked anew from the gap on.
      if (run.gaps > gaps && isAsked && asks < maxAsks) {
        asks++;
        askedAt = run.receivedSamples - block.counts.length;
        options.askRaw(samples);
      }
      const isOver = isAsked && run.receivedSamples >= askedAt + samples;
      if (run.isComplete || isOver) finish();
      else wait(linkTiming.captureQuietMs);
    },
    fail,
    ended,
  };
}

/** Why raw samples of a device cannot be had; with the hint of its code where none is given. */
export function createCaptureError(
  code: "USAGE" | "DEVICE_BUSY" | "DEVICE_CAPTURE" | "DEVICE_UNREACHABLE",
  deviceId: string,
  { message, hint }: { readonly message: string; readonly hint?: string },
): AuroraError {
  const details = { op: "capture raw samples", subject: deviceId };
  return new AuroraError(code, message, hint === undefined ? details : { ...details, hint });
}

/** How many samples are wished for. @throws AuroraError USAGE for more than a recording holds, where the wish is not `clamped` */
export function countSamples(
  { deviceId, seconds, clamped = false }: CaptureWish,
  channel: DeviceChannel,
): number {
  const samples = Math.ceil(seconds * channel.sampleRateHz);
  if (samples <= maxCaptureSamples) return samples;
  if (clamped) return maxCaptureSamples;
  // In milliseconds: the shortest recording that can be asked for is one.
  const mostSeconds = Math.floor((1000 * maxCaptureSamples) / channel.sampleRateHz) / 1000;
  throw createCaptureError("USAGE", deviceId, {
    message: `${seconds} s of ${channel.name} are ${samples} samples; at most ${maxCaptureSamples} are kept`,
    hint: `Ask for at most ${mostSeconds} seconds.`,
  });
}

function abandoned(deviceId: string): AuroraError {
  return createCaptureError("DEVICE_CAPTURE", deviceId, {
    message: "nobody waits for the samples any more",
  });
}

function describeShortfall(
  { deviceId }: CaptureWish,
  run: RecordingRun,
  asked: { readonly samples: number; readonly isAsked: boolean },
): AuroraError {
  const { receivedSamples, gaps, longest } = run;
  if (longest === null) {
    return createCaptureError("DEVICE_CAPTURE", deviceId, {
      message: `${deviceId} sent no raw samples for ${linkTiming.captureFirstMs / 1000} s`,
      hint: asked.isAsked
        ? "Its firmware must take raw_samples of a Config (protocol 1.1)."
        : "See `aurora device list` for what the device says of itself.",
    });
  }
  const message = `${receivedSamples} samples came with ${gaps} gaps; ${longest.samples} of ${asked.samples} at a stretch`;
  return createCaptureError("DEVICE_CAPTURE", deviceId, { message });
}
