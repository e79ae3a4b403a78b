/**
 * The rolling buffer of raw samples: a ring for each watched channel, in memory alone, all of them within so many bytes. A
 * channel for which there is no room is not buffered, and that is told.
 */
import type { RecordedBlock } from "../../core/contract/stream.ts";
import { createSampleRing, type SampleRing } from "./sample-ring.ts";

export interface EvidenceBuffer {
  /** `block.counts` are valid only during the call. */
  accept(block: RecordedBlock): void;
  /** What is held of a channel, oldest first. */
  replay(deviceId: string, channel: string, accept: (block: RecordedBlock) => void): void;
  /** Bytes of all rings. */
  readonly bytes: number;
}

interface EvidenceBufferOptions {
  /** Of devices, as {@link channelKey} names them. */
  readonly channels: ReadonlySet<string>;
  readonly seconds: number;
  readonly maxBytes: number;
  /** A channel is buffered, at this rate: its first, or another one. */
  onOpened(deviceId: string, channel: string, sampleRateHz: number): void;
  /** A channel has no room. */
  onFull(deviceId: string, channel: string): void;
}

interface Ring {
  readonly sampleRateHz: number;
  readonly bytes: number;
  /** Null: no room. */
  readonly ring: SampleRing | null;
}

export function channelKey(deviceId: string, channel: string): string {
  return `${deviceId}/${channel}`;
}

export function createEvidenceBuffer(options: EvidenceBufferOptions): EvidenceBuffer {
  const { channels, seconds, maxBytes } = options;
  const rings = new Map<string, Ring>();
  let bytes = 0;

  const openRing = (key: string, block: RecordedBlock): Ring => {
    bytes -= rings.get(key)?.bytes ?? 0;
    const samples = Math.max(1, Math.ceil(seconds * block.sampleRateHz));
    const fits = bytes + 2 * samples <= maxBytes;
    const opened: Ring = {
      sampleRateHz: block.sampleRateHz,
      bytes: fits ? 2 * samples : 0,
      ring: fits ? createSampleRing(samples) : null,
    };
    bytes += opened.bytes;
    rings.set(key, opened);
    if (fits) options.onOpened(block.deviceId, block.channel, block.sampleRateHz);
    else options.onFull(block.deviceId, block.channel);
    return opened;
  };

  return {
    accept: (block) => {
      const key = channelKey(block.deviceId, block.channel);
      if (!channels.has(key) || block.counts.length === 0) return;
      const known = rings.get(key);
      // Another rate is another device in its place: what was before says nothing of it.
      const ring = known?.sampleRateHz === block.sampleRateHz ? known : openRing(key, block);
      ring.ring?.push(block);
    },
    replay: (deviceId, channel, accept) => rings.get(channelKey(deviceId, channel))?.ring?.replay(accept),
    get bytes() {
      return bytes;
    },
  };
}
