/** A packet link that a test holds by hand: it sees every packet that is sent and plays the other side. */

import type { PacketLink, PacketLinkHandlers } from "../../firmware-bridge/framing/packet-link.ts";
import { decodeMessage, encodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { maxFramePayloadBytes, packetTypes } from "../../firmware-bridge/protocol.ts";
import type { DeviceMessage } from "../../src/core/contract/device/device-message.ts";

/** A packet that was sent. */
export interface SentPacket {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Decoded, but for raw windows. */
  readonly message: DeviceMessage | undefined;
}

/** The test's end of the link. */
export interface ScriptedLink {
  readonly link: PacketLink;
  /** Packets sent since the last call. */
  takeSent(): SentPacket[];
  /** Plays a packet of the other side. */
  play(message: DeviceMessage, sequence: number, flags?: number, version?: number): void;
  /** Plays any payload. */
  playBytes(type: number, payload: Uint8Array, sequence: number, flags?: number, version?: number): void;
  connect(): void;
  disconnect(reason: string): void;
  setWritable(writable: boolean): void;
  /** Reasons for which the link was dropped. */
  readonly drops: string[];
  /** Sessions that the link was bound to. */
  readonly bound: number[];
}

/** Creates a link that is not connected. */
export function createScriptedLink(): ScriptedLink {
  const payload = new Uint8Array(maxFramePayloadBytes);
  const drops: string[] = [];
  const bound: number[] = [];
  const counters = {
    bytes: 0,
    frames: 0,
    discardedBytes: 0,
    badFrames: 0,
    unboundFrames: 0,
    reconnects: 0,
    unsentPackets: 0,
  };
  let sent: SentPacket[] = [];
  let handlers: PacketLinkHandlers | undefined;
  let writable = true;

  const scripted: ScriptedLink = {
    takeSent: () => sent.splice(0),
    playBytes: (type, bytes, sequence, flags = 0, version = 1) => {
      counters.frames++;
      handlers!.onPacket({ version, type, flags, sequence, bytes, start: 0, end: bytes.length });
      handlers!.onBatchEnd();
    },
    play: (message, sequence, flags, version) => {
      const out = new Uint8Array(maxFramePayloadBytes);
      const length = encodeMessage(message, out);
      scripted.playBytes(packetTypeOf(message.type), out.subarray(0, length), sequence, flags, version);
    },
    connect: () => handlers!.onOpen(),
    disconnect: (reason) => handlers!.onClose(reason),
    setWritable: (next) => {
      writable = next;
      if (next) handlers!.onWritable();
    },
    drops,
    bound,
    link: {
      name: "scripted",
      payload,
      open: async (given) => {
        handlers = given;
      },
      send: (type, flags, sequence, payloadBytes) => {
        const decoded =
          type === packetTypes.rawWindow ? undefined : decodeMessage(type, payload.subarray(0, payloadBytes));
        sent = [...sent, { type, flags, sequence, message: decoded?.ok ? decoded.value : undefined }];
      },
      bind: (sessionId) => {
        bound.push(sessionId);
      },
      get isWritable() {
        return writable;
      },
      pauseReading: () => {},
      resumeReading: () => {},
      drop: (reason) => {
        drops.push(reason);
      },
      counters,
      close: async () => {},
    },
  };
  return scripted;
}
