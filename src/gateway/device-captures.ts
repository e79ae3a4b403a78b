/**
 * Raw samples on request: one capture at a time of each device. A device that streams raw windows is listened to; one
 * that infers itself (mode `edge`) is asked for them, anew after a gap, a few times. Every wait is bounded: for the first sample, between two, in all.
 */
import { linkTiming } from "../../firmware-bridge/link-timing.ts";
import { AuroraError } from "../contract/aurora-error.ts";
import { maxCaptureSamples, maxCaptureSeconds } from "../contract/device-capture.ts";
import type { DeviceChannel, HelloMessage } from "../contract/device-message.ts";
import type { SampleBlock } from "../contract/stream.ts";
import type { Timers } from "../platform/clock.ts";
import type { Recording } from "./recording.ts";
import { createSampleRun, type SampleRun } from "./sample-run.ts";

/** What is wanted. */
export interface CaptureWish {
  readonly deviceId: string;
  readonly seconds: number;
  /** Null: the channel that is watched, or the only one. */
  readonly channel: string | null;
  /** Take the longest run without a gap, however short. */
  readonly partial: boolean;
  /** Ends the capture early; the promise then rejects. */
  readonly signal?: AbortSignal;
}

/** What came. */
export interface Captured {
  readonly recording: Recording;
  readonly receivedSamples: number;
  readonly gaps: number;
}

/** A way to ask a device. */
export interface CaptureLink {
  askRaw(samples: number): void;
}

/** What captures need. */
export interface DeviceCapturesOptions {
  readonly devices: readonly { readonly id: string; readonly mode: "raw" | "edge" | "both" }[];
  /** The channel of a device that is watched, if one is. */
  watchedChannelOf(deviceId: string): string | undefined;
  readonly timers: Timers;
}

/** Captures of all devices. */
export interface DeviceCaptures {
  /** Rejects with USAGE, DEVICE_BUSY, DEVICE_UNREACHABLE or DEVICE_CAPTURE. */
  capture(wish: CaptureWish): Promise<Captured>;
  /** Is one of this device under way? */
  isBusy(deviceId: string): boolean;
  /** A raw window came; true: a capture asked the device for it, and it is nobody else's. */
  accept(block: SampleBlock): boolean;
  /** A device took its configuration. */
  contact(hello: HelloMessage, link: CaptureLink): void;
  /** A device is out of contact, or is a new one. */
  lost(deviceId: string): void;
  close(): void;
}

interface Capture {
  readonly channel: string;
  readonly run: SampleRun;
  readonly samples: number;
  /** Times that the device was asked, and how many samples had come when it was last. */
  asks: number;
  askedAt: number;
  wait(delayMs: number): void;
  end(failure: AuroraError | null): void;
}

interface Entry {
  readonly id: string;
  readonly isAsked: boolean;
  contact: { readonly hello: HelloMessage; readonly link: CaptureLink } | null;
  capture: Capture | null;
}

/** A slow line may take so much longer than the samples took to record, and so long beside. */
const slownessFactor = 5;
const slownessMs = 10_000;
/** Times that a device is asked for a run of samples, once more after a gap. */
const maxAsks = 8;
const gone = "nobody waits for the samples any more";

/** Creates captures of nothing yet. */
export function createDeviceCaptures(options: DeviceCapturesOptions): DeviceCaptures {
  const entries = new Map<string, Entry>(
    options.devices.map(({ id, mode }) => [
      id,
      { id, isAsked: mode === "edge", contact: null, capture: null },
    ]),
  );

  function begin(
    entry: Entry,
    wish: CaptureWish,
    link: CaptureLink,
    channel: DeviceChannel,
  ): Promise<Captured> {
    const samples = Math.ceil(wish.seconds * channel.sampleRateHz);
    if (samples > maxCaptureSamples)
      throw refusal(
        "USAGE",
        entry.id,
        `${wish.seconds} s of ${channel.name} are ${samples} samples; at most ${maxCaptureSamples} are kept`,
        `Ask for at most ${Math.floor(maxCaptureSamples / channel.sampleRateHz)} seconds.`,
      );
    return new Promise((resolve, reject) => {
      const run = createSampleRun(samples);
      let cancelWait = (): void => {};
      const fail = (failure: AuroraError): void => capture.end(failure);
      const abort = (): void => fail(refusal("DEVICE_CAPTURE", entry.id, gone));
      const cancelAll = options.timers.after(wish.seconds * 1000 * slownessFactor + slownessMs, () =>
        capture.end(null),
      );
      const capture: Capture = {
        channel: channel.name,
        run,
        samples,
        asks: 1,
        askedAt: 0,
        wait: (delayMs) => {
          cancelWait();
          cancelWait = options.timers.after(delayMs, () => capture.end(null));
        },
        end: (failure) => {
          cancelWait();
          cancelAll();
          wish.signal?.removeEventListener("abort", abort);
          entry.capture = null;
          if (entry.isAsked && entry.contact !== null) entry.contact.link.askRaw(0);
          const { longest, receivedSamples, gaps } = run;
          if (failure !== null) reject(failure);
          else if (longest !== null && (run.isComplete || wish.partial))
            resolve({ recording: longest, receivedSamples, gaps });
          else reject(describeShortfall(entry, samples, run));
        },
      };
      if (wish.signal?.aborted === true) {
        cancelAll();
        reject(refusal("DEVICE_CAPTURE", entry.id, gone));
        return;
      }
      entry.capture = capture;
      capture.wait(linkTiming.captureFirstMs);
      wish.signal?.addEventListener("abort", abort);
      if (entry.isAsked) link.askRaw(samples);
    });
  }

  /** The channel that is meant, of those that the device announced. */
  function chooseChannel(entry: Entry, hello: HelloMessage, wanted: string | null): DeviceChannel {
    const waveforms = hello.channels.filter(({ sampleRateHz }) => sampleRateHz > 0);
    const name = wanted ?? options.watchedChannelOf(entry.id);
    const chosen =
      waveforms.find((channel) => channel.name === name) ??
      (wanted === null && waveforms.length === 1 ? waveforms[0] : undefined);
    if (chosen !== undefined) return chosen;
    throw refusal(
      "USAGE",
      entry.id,
      wanted === null
        ? `${entry.id} has several channels`
        : `${entry.id} has no channel "${wanted}" of samples`,
      `Its channels: ${waveforms.map((channel) => channel.name).join(", ") || "none"}.`,
    );
  }

  return {
    capture: async (wish) => {
      const { deviceId, seconds, channel } = wish;
      const entry = entries.get(deviceId);
      if (entry === undefined) {
        const known = [...entries.keys()].join(", ") || "none";
        throw refusal(
          "USAGE",
          deviceId,
          `"${deviceId}" is no device of this gateway`,
          `Its devices: ${known}.`,
        );
      }
      if (!(seconds > 0 && seconds <= maxCaptureSeconds))
        throw refusal("USAGE", deviceId, `${seconds} s cannot be captured, only up to ${maxCaptureSeconds}`);
      if (entry.contact === null)
        throw refusal("DEVICE_UNREACHABLE", deviceId, `there is no contact with ${deviceId}`);
      if (entry.capture !== null)
        throw refusal("DEVICE_BUSY", deviceId, `raw samples of ${deviceId} are being captured already`);
      const { hello, link } = entry.contact;
      return await begin(entry, wish, link, chooseChannel(entry, hello, channel));
    },
    isBusy: (deviceId) => (entries.get(deviceId)?.capture ?? null) !== null,
    accept: (block) => {
      const entry = entries.get(block.deviceId);
      const capture = entry?.capture;
      if (entry == null || capture == null || capture.channel !== block.channel) return false;
      const { run } = capture;
      const { gaps } = run;
      run.accept(block);
      // Of a stream the next samples may do; a device that was asked is asked anew from the gap on.
      if (run.gaps > gaps && entry.isAsked && capture.asks < maxAsks) {
        capture.asks++;
        capture.askedAt = run.receivedSamples - block.counts.length;
        entry.contact?.link.askRaw(capture.samples);
      }
      const isOver = entry.isAsked && run.receivedSamples >= capture.askedAt + capture.samples;
      if (run.isComplete || isOver) capture.end(null);
      else capture.wait(linkTiming.captureQuietMs);
      return entry.isAsked;
    },
    contact: (hello, link) => {
      const entry = entries.get(hello.deviceId);
      if (entry !== undefined) entry.contact = { hello, link };
    },
    lost: (deviceId) => {
      const entry = entries.get(deviceId);
      if (entry === undefined) return;
      entry.contact = null;
      const why = `contact with ${deviceId} was lost while its raw samples were captured`;
      entry.capture?.end(refusal("DEVICE_UNREACHABLE", deviceId, why));
    },
    close: () => {
      for (const entry of entries.values()) {
        entry.contact = null;
        entry.capture?.end(refusal("DEVICE_CAPTURE", entry.id, "the gateway stops"));
      }
    },
  };
}

function describeShortfall(entry: Entry, samples: number, run: SampleRun): AuroraError {
  if (run.longest === null) {
    const waited = `${entry.id} sent no raw samples for ${linkTiming.captureFirstMs / 1000} s`;
    return entry.isAsked
      ? refusal(
          "DEVICE_CAPTURE",
          entry.id,
          waited,
          "Its firmware must take raw_samples of a Config (protocol 1.1).",
        )
      : refusal(
          "DEVICE_CAPTURE",
          entry.id,
          waited,
          "See `aurora device list` for what the device says of itself.",
        );
  }
  const { receivedSamples, gaps, longest } = run;
  const came = `${receivedSamples} samples came with ${gaps} gaps; ${longest.samples} of ${samples} at a stretch`;
  return refusal("DEVICE_CAPTURE", entry.id, came);
}

function refusal(
  code: "USAGE" | "DEVICE_BUSY" | "DEVICE_CAPTURE" | "DEVICE_UNREACHABLE",
  deviceId: string,
  message: string,
  hint?: string,
): AuroraError {
  const details = { op: "capture raw samples", subject: deviceId };
  return new AuroraError(code, message, hint === undefined ? details : { ...details, hint });
}
