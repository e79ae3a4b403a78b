/**
 * Packets in COBS frames on a byte stream. Frames sent in one turn of the event loop leave in one write. Keeps nothing
 * for a side that does not read: what is sent while the transport has no room is lost and counted.
 */
import type { ByteTransport } from "../transports/byte-transport.ts";
import { createFrameEncoder, maxFrameBytesOnWire } from "./frame-encoder.ts";
import { createFrameParser } from "./frame-parser.ts";
import type { PacketLink, PacketLinkHandlers } from "./packet-link.ts";

/** Frames are gathered up to this size before they are written. */
const batchBytes = 4096;

/**
 * Creates a link over a transport that reconnects by itself (or that needs no reconnecting). `defer` calls back soon:
 * frames that are sent until then leave together.
 */
export function createFramedLink(
  transport: ByteTransport,
  defer: (callback: () => void) => void = setImmediate,
): PacketLink {
  const encoder = createFrameEncoder();
  let handlers: PacketLinkHandlers | undefined;
  let connected = false;
  let connections = 0;
  let unsentPackets = 0;
  let roomInTransport = true;
  let batch = Buffer.allocUnsafe(batchBytes);
  let batched = 0;
  let flushScheduled = false;
  const parser = createFrameParser((packet) => handlers?.onPacket(packet));

  function flush(): void {
    if (batched === 0) return;
    const bytes = batch.subarray(0, batched);
    // The transport owns what was written; the rest of the batch is used until a frame may no longer fit.
    batch =
      batch.length - batched < maxFrameBytesOnWire ? Buffer.allocUnsafe(batchBytes) : batch.subarray(batched);
    batched = 0;
    if (!transport.write(bytes)) roomInTransport = false;
  }

  // biome-ignore lint/complexity/useMaxParams: once a packet, and nothing may allocate there
  function send(type: number, flags: number, sequence: number, payloadBytes: number): void {
    // Every packet of this protocol that matters is repeated by whoever waits for its answer.
    if (!connected || !roomInTransport) {
      unsentPackets++;
      return;
    }
    batched = encoder.encode(type, flags, sequence, payloadBytes, batch, batched);
    if (batch.length - batched < maxFrameBytesOnWire) {
      flush();
    } else if (!flushScheduled) {
      flushScheduled = true;
      defer(() => {
        flushScheduled = false;
        flush();
      });
    }
  }

  return {
    name: transport.name,
    payload: encoder.payload,
    open: (given) => {
      handlers = given;
      return transport.open({
        onOpen: () => {
          parser.reset();
          batched = 0;
          roomInTransport = true;
          connected = true;
          connections++;
          given.onOpen();
        },
        onBytes: (chunk) => {
          parser.push(chunk);
          given.onBatchEnd();
        },
        onDrain: () => {
          roomInTransport = true;
          given.onWritable();
        },
        onClose: (reason) => {
          connected = false;
          parser.reset();
          given.onClose(reason);
        },
      });
    },
    send,
    bind: (sessionId) => {
      encoder.sessionId = sessionId;
      parser.bind(sessionId);
    },
    get isWritable() {
      return connected && roomInTransport;
    },
    pauseReading: () => transport.pauseReading(),
    resumeReading: () => transport.resumeReading(),
    drop: (reason) => transport.drop(reason),
    counters: {
      get bytes() {
        return parser.counters.bytes;
      },
      get frames() {
        return parser.counters.frames;
      },
      get discardedBytes() {
        return parser.counters.discardedBytes;
      },
      get badFrames() {
        return parser.counters.badFrames;
      },
      get reconnects() {
        return Math.max(0, connections - 1);
      },
      get unsentPackets() {
        return unsentPackets;
      },
    },
    close: async () => {
      flush();
      connected = false;
      handlers = undefined;
      await transport.close();
    },
  };
}
