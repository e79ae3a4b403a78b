/**
 * Packets in COBS frames on a byte stream. Frames sent in one turn of the event loop leave in one write. Keeps nothing
 * for a side that does not read: what is sent while the transport has no room is lost and counted.
 */
import type { ByteTransport } from "../transports/byte-transport.ts";
import { createFrameEncoder, maxFrameBytesOnWire } from "./frame-encoder.ts";
import { createFrameParser } from "./frame-parser.ts";
import type { LinkCounters, PacketLink, PacketLinkHandlers } from "./packet-link.ts";

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
  return new FramedLink(transport, defer);
}

/** Rooms for frames that no link gathers any in now; each has room for one at least. Links that all speak at once make more. */
const spareRooms: Buffer[] = [];
const maxSpareRooms = 16;

class FramedLink implements PacketLink {
  readonly name: string;
  readonly #transport: ByteTransport;
  readonly #defer: (callback: () => void) => void;
  readonly #encoder = createFrameEncoder();
  readonly #parser = createFrameParser((packet) => this.#handlers?.onPacket(packet));
  #handlers: PacketLinkHandlers | undefined;
  #connected = false;
  #connections = 0;
  #unsentPackets = 0;
  #roomInTransport = true;
  /** Where frames are gathered, while there are any. */
  #batch: Buffer | undefined;
  #batched = 0;
  #flushScheduled = false;

  constructor(transport: ByteTransport, defer: (callback: () => void) => void) {
    this.name = transport.name;
    this.#transport = transport;
    this.#defer = defer;
  }

  get payload(): Uint8Array {
    return this.#encoder.payload;
  }

  get isWritable(): boolean {
    return this.#connected && this.#roomInTransport;
  }

  get counters(): LinkCounters {
    const { bytes, frames, discardedBytes, badFrames, unboundFrames } = this.#parser.counters;
    const reconnects = Math.max(0, this.#connections - 1);
    const unsentPackets = this.#unsentPackets;
    return { bytes, frames, discardedBytes, badFrames, unboundFrames, reconnects, unsentPackets };
  }

  open(given: PacketLinkHandlers): Promise<void> {
    this.#handlers = given;
    return this.#transport.open({
      onOpen: () => {
        this.#parser.reset();
        this.#batched = 0;
        this.#roomInTransport = true;
        this.#connected = true;
        this.#connections++;
        given.onOpen();
      },
      onBytes: (chunk) => {
        this.#parser.push(chunk);
        given.onBatchEnd();
      },
      onDrain: () => {
        this.#roomInTransport = true;
        given.onWritable();
      },
      onClose: (reason, hint) => {
        this.#connected = false;
        this.#parser.reset();
        given.onClose(reason, hint);
      },
    });
  }

  // biome-ignore lint/complexity/useMaxParams: once a packet, and nothing may allocate there
  send(type: number, flags: number, sequence: number, payloadBytes: number): void {
    // Every packet of this protocol that matters is repeated by whoever waits for its answer.
    if (!this.#connected || !this.#roomInTransport) {
      this.#unsentPackets++;
      return;
    }
    this.#batch ??= spareRooms.pop() ?? Buffer.allocUnsafe(batchBytes);
    const batch = this.#batch;
    this.#batched = this.#encoder.encode(type, flags, sequence, payloadBytes, batch, this.#batched);
    if (batch.length - this.#batched < maxFrameBytesOnWire) {
      this.#flush();
    } else if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      this.#defer(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
  }

  bind(sessionId: number): void {
    this.#encoder.sessionId = sessionId;
    this.#parser.bind(sessionId);
  }

  pauseReading(): void {
    this.#transport.pauseReading();
  }

  resumeReading(): void {
    this.#transport.resumeReading();
  }

  drop(reason: string): void {
    this.#transport.drop(reason);
  }

  async close(): Promise<void> {
    this.#flush();
    this.#connected = false;
    this.#handlers = undefined;
    await this.#transport.close();
  }

  #flush(): void {
    const batch = this.#batch;
    const batched = this.#batched;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#batched = 0;
    // The transport owns what was written; the rest is for whoever gathers frames next.
    const isRoom = batch.length - batched >= maxFrameBytesOnWire;
    if (isRoom && spareRooms.length < maxSpareRooms) spareRooms.push(batch.subarray(batched));
    if (batched > 0 && !this.#transport.write(batch.subarray(0, batched))) this.#roomInTransport = false;
  }
}
