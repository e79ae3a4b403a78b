/**
 * The bytes of a model on their way to a device: sends what is missing within a small window, goes on from what the
 * device says it has, and back once where that shows a gap. Keeps no time.
 */
import type { ModelChunkMessage } from "../../src/core/contract/device/device-message.ts";
import { modelChunkBytes, modelWindowChunks } from "../protocol.ts";

interface ModelChunksOptions {
  readonly bytes: Uint8Array;
  readonly transferId: number;
  /** Largest payload that the device takes. */
  readonly maxPayloadBytes: number;
  /** Sends one packet; false when it was not sent. */
  send(chunk: ModelChunkMessage): boolean;
}

export interface ModelChunks {
  /** Sends what the window has room for; false when the link had none. */
  fill(): boolean;
  /** The device has everything before `offset`. `gap`: it misses what was sent, once for each place; `old`: no news. */
  take(offset: number): "progress" | "gap" | "old";
  /** The device wants everything from `offset` on. */
  restart(offset: number): void;
  /** No answer came: what the device is not known to have is sent again. */
  repeat(): void;
  /** Bytes that the device has. */
  readonly confirmedBytes: number;
  readonly isComplete: boolean;
  /** Bytes that were sent, repetitions included. */
  readonly sentBytes: number;
}

/** Chunk header: transfer (5), offset (6), data's tag and length (3). */
const chunkOverheadBytes = 14;

/** Creates a transfer from the first byte on. */
export function createModelChunks(options: ModelChunksOptions): ModelChunks {
  const { bytes, transferId, maxPayloadBytes } = options;
  const room = Math.min(modelChunkBytes, maxPayloadBytes - chunkOverheadBytes);
  const chunkBytes = room - (room % 16);
  let confirmed = 0;
  let next = 0;
  /** Where the window was opened again for an answer that showed a gap: once, then the timer decides. */
  let wentBackAt = -1;
  let sentBytes = 0;

  return {
    fill: () => {
      while (next < bytes.length && next - confirmed < modelWindowChunks * chunkBytes) {
        const data = bytes.subarray(next, Math.min(next + chunkBytes, bytes.length));
        if (!options.send({ type: "model-chunk", transferId, offset: next, data })) return false;
        next += data.length;
        sentBytes += data.length;
      }
      return true;
    },
    take: (offset) => {
      if (offset > confirmed) {
        confirmed = offset;
        next = Math.max(next, offset);
        return "progress";
      }
      if (offset === wentBackAt) return "old";
      // A gap, or a device that lost what it had: once from there again.
      confirmed = offset;
      next = offset;
      wentBackAt = offset;
      return "gap";
    },
    restart: (offset) => {
      confirmed = offset;
      next = offset;
      wentBackAt = -1;
    },
    repeat: () => {
      next = confirmed;
      wentBackAt = -1;
    },
    get confirmedBytes() {
      return confirmed;
    },
    get isComplete() {
      return confirmed === bytes.length;
    },
    get sentBytes() {
      return sentBytes;
    },
  };
}
