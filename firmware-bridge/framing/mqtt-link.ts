/** Packets as MQTT messages: header and protobuf payload; without COBS and CRC, because the broker's TCP frames and checks. */

import { headerBytes, maxMqttBytes, packetFlags, sessionTrailerBytes } from "../protocol.ts";
import { writeHeader } from "./frame-encoder.ts";
import type { PacketLink, PacketLinkHandlers } from "./packet-link.ts";

/** The part of an MQTT client that a link needs. */
export interface MqttPort {
  /** Rejects when not connected. */
  publish(topic: string, payload: Uint8Array, options: { qos: 0 | 1; retain: boolean }): Promise<void>;
  subscribe(
    filter: string,
    qos: 0 | 1,
    handler: (topic: string, payload: Uint8Array, retain: boolean) => void,
  ): Promise<void>;
  readonly connected: boolean;
  /** Calls back at every connection, the first included; the result ends that. */
  onConnect(callback: () => void): () => void;
  /** Calls back at every loss of a connection; the result ends that. */
  onDisconnect(callback: (loss: { readonly detail: string }) => void): () => void;
}

interface MqttLinkOptions {
  readonly mqtt: MqttPort;
  /** Topic that the other side publishes on; gateway: `…/tx`, device: `…/rx`. */
  readonly listenTopic: string;
  /** Topic that this side publishes on. */
  readonly sendTopic: string;
}

/** Publications on their way at which the link is no longer writable. */
const maxInFlight = 64;
/** At least once: a duplicate is recognised by its sequence number, a loss would not be made good. */
const qos = 1;

/** Bytes behind a packet with these flags. */
function trailerBytes(flags: number): number {
  return (flags & packetFlags.session) === 0 ? 0 : sessionTrailerBytes;
}

/** Creates a link on two topics. The client reconnects by itself and is not closed with the link. */
export function createMqttLink(options: MqttLinkOptions): PacketLink {
  const { mqtt, listenTopic, sendTopic } = options;
  const packet = Buffer.alloc(maxMqttBytes);
  const counters = {
    bytes: 0,
    frames: 0,
    discardedBytes: 0,
    badFrames: 0,
    unboundFrames: 0,
    reconnects: 0,
    unsentPackets: 0,
  };
  let handlers: PacketLinkHandlers | undefined;
  let endCallbacks: (() => void)[] = [];
  let isUp = false;
  let connections = 0;
  let inFlight = 0;
  let full = false;
  let sessionId = 0;

  /** What comes before the link is up begins nothing: whoever sent it says hello again, and is answered then. */
  function receive(payload: Uint8Array, retained: boolean): void {
    if (handlers === undefined || !isUp) return;
    counters.bytes += payload.length;
    const end = payload.length - trailerBytes(payload[1] ?? 0);
    // A retained message is an old one, and not allowed on these topics.
    const isPacket = !retained && end >= headerBytes && payload.length <= maxMqttBytes;
    if (!isPacket || !isOfSession(payload, end)) {
      counters.badFrames++;
      if (isPacket) counters.unboundFrames++;
      counters.discardedBytes += payload.length;
      return;
    }
    counters.frames++;
    const first = payload[0]!;
    handlers.onPacket({
      version: first >>> 5,
      type: first & 31,
      flags: payload[1]!,
      sequence: payload[2]! | (payload[3]! << 8),
      bytes: payload,
      start: headerBytes,
      end,
    });
    handlers.onBatchEnd();
  }

  /** Without the flag "session" nothing follows the packet. */
  function isOfSession(payload: Uint8Array, end: number): boolean {
    if (end === payload.length) return true;
    return (
      sessionId !== 0 && Buffer.from(payload.buffer, payload.byteOffset + end, 4).readUInt32LE() === sessionId
    );
  }

  function settle(): void {
    inFlight--;
    if (!full || inFlight >= maxInFlight / 2) return;
    full = false;
    handlers?.onWritable();
  }

  function connected(): void {
    if (isUp) return;
    isUp = true;
    if (connections++ > 0) counters.reconnects++;
    handlers?.onOpen();
  }

  function lost(reason: string): void {
    if (!isUp) return;
    isUp = false;
    handlers?.onClose(reason);
  }

  return {
    name: `mqtt:${listenTopic}`,
    payload: packet.subarray(headerBytes, maxMqttBytes - sessionTrailerBytes),
    bind: (id) => {
      sessionId = id;
    },
    open: async (given) => {
      handlers = given;
      // An unreachable broker does not hold anybody up: the client subscribes once it is connected.
      await mqtt.subscribe(listenTopic, qos, (_topic, payload, retain) => receive(payload, retain));
      endCallbacks = [mqtt.onConnect(connected), mqtt.onDisconnect((loss) => lost(loss.detail))];
      if (mqtt.connected) connected();
    },
    // biome-ignore lint/complexity/useMaxParams: once a packet, and nothing may allocate there
    send: (type, flags, sequence, payloadBytes) => {
      // The connection is shared with everything else that the gateway says.
      if (handlers === undefined || !mqtt.connected || full) {
        counters.unsentPackets++;
        return;
      }
      writeHeader(packet, type, flags, sequence);
      inFlight++;
      if (inFlight >= maxInFlight) full = true;
      const end = headerBytes + payloadBytes;
      packet.writeUInt32LE(sessionId, end);
      mqtt
        .publish(sendTopic, Uint8Array.prototype.slice.call(packet, 0, end + trailerBytes(flags)), {
          qos,
          retain: false,
        })
        .catch(() => {
          counters.unsentPackets++;
        })
        .finally(settle);
    },
    get isWritable() {
      return handlers !== undefined && mqtt.connected && !full;
    },
    // The broker paces the device: a publication is acknowledged only when it was taken in.
    pauseReading: () => {},
    resumeReading: () => {},
    // The connection is the broker's and not the device's: dropping it would not bring the device back.
    drop: (reason) => {
      if (!isUp) return;
      lost(reason);
      isUp = true;
      handlers?.onOpen();
    },
    counters,
    close: async () => {
      handlers = undefined;
      for (const end of endCallbacks) end();
    },
  };
}
