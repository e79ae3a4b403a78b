/**
 * Raw samples on request: one capture at a time of each device. A device that streams raw windows is listened to; one
 * that infers itself (mode `edge`) is asked for them, anew after a gap, a few times. Every wait is bounded: for the
 * first sample, between two, in all.
 */
import type { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import type { DeviceChannel, HelloMessage } from "../../core/contract/device/device-message.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { Timers } from "../../core/platform/clock.ts";
import {
  type CaptureAttempt,
  type Captured,
  type CaptureWish,
  countSamples,
  createCaptureAttempt,
  createCaptureError,
} from "./capture-attempt.ts";

/** A way to ask a device. */
interface CaptureLink {
  askRaw(samples: number): void;
}

interface DeviceCapturesOptions {
  readonly devices: readonly { readonly id: string; readonly mode: "raw" | "edge" | "both" }[];
  /** The channel of a device that is watched, if one is. */
  watchedChannelOf(deviceId: string): string | undefined;
  readonly timers: Timers;
}

export interface DeviceCaptures {
  /** Throws USAGE for what cannot be had of this device at any time, as far as it has announced itself. */
  check(wish: CaptureWish): void;
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

/** Creates captures, none of them under way. */
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

  function find({ deviceId, seconds }: CaptureWish): Entry {
    const entry = entries.get(deviceId);
    if (entry === undefined) {
      const known = [...entries.keys()].join(", ") || "none";
      throw createCaptureError("USAGE", deviceId, {
        message: `"${deviceId}" is no device of this gateway`,
        hint: `Its devices: ${known}.`,
      });
    }
    if (seconds > 0 && seconds <= maxCaptureSeconds) return entry;
    const message = `${seconds} s cannot be captured, only up to ${maxCaptureSeconds}`;
    throw createCaptureError("USAGE", deviceId, { message });
  }

  const choose = (hello: HelloMessage, { deviceId, channel }: CaptureWish): DeviceChannel =>
    chooseChannel(hello, channel, options.watchedChannelOf(deviceId));

  return {
    check: (wish) => {
      const { contact } = find(wish);
      if (contact !== null) countSamples(wish, choose(contact.hello, wish));
    },
    capture: async (wish) => {
      const { deviceId } = wish;
      const entry = find(wish);
      const refuse = (code: "DEVICE_UNREACHABLE" | "DEVICE_BUSY", message: string): AuroraError =>
        createCaptureError(code, deviceId, { message });
      if (entry.contact === null) throw refuse("DEVICE_UNREACHABLE", `there is no contact with ${deviceId}`);
      if (entry.capture !== null)
        throw refuse("DEVICE_BUSY", `raw samples of ${deviceId} are being captured already`);
      return await begin(entry, wish, choose(entry.contact.hello, wish));
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
      const message = `contact with ${deviceId} was lost while its raw samples were captured`;
      entry.capture?.fail(createCaptureError("DEVICE_UNREACHABLE", deviceId, { message }));
    },
    close: () => {
      for (const entry of entries.values()) {
        entry.contact = null;
        entry.capture?.fail(createCaptureError("DEVICE_CAPTURE", entry.id, { message: "the gateway stops" }));
      }
    },
  };
}

/** The channel that is meant, of those that the device announced: the one that is wanted, watched, or the only one. */
function chooseChannel(
  { deviceId, channels }: HelloMessage,
  wanted: string | null,
  watched: string | undefined,
): DeviceChannel {
  const waveforms = channels.filter(({ sampleRateHz }) => sampleRateHz > 0);
  const chosen =
    waveforms.find(({ name }) => name === (wanted ?? watched)) ??
    (wanted === null && waveforms.length === 1 ? waveforms[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw createCaptureError("USAGE", deviceId, {
    message:
      wanted === null
        ? `${deviceId} has several channels`
        : `${deviceId} has no channel "${wanted}" of samples`,
    hint: `Its channels: ${waveforms.map(({ name }) => name).join(", ") || "none"}.`,
  });
}
