/**
 * An MQTT 5 client for whoever stores what it is sent: the session outlives the connection, and a message is acknowledged
 * when its receiver says that it is settled, in whatever order. The broker sends no more than `receiveMaximum` before. What
 * was not acknowledged comes again after a loss. (The `mqtt` package hands over the next message only when the one before
 * is acknowledged.)
 */
import type { Socket } from "node:net";
import { systemTimers } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { BrokerConnection, BrokerConnectionEvents, ConnectionLoss } from "./broker-connection.ts";
import { createLoginKeeper } from "./broker-login.ts";
import { openBrokerSocket, parseBrokerUrl } from "./broker-socket.ts";
import {
  describeConnectFailure,
  describeConnectRefusal,
  describePeer,
  toLossWords,
} from "./connect-failures.ts";
import type { MqttClientOptions } from "./mqtt-client.ts";
import { createReconnectingClient, type MqttClient } from "./mqtt-reconnect.ts";
import { createPacketReader, encodePacket, type MqttPacket, PacketError } from "./mqtt5-packets.ts";
import { adviseOfHangUp, type OwnCertificate } from "./own-certificate.ts";

interface IntakeClientOptions
  extends Pick<
    MqttClientOptions,
    "url" | "clientId" | "username" | "password" | "tls" | "renewLogin" | "backoff" | "takenOverHint"
  > {
  readonly maxPacketBytes: number;
  /** The broker keeps the session this long after a loss. */
  readonly sessionExpirySeconds: number;
  /** Messages that may be under way unacknowledged, at most 65,535. */
  readonly receiveMaximum: number;
  /** Whatever the filter: there is one receiver. */
  readonly onMessage: (message: IntakeMessage) => void;
  /** A connection is gone: what was not settled of it comes again. */
  readonly onLoss: () => void;
  readonly logger: Logger;
}

/** A message, which stays valid. */
interface IntakeMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  /** Acknowledges it to the broker. */
  settle(): void;
}

/** What a connection is opened with. */
interface IntakeSession extends Pick<IntakeClientOptions, "maxPacketBytes" | "onMessage" | "onLoss"> {
  readonly connect: Uint8Array;
  /** That of this client. */
  readonly own: OwnCertificate;
}

const keepaliveSeconds = 20;
/** Two of a keep-alive time. Silence for so many is a loss. */
const mostSilentPings = 4;

/** Starts to connect, and returns at once. Throws `CONFIG_INVALID` if the URL is invalid. */
export function createIntakeClient(options: IntakeClientOptions): MqttClient {
  const address = parseBrokerUrl(options.url);
  const { maxPacketBytes, sessionExpirySeconds, receiveMaximum, clientId, onMessage, onLoss } = options;
  const keeper = createLoginKeeper(options);
  return createReconnectingClient({
    openConnection: (_version, events) => {
      const { username = address.username, password = address.password, tls } = keeper.login();
      // Without Clean Start: what was kept of the session comes again.
      const connect = encodePacket({
        cmd: "connect",
        protocolVersion: 5,
        clean: false,
        clientId,
        keepalive: keepaliveSeconds,
        // The codec writes no password without a user name.
        ...(password === undefined ? {} : { username: "", password: Buffer.from(password) }),
        ...(username === undefined ? {} : { username }),
        properties: {
          sessionExpiryInterval: sessionExpirySeconds,
          receiveMaximum,
          maximumPacketSize: maxPacketBytes,
        },
      });
      const session = { connect, maxPacketBytes, onMessage, onLoss, own: tls?.cert };
      return openConnection(openBrokerSocket(address, tls), session, keeper.watch(events));
    },
    subject: `${address.secure ? "mqtts" : "mqtt"}://${address.host}:${address.port}`,
    version: 5,
    backoff: { firstMs: 500, maxMs: 30_000, ...options.backoff, random: Math.random },
    answerTimeoutMs: 10_000,
    maxInFlight: 1_000,
    takenOverHint: options.takenOverHint,
    logger: options.logger,
    timers: systemTimers,
  });
}

/** Bytes that are sent together, once the present work is done. */
function createWriter(socket: Socket): (bytes: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  return (bytes) => {
    parts.push(bytes);
    if (parts.length > 1) return;
    setImmediate(() => {
      const all = Buffer.concat(parts);
      parts = [];
      if (!socket.destroyed) socket.write(all);
    });
  };
}

function openConnection(
  socket: Socket,
  { connect, maxPacketBytes, onMessage, onLoss, own }: IntakeSession,
  events: BrokerConnectionEvents,
): BrokerConnection {
  const reader = createPacketReader(maxPacketBytes);
  const write = createWriter(socket);
  const answers = new Map<number, (error: Error | null) => void>();
  let loss: ConnectionLoss | null = null;
  let answered = false;
  let nextId = 1;
  /** The broker's Receive Maximum, and what waits for it. */
  let room = 65_535;
  const queue: (() => void)[] = [];

  const cut = (why: ConnectionLoss): void => {
    loss ??= why;
    socket.destroy();
  };
  const ask = (packet: MqttPacket, done: (error: Error | null) => void): void => {
    while (answers.has(nextId)) nextId = (nextId % 65_535) + 1;
    answers.set(nextId, done);
    write(encodePacket({ ...packet, messageId: nextId }));
  };
  const hearAnswer = (id: number | undefined, reason: number): void => {
    const done = answers.get(id ?? 0);
    answers.delete(id ?? 0);
    done?.(reason < 0x80 ? null : new Error(`the broker refused it (reason ${reason})`));
  };
  const take = (packet: MqttPacket): void => {
    switch (packet.cmd) {
      case "connack": {
        const reason = packet.reasonCode ?? 0x80;
        answered = true;
        if (reason === 0) {
          room = packet.properties?.receiveMaximum ?? room;
          events.onConnect();
        } else cut({ reason: "refused", ...toLossWords(describeConnectRefusal(reason)) });
        break;
      }
      case "publish": {
        const payload = packet.payload as Buffer;
        const messageId = packet.messageId ?? 0;
        onMessage({
          topic: packet.topic,
          // Of a Buffer, slices would be views.
          payload: new Uint8Array(payload.buffer, payload.byteOffset, payload.length),
          retain: packet.retain,
          settle: () => {
            // Of a connection that is gone nothing can be acknowledged: the message comes again.
            if (messageId > 0 && loss === null)
              write(encodePacket({ cmd: "puback", messageId, reasonCode: 0 }));
          },
        });
        break;
      }
      case "puback":
        hearAnswer(packet.messageId, packet.reasonCode ?? 0);
        break;
      // Of the one filter that was asked for.
      case "suback":
      case "unsuback":
        hearAnswer(packet.messageId, Number(packet.granted[0] ?? 0x80));
        break;
      case "disconnect":
        cut(ending(packet.reasonCode ?? 0));
        break;
      default:
    }
  };
  // The broker answers each ping. (A time limit of the socket's own would begin anew with each that is written.)
  let bytesAtPing = 0;
  let silentPings = 0;
  const ping = setInterval(
    () => {
      silentPings = socket.bytesRead > bytesAtPing ? 0 : silentPings + 1;
      bytesAtPing = socket.bytesRead;
      if (silentPings === mostSilentPings) cut({ reason: "silent", detail: "nothing was heard in time" });
      else write(encodePacket({ cmd: "pingreq" }));
    },
    (keepaliveSeconds * 1_000) / 2,
  );
  write(connect);
  let heard = false;
  socket.on("data", (chunk) => {
    const other = heard ? undefined : describePeer(chunk);
    heard = true;
    if (other !== undefined) return cut({ reason: "closed", ...toLossWords(other) });
    try {
      for (const packet of reader.read(chunk)) take(packet);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      cut({ reason: error.isTooLarge ? "packet-too-large" : "closed", detail: error.message });
    }
  });
  socket.on("error", (error) => {
    const known = describeConnectFailure(error, own);
    cut({ reason: "closed", ...(known === undefined ? { detail: error.message } : toLossWords(known)) });
  });
  socket.once("close", () => {
    clearInterval(ping);
    const hint = answered ? undefined : adviseOfHangUp(own);
    loss ??= {
      reason: "closed",
      detail: "the connection was closed",
      ...(hint === undefined ? {} : { hint }),
    };
    onLoss();
    events.onLoss(loss);
  });
  return {
    get bytesHeard() {
      return socket.bytesRead;
    },
    publish({ topic, payload, qos, retain }, done) {
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
      const packet = { cmd: "publish", topic, payload: bytes, qos, retain, dup: false } as const;
      if (qos === 0) {
        write(encodePacket(packet));
        done(null);
        return;
      }
      const send = (): void => {
        room--;
        ask(packet, (error) => {
          room++;
          done(error);
          if (room > 0) queue.shift()?.();
        });
      };
      if (room > 0) send();
      else queue.push(send);
    },
    subscribe: (filter, qos, done) =>
      ask({ cmd: "subscribe", subscriptions: [{ topic: filter, qos }] }, done),
    unsubscribe: (filter, done) => ask({ cmd: "unsubscribe", unsubscriptions: [filter] }, done),
    end: () => {
      loss ??= { reason: "closed", detail: "closed" };
      // Keeps the session at the broker.
      socket.end(encodePacket({ cmd: "disconnect", reasonCode: 0 }));
    },
    cut,
  };
}

/** What a DISCONNECT's reason means (MQTT 5, 3.14.2.1). */
function ending(reason: number): ConnectionLoss {
  return reason === 0x8e
    ? { reason: "taken-over", detail: "another client with this id connected" }
    : { reason: "closed", detail: `the broker ended the session (reason 0x${reason.toString(16)})` };
}
