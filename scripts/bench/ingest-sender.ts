/**
 * Many gateways on one connection: envelopes that were encoded before, a few of each gateway under way, the next when the
 * collector has acknowledged that one is stored. What is not acknowledged in time is sent again, as gateways do.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createTopics } from "../../src/core/contract/topics.ts";
import type { UplinkEnvelope, UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import {
  createPacketReader,
  encodePacket,
  type MqttPacket,
} from "../../src/core/platform/mqtt/mqtt5-packets.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";

/** What all gateways have to send: for each its packets in their order. */
export interface IngestLoad {
  readonly gateways: readonly GatewayLoad[];
  readonly envelopes: number;
  /** Bytes of the envelopes. */
  readonly bytes: number;
}

interface GatewayLoad {
  readonly packets: readonly Uint8Array[];
  /** Highest sequence of each. */
  readonly lastSequences: readonly number[];
}

export interface SendingTerms {
  /** Envelopes of a gateway under way: 1 in quiet times, 4 of a backlog. */
  readonly windowEnvelopes: number;
  /** Share of the envelopes before the measurement begins. */
  readonly warmShare: number;
  /** Told when it begins. */
  readonly onWarm?: () => void;
}

/** What happened. */
export interface IngestRun {
  /** From when `warmShare` was stored to the end. */
  readonly seconds: number;
  readonly envelopes: number;
  /** Envelopes that were sent more than once. */
  readonly sentAgain: number;
}

const topics = createTopics("aurora/v1");
const resendAfterMs = 12_000;
/** Where the packet id is: after the header, the length (2 bytes here, or 3) and the topic. */
const idOffsets = new WeakMap<Uint8Array, number>();

/** Encodes what each gateway sends: the records of its envelopes, in order. */
export function encodeIngestLoad(
  gateways: number,
  envelopesOf: (gateway: number) => readonly (readonly UplinkRecord[])[],
): IngestLoad {
  let bytes = 0;
  let envelopes = 0;
  const loads = Array.from({ length: gateways }, (_, index) => {
    const gateway = `gw-${index}`;
    const topic = topics.up(gateway, "prediction");
    const lastSequences: number[] = [];
    let sequence = 0;
    const packets = envelopesOf(index).map((records) => {
      const header = { gateway, bootId: "bench", lane: "prediction", oldestSequence: 1 } as const;
      const envelope: UplinkEnvelope = { ...header, firstSequence: sequence + 1, records };
      const payload = encodeUplinkEnvelope(envelope);
      const packet = encodePacket({
        cmd: "publish",
        messageId: 1,
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        retain: false,
        dup: false,
      });
      idOffsets.set(packet, packet.length - payload.length - 3);
      bytes += payload.length;
      envelopes += 1;
      sequence += records.length;
      lastSequences.push(sequence);
      return packet;
    });
    return { packets, lastSequences };
  });
  return { gateways: loads, envelopes, bytes };
}

/** Sends all of it; resolves when all of it is acknowledged. */
export async function sendIngestLoad(port: number, load: IngestLoad, how: SendingTerms): Promise<IngestRun> {
  const { windowEnvelopes, warmShare, onWarm = () => {} } = how;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const states = load.gateways.map(() => ({ sent: 0, stored: 0, heardMs: performance.now() }));
  let nextId = 0;
  let stored = 0;
  let sentAgain = 0;
  let warmMs = 0;
  const warmAt = Math.floor(load.envelopes * warmShare);
  const writer = createGatheringWriter(socket);
  const sendMore = (index: number): void => {
    const state = states[index]!;
    const { packets } = load.gateways[index]!;
    while (state.sent < packets.length && state.sent - state.stored < windowEnvelopes) {
      const packet = packets[state.sent]!;
      nextId = (nextId % 65_535) + 1;
      const at = idOffsets.get(packet)!;
      packet[at] = nextId >> 8;
      packet[at + 1] = nextId & 0xff;
      writer(packet);
      state.sent += 1;
    }
  };
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const hear = (topic: string, payload: Uint8Array): void => {
    const index = Number(topic.slice(topic.indexOf("/gw-") + 4, -"/ack".length));
    const state = states[index];
    const ack = decodeUplinkAck(payload);
    if (state === undefined || !ack.ok) return;
    const { lastSequences } = load.gateways[index]!;
    const before = state.stored;
    while ((lastSequences[state.stored] ?? Number.POSITIVE_INFINITY) <= ack.value.sequence) state.stored += 1;
    if (state.stored === before) return;
    stored += state.stored - before;
    state.sent = Math.max(state.sent, state.stored);
    state.heardMs = performance.now();
    if (warmMs === 0 && stored >= warmAt) {
      warmMs = performance.now();
      onWarm();
    }
    sendMore(index);
    if (stored === load.envelopes) finish();
  };
  let start = (): void => {};
  const subscribed = new Promise<void>((resolve) => {
    start = resolve;
  });
  const reader = createPacketReader(1_048_576);
  socket.on("data", (chunk) => {
    for (const packet of reader.read(chunk)) {
      if (packet.cmd === "connack") socket.write(encodePacket(subscription));
      else if (packet.cmd === "publish") hear(packet.topic, packet.payload as Buffer);
      else if (packet.cmd === "suback") start();
    }
  });
  socket.write(encodePacket(session));
  await subscribed;
  for (const index of states.keys()) sendMore(index);
  const resend = setInterval(() => {
    for (const [index, state] of states.entries()) {
      if (state.sent === state.stored || performance.now() - state.heardMs < resendAfterMs) continue;
      sentAgain += state.sent - state.stored;
      state.sent = state.stored;
      state.heardMs = performance.now();
      sendMore(index);
    }
  }, 1_000);
  await finished;
  const seconds = (performance.now() - warmMs) / 1_000;
  clearInterval(resend);
  socket.destroy();
  return { seconds, envelopes: load.envelopes - warmAt, sentAgain };
}

const session: MqttPacket = {
  cmd: "connect",
  protocolVersion: 5,
  clean: false,
  clientId: "bench-gateways",
  keepalive: 60,
  properties: { receiveMaximum: 65_535 },
};

const subscription: MqttPacket = {
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic: topics.ack("+"), qos: 0 }],
};

/** Writes together what is sent in one turn. */
function createGatheringWriter(socket: Socket): (bytes: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  return (bytes) => {
    // A packet that is sent again would otherwise change its id in what waits.
    parts.push(bytes);
    if (parts.length > 1) return;
    setImmediate(() => {
      socket.write(Buffer.concat(parts));
      parts = [];
    });
  };
}
