/**
 * Packets to and from a device, whether they travel in frames on a byte stream or as MQTT messages. Another framing is
 * another link of this shape beside `framed-link.ts` (which cuts a byte stream by `frame-parser.ts` and
 * `frame-encoder.ts`), with an address of its own in `transports/device-address.ts`; who opens a link chooses it there:
 * `src/gateway/devices/device-links.ts` and, by hand, `src/cli/device/push-to-device.ts`. The device's end is `mcu/frame.c`, the
 * words for both are `PROTOCOL.md` §2.
 */
import type { PacketSink } from "./frame-parser.ts";

/** What a link tells its user. */
export interface PacketLinkHandlers {
  /** A connection is up; the session on it starts over. */
  onOpen(): void;
  /** A good packet came. */
  readonly onPacket: PacketSink;
  /** All packets of one read have been handed over: a good moment to acknowledge. */
  onBatchEnd(): void;
  /** There is room again after {@link PacketLink.isWritable} was false. */
  onWritable(): void;
  /** There is no connection: why, and what to do, as far as that is known. */
  onClose(reason: string, hint?: string): void;
}

/** Counters of a link since it was created. */
export interface LinkCounters {
  /** Bytes received, of every kind. */
  readonly bytes: number;
  /** Good frames (or MQTT messages) received. */
  readonly frames: number;
  readonly discardedBytes: number;
  readonly badFrames: number;
  /** Of these, whole ones with the flag "session" that are not bound to one. */
  readonly unboundFrames: number;
  /** Times that a lost connection came back. */
  readonly reconnects: number;
  /** Packets that were to be sent while there was no connection or no room, or that the carrier refused. */
  readonly unsentPackets: number;
}

/** Sends and receives packets; reconnects by itself. */
export interface PacketLink {
  /** Address, for messages to people. */
  readonly name: string;
  /** The payload of the next packet is written here; its length is the largest payload. */
  readonly payload: Uint8Array;
  /** Starts connecting; resolves at once, onOpen follows. */
  open(handlers: PacketLinkHandlers): Promise<void>;
  /**
   * Sends the first `payloadBytes` of {@link payload}. Packets sent without a connection, or while it is not writable, are
   * lost and counted.
   */
  send(type: number, flags: number, sequence: number, payloadBytes: number): void;
  /** Packets with the flag "session", either way, are those of this session from now on. */
  bind(sessionId: number): void;
  /** False: more should wait until onWritable. */
  readonly isWritable: boolean;
  pauseReading(): void;
  resumeReading(): void;
  /** Gives up the present connection, because the other side went silent, and connects again. */
  drop(reason: string): void;
  /** As counted so far. */
  readonly counters: LinkCounters;
  close(): Promise<void>;
}
