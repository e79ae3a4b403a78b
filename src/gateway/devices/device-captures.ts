/**
 * Raw samples on request: one capture at a time of each device. A device that streams raw windows is listened to; one
 * that infers itself (mode `edge`) is asked for them, anew after a gap, a few times. Every wait is bounded: for the first sample, between two, in all.
 */
import { maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import type { DeviceChannel, HelloMessage } from "../../core/contract/device/device-message.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { Timers } from "../../core/platform/clock.ts";
import {
  type CaptureAttempt,
  type Captured,
  type CaptureWish,
  createCaptureAttempt,
} from "./capture-attempt.ts";
import { createCaptureError } from "./capture-error.ts";

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

interface Entry {
  readonly id: string;
  readonly isAsked: boolean;
  contact: { readonly hello: HelloMessage; readonly link: CaptureLink } | null;
  capture: CaptureAttempt | null;
}

/** Creates captures of nothing yet. */
export function createDeviceCaptures(options: DeviceCapturesOptions): DeviceCaptures {
  const entries = new Map<string, Entry>(
    options.devices.map(({ id, mode }) => [
      id,
      { id, isAsked: mode === "edge", contact: null, capture: null },
    ]),
  );

  function begin(entry: Entry, wish: CaptureWish, channel: DeviceChannel): Promise<Captured> {
    const capture = createCaptureAttempt({
      wish,
      channel,
      isAsked: entry.isAsked,
      timers: options.timers,
      askRaw: (samples) => entry.contact?.link.askRaw(samples),
      onEnd: () => {
        entry.capture = null;
        if (entry.isAsked) entry.contact?.link.askRaw(0);
      },
    });
    entry.capture = capture;
    capture.start();
    return capture.ended;
  }

  /** The channel that is meant, of those that the device announced. */
  function chooseChannel(entry: Entry, hello: HelloMessage, wanted: string | null): DeviceChannel {
    const waveforms = hello.channels.filter(({ sampleRateHz }) => sampleRateHz > 0);
    const name = wanted ?? options.watchedChannelOf(entry.id);
    const chosen =
      waveforms.find((channel) => channel.name === name) ??
      (wanted === null && waveforms.length === 1 ? waveforms[0] : undefined);
    if (chosen !== undefined) return chosen;
    throw createCaptureError(
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
        throw createCaptureError(
          "USAGE",
          deviceId,
          `"${deviceId}" is no device of this gateway`,
          `Its devices: ${known}.`,
        );
      }
      if (!(seconds > 0 && seconds <= maxCaptureSeconds))
        throw createCaptureError(
          "USAGE",
          deviceId,
          `${seconds} s cannot be captured, only up to ${maxCaptureSeconds}`,
        );
      if (entry.contact === null)
        throw createCaptureError("DEVICE_UNREACHABLE", deviceId, `there is no contact with ${deviceId}`);
      if (entry.capture !== null)
        throw createCaptureError(
          "DEVICE_BUSY",
          deviceId,
          `raw samples of ${deviceId} are being captured already`,
        );
      return await begin(entry, wish, chooseChannel(entry, entry.contact.hello, channel));
    },
    isBusy: (deviceId) => (entries.get(deviceId)?.capture ?? null) !== null,
    accept: (block) => {
      const entry = entries.get(block.deviceId);
      const capture = entry?.capture;
      if (entry == null || capture == null || capture.channel !== block.channel) return false;
      capture.accept(block);
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
      entry.capture?.fail(createCaptureError("DEVICE_UNREACHABLE", deviceId, why));
    },
    close: () => {
      for (const entry of entries.values()) {
        entry.contact = null;
        entry.capture?.fail(createCaptureError("DEVICE_CAPTURE", entry.id, "the gateway stops"));
      }
    },
  };
}
