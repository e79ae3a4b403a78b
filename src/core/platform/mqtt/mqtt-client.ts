/**
 * The only door to the `mqtt` package. Speaks MQTT 5 and falls back to 3.1.1 by itself, comes back with jittered
 * exponential backoff, and keeps no queue: what cannot be sent now is rejected, and its sender keeps it.
 *
 * Every connection gets a fresh vendor client with its reconnecting and its stores switched off: the vendor's offline
 * queue has no bound, and its replay can lose what is published meanwhile (mqtt.js issue 2015).
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type IClientOptions, MqttClient as VendorClient } from "mqtt";
import { systemTimers, type Timers } from "../clock.ts";
import { type Logger, silentLogger } from "../logger.ts";
import type {
  BrokerConnection,
  BrokerConnectionEvents,
  ConnectionLoss,
  MqttVersion,
  OpenBrokerConnection,
} from "./broker-connection.ts";
import { type BrokerLogin, createLoginKeeper } from "./broker-login.ts";
import { type BrokerAddress, openBrokerSocket, parseBrokerUrl } from "./broker-socket.ts";
import { describeConnectFailure, describeNoAnswer, describePeer, toLossWords } from "./connect-failures.ts";
import { createMqttPacketGuard } from "./mqtt-packet-guard.ts";
import { createReconnectingClient, type MqttClient } from "./mqtt-reconnect.ts";
import { packetTooLarge } from "./mqtt5-packets.ts";
import { adviseOfHangUp, type OwnCertificate } from "./own-certificate.ts";

/** A message that the broker publishes when this client is lost. */
interface MqttWill {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export interface MqttClientOptions extends BrokerLogin {
  /** `mqtt://host:1883` or `mqtts://host:8883`; may hold `user:password@`. */
  readonly url: string;
  readonly clientId: string;
  readonly will?: MqttWill;
  /** Default 30 s. */
  readonly keepaliveSeconds?: number;
  /** Largest packet taken, header included; a larger one ends the connection. Default 1 MiB. */
  readonly maxPacketBytes?: number;
  /** Broker keeps subscriptions and QoS 1 messages this long after a loss; default 0 (a clean session). */
  readonly sessionExpirySeconds?: number;
  /** What helps when another connects with this client id, for the log. */
  readonly takenOverHint?: string;
  /** `auto` (default) tries MQTT 5 first. */
  readonly version?: "auto" | MqttVersion;
  /** Upper bounds of the first and of any wait before reconnecting; default 500 ms and 30 s. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** How long to wait for the broker's answer to a connect, publish or subscribe; default 10 s. */
  readonly answerTimeoutMs?: number;
  /** Publishes under way at once; more are rejected. Default 1,000. */
  readonly maxInFlight?: number;
  readonly logger?: Logger;
  readonly timers?: Timers;
  /** Uniform in [0, 1), for jitter. */
  readonly random?: () => number;
}

/** Of a PUBLISH of MQTT 5 at most: type and length, the topic's length, packet id, no properties (section 3.3). */
const publishHeaderBytes = 5 + 2 + 2 + 1;
const defaultMaxPacketBytes = 1024 * 1024;

/**
 * Starts to connect, and returns at once: an unreachable broker is tried for ever. Throws `CONFIG_INVALID` if the URL is
 * invalid.
 */
export function createMqttClient(options: MqttClientOptions): MqttClient {
  const address = parseBrokerUrl(options.url);
  return createReconnectingClient({
    openConnection: createConnectionOpener(address, options),
    subject: `${address.secure ? "mqtts" : "mqtt"}://${address.host}:${address.port}`,
    version: options.version ?? "auto",
    backoff: { firstMs: 500, maxMs: 30_000, ...options.backoff, random: options.random ?? Math.random },
    answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
    maxInFlight: options.maxInFlight ?? 1000,
    takenOverHint: options.takenOverHint,
    logger: options.logger ?? silentLogger,
    timers: options.timers ?? systemTimers,
  });
}

function createConnectionOpener(address: BrokerAddress, options: MqttClientOptions): OpenBrokerConnection {
  const keeper = createLoginKeeper(options);
  const maxPacketBytes = options.maxPacketBytes ?? defaultMaxPacketBytes;
  return (version, events) => {
    const login = keeper.login();
    const { username = address.username, password = address.password } = login;
    const vendorOptions: IClientOptions = {
      protocolVersion: version,
      clientId: options.clientId,
      clean: options.sessionExpirySeconds === undefined,
      keepalive: options.keepaliveSeconds ?? 30,
      connectTimeout: options.answerTimeoutMs ?? 10_000,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(options.will === undefined
        ? {}
        : { will: { ...options.will, payload: toBuffer(options.will.payload) } }),
      ...(version === 5
        ? {
            properties: {
              maximumPacketSize: maxPacketBytes,
              ...(options.sessionExpirySeconds === undefined
                ? {}
                : { sessionExpiryInterval: options.sessionExpirySeconds }),
            },
          }
        : {}),
    };
    return openVendorConnection(
      openBrokerSocket(address, login.tls),
      { maxPacketBytes, vendorOptions, own: login.tls?.cert },
      keeper.watch(events),
    );
  };
}

interface VendorConnection {
  readonly maxPacketBytes: number;
  readonly vendorOptions: IClientOptions;
  /** That of this client. */
  readonly own: OwnCertificate;
}

function openVendorConnection(
  socket: Socket,
  { maxPacketBytes, vendorOptions, own }: VendorConnection,
  events: BrokerConnectionEvents,
): BrokerConnection {
  const guard = createMqttPacketGuard(maxPacketBytes);
  const isVersion5 = vendorOptions.protocolVersion === 5;
  let loss: ConnectionLoss | null = null;
  let reached = false;
  let answered = false;
  let heard = false;
  const isPlain = !(socket instanceof TLSSocket);
  const describe = (error: Error & { code?: unknown }): Pick<ConnectionLoss, "detail" | "hint"> => {
    const known = describeConnectFailure(error, own);
    if (known !== undefined) return toLossWords(known);
    const detail = error.message === "" ? String(error.code) : error.message;
    if (!reached || answered) return { detail };
    // One without TLS is perhaps no broker.
    if (isPlain) return toLossWords(describeNoAnswer(detail));
    const hint = adviseOfHangUp(own);
    return hint === undefined ? { detail } : { detail, hint };
  };
  const cut = (why: ConnectionLoss): void => {
    loss ??= why;
    socket.destroy();
  };
  const vendor = new VendorClient(() => {
    socket.once("connect", () => {
      reached = true;
    });
    // Comes before the vendor's own listener: an oversized packet is cut off at its header, not collected.
    socket.on("data", (chunk: Buffer) => {
      const other = heard ? undefined : describePeer(chunk);
      heard = true;
      if (other !== undefined) return cut({ reason: "closed", ...toLossWords(other) });
      const violation = guard.inspect(chunk);
      if (violation === null) return;
      const detail = `the broker sent a packet of ${violation.packetBytes} bytes (${violation.reason})`;
      cut({ reason: "packet-too-large", detail });
    });
    return socket;
  }, vendorOptions);
  /** The broker's Receive Maximum (MQTT 5 section 3.3.4), which the vendor does not heed. */
  let windowSize = 65_535;
  /** The broker's Maximum Packet Size (section 3.2.2.3.6): one that sends it more it throws out. */
  let largestPacket = Number.POSITIVE_INFINITY;
  let onTheWire = 0;
  const waiting: (() => void)[] = [];
  vendor.on("connect", (connack) => {
    answered = true;
    windowSize = connack.properties?.receiveMaximum ?? windowSize;
    largestPacket = connack.properties?.maximumPacketSize ?? largestPacket;
    events.onConnect(connack.properties?.maximumPacketSize);
  });
  vendor.on("message", (topic, payload, packet) => {
    events.onMessage(
      topic,
      new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength),
      packet.retain,
    );
  });
  vendor.on("disconnect", ({ reasonCode }) => {
    if (reasonCode !== sessionTakenOver) return;
    loss ??= { reason: "taken-over", detail: "another client with this id connected" };
  });
  vendor.on("error", (error) => {
    const reason = answered || !reached ? "closed" : classifyRefusal(error, isVersion5);
    loss ??= { reason, ...describe(error) };
    socket.destroy();
  });
  vendor.once("close", () => {
    loss ??=
      reached && !answered && isVersion5
        ? { reason: "version", detail: "closed without an answer, perhaps for speaking MQTT 5" }
        : { reason: "closed", ...describe(new Error("the connection was closed")) };
    events.onLoss(loss);
  });
  return {
    get bytesHeard() {
      return socket.bytesRead;
    },
    publish({ topic, payload, qos, retain }, done) {
      const bytes = Buffer.byteLength(topic) + payload.length + publishHeaderBytes;
      if (bytes > largestPacket) {
        const tooLarge = `a message of ${bytes} bytes; the broker takes at most ${largestPacket}`;
        done(Object.assign(new Error(tooLarge), { code: packetTooLarge }));
        return;
      }
      const send = (): void => {
        onTheWire += 1;
        vendor.publish(topic, toBuffer(payload), { qos, retain }, (error) => {
          onTheWire -= 1;
          done(error ?? null);
          waiting.shift()?.();
        });
      };
      if (onTheWire < windowSize) send();
      else waiting.push(send);
    },
    subscribe(filter, qos, done) {
      vendor.subscribe(filter, { qos }, (error) => {
        done(error === null ? null : new Error(`subscription ${filter} refused: ${error.message}`));
      });
    },
    unsubscribe: (filter, done) => void vendor.unsubscribe(filter, (error) => done(error ?? null)),
    end: () => void vendor.end(),
    cut,
  };
}

/** Reason of a DISCONNECT (MQTT 5 section 3.14.2.1). */
const sessionTakenOver = 0x8e;

/** CONNACK codes that mean "I do not speak this version": 1 in 3.1.1 (section 3.2.2.3), 0x84 in 5 (section 3.2.2.2). */
const versionCodes: ReadonlySet<unknown> = new Set([1, 0x84]);

/** Why a broker that was reached did not take the connection. */
function classifyRefusal(error: Error & { code?: unknown }, isVersion5: boolean): ConnectionLoss["reason"] {
  const { code } = error;
  if (isVersion5 && (versionCodes.has(code) || code === undefined)) return "version";
  return typeof code === "number" ? "refused" : "closed";
}

function toBuffer(payload: string | Uint8Array): Buffer {
  return typeof payload === "string"
    ? Buffer.from(payload)
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
