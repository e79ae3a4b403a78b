/**
 * A small MQTT broker in this process, for installations without one: MQTT 3.1.1 (aedes), denies what is not allowed, bounds packets at
 * the socket. Without sessions for absent clients, shared subscriptions and a cluster: who needs them uses mosquitto or another broker.
 */
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Aedes, type AedesOptions, type Client } from "aedes";
import { systemClock } from "../clock.ts";
import { waitAtMost } from "../daemon/closing.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { boundEmitterDepth } from "./bound-emitter.ts";
import {
  boundRetained,
  createFilterBound,
  createPlaces,
  endRetainedOfClosed,
  keepNoQueues,
  maxTopicLength,
  type Places,
} from "./broker-bounds.ts";
import { type BrokerTls, createTurningAway, openListeners, readCertificateName } from "./broker-listeners.ts";
import { scopeClientId, unscopeClientId } from "./client-id.ts";
import { createAskLog, createRefusalLog, type RefusedLogin } from "./login-refusals.ts";
import { createMqttPacketGuard } from "./mqtt-packet-guard.ts";
import { isSharedFilter } from "./mqtt-topic.ts";

/** The other end of a connection. */
export interface BrokerClient {
  readonly clientId: string;
  /** Its own word, or the common name of its certificate where it gives none. */
  readonly username: string | null;
  /** Common name of the certificate that it proved to have; empty: that has not exactly one, null: it showed none. */
  readonly certificateName: string | null;
  /** Did it come by the listener for this process's own clients? */
  readonly isInternal: boolean;
  readonly address: string;
}

/** No, and why; the client is not told. */
export interface LoginRefusal {
  readonly refused: string;
}

/** Options of {@link createEmbeddedBroker}. What is not given is denied. */
export interface EmbeddedBrokerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 (default) lets the system choose. */
  readonly port?: number;
  /** PEM texts; makes the listener TLS. With `ca` a client needs a certificate of that authority. */
  readonly tls?: BrokerTls;
  /** Largest packet taken, header included; default 1 MiB. One with many fields has less. */
  readonly maxPacketBytes?: number;
  /** Default 1,000: guests (no user name) get half, a login a few; who is not let in yet makes room. This process's clients have their own. */
  readonly maxConnections?: number;
  /** Clients that are known by name, each of which has a place beside those; default 0. */
  readonly enrolled?: number;
  readonly authenticate?: (
    client: BrokerClient,
    password: Uint8Array | null,
  ) => boolean | LoginRefusal | Promise<boolean | LoginRefusal>;
  /** Hears of everybody who is not let in; the log is told by itself. */
  readonly onRefusedLogin?: (refused: RefusedLogin) => void;
  /** Hears whose message was passed on and had no room to be retained (null: a guest's); the log is told by itself. */
  readonly onUnretained?: (user: string | null) => void;
  /** May it publish there? A refused publish ends the connection, as 3.1.1 has no other answer (section 3.3.5). */
  readonly authorisePublish?: (client: BrokerClient, topic: string) => boolean;
  /** May it subscribe to that filter? */
  readonly authoriseSubscribe?: (client: BrokerClient, filter: string) => boolean;
  readonly logger?: Logger;
}

/** Counts since the start. */
interface BrokerCounts {
  readonly connections: number;
  readonly refusedConnections: number;
  /** Connections cut for a packet above the bound, or with a malformed length. */
  readonly oversizedPackets: number;
  readonly refusedPublishes: number;
  readonly refusedSubscriptions: number;
  /** Clients told to fall back from MQTT 5 to 3.1.1. */
  readonly mqtt5Refusals: number;
}

export interface EmbeddedBroker {
  readonly port: number;
  /** Free port on the loopback, without TLS, for clients of this process, whose places nobody else takes. */
  readonly internalPort: number;
  counts(): BrokerCounts;
  /** For who connects from now on: what it is shown, and by which authority its certificate is judged. @throws Error of OpenSSL for what cannot be used */
  renewTls(tls: BrokerTls): void;
  /** Cuts every connection and is gone within a second. */
  close(): Promise<void>;
}

/** CONNACK of MQTT 5 with reason 0x84 "unsupported protocol version" and no properties (MQTT 5 section 3.2). */
const connackUnsupportedVersion = Uint8Array.of(0x20, 0x03, 0x00, 0x84, 0x00);
/** aedes looks through all pieces that came for each field of a packet: many of both keep the thread. CONNECT, SUBSCRIBE, UNSUBSCRIBE. */
const maxBytesByType = { 1: 16 * 1024, 8: 128 * 1024, 10: 128 * 1024 };
const systemTopic = "$";
/** Return codes of a CONNACK, section 3.2.2.3. */
const unavailable = 3;
const badLogin = 4;
const noRight = "no right to it";

/** Starts to listen. Fails with `MQTT` when the port is taken. */
export async function createEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const logger = options.logger ?? silentLogger;
  const maxPacketBytes = options.maxPacketBytes ?? 1024 * 1024;
  const counts = {
    refusedConnections: 0,
    oversizedPackets: 0,
    refusedPublishes: 0,
    refusedSubscriptions: 0,
    mqtt5Refusals: 0,
  };
  const { maxConnections: open = 1000, enrolled = 0 } = options;
  const places = createPlaces(open, enrolled);
  const logRefusal = createRefusalLog(logger, systemClock);
  const refuse = (refused: RefusedLogin): void => {
    counts.refusedConnections += 1;
    logRefusal(refused);
    options.onRefusedLogin?.(refused);
  };
  const filters = createFilterBound(2_000, 50, systemClock);
  const publishers = new WeakMap<Buffer, BrokerClient>();
  const broker = await Aedes.createBroker({
    connectTimeout: 10_000,
    // Of MQTT 3.1, which bounds ids to 23 characters; with the user's name before them they are longer.
    maxClientsIdLength: 65_535,
    // A subscriber that does not read holds up every other; give it little time.
    drainTimeout: 5_000,
    queueLimit: 1_000,
    preConnect(client, packet, callback) {
      if (packet.protocolVersion === 5) {
        counts.mqtt5Refusals += 1;
        (client.conn as Socket).end(connackUnsupportedVersion, () =>
          callback(new Error("speaks MQTT 5"), false),
        );
        return;
      }
      // Before ids are told apart by users: a certificate names its own.
      const certified = readCertificateName(client.conn as Socket);
      if (certified) packet.username ??= certified;
      // No sessions: aedes would queue for an absent client in memory and without bound.
      packet.clean = true;
      // A second connection with an id ends the first (section 3.1.4): only its own user's, never another's.
      if (packet.clientId !== "") packet.clientId = scopeClientId(packet.username, packet.clientId);
      callback(null, true);
    },
    ...createAccess({ ...options, refuse, filters, publishers }, places, counts),
  });
  broker.on("unsubscribe", (topics, client) => filters.release(client.conn as Socket, topics));
  boundEmitterDepth(broker);
  endRetainedOfClosed(broker);
  keepNoQueues(broker);
  const logUnkept = createAskLog(logger, systemClock, {
    one: "a message was not retained",
    more: "more messages were not retained",
  });
  boundRetained(broker, publishers, (publisher, topic) => {
    logUnkept(publisher, topic, "more than its share of retained messages");
    options.onUnretained?.(publisher?.username ?? null);
  });
  // Its typings leave out "error", which it does emit when its memory store fails.
  (broker as EventEmitter).on("error", (error: unknown) => logger.error("broker error", { error }));

  const turning = createTurningAway();
  const accept = (socket: Socket, isInternal: boolean): void => {
    socket.on("error", () => {});
    if (!places.take(socket, isInternal)) {
      refuse({ user: null, address: socket.remoteAddress ?? "unknown", reason: "all places are taken" });
      turning.turnAway(socket);
      return;
    }
    socket.setNoDelay(true);
    broker.handle(socket);
    const guard = createMqttPacketGuard(maxPacketBytes, maxBytesByType);
    // aedes reads on "readable"; "data" then tells of the same chunk just before its parser gets it.
    socket.on("data", (chunk: Buffer) => {
      const violation = guard.inspect(chunk);
      if (violation === null || socket.destroyed) return;
      counts.oversizedPackets += 1;
      logger.warn("connection cut for an oversized packet", {
        address: socket.remoteAddress,
        ...violation,
      });
      socket.destroy();
    });
  };
  const { host = "127.0.0.1", port: wanted = 0, tls } = options;
  const listeners = await openListeners(
    { host, port: wanted, tls, maxConnections: open + enrolled, onHandshakeFailure: refuse },
    accept,
  );
  const { port, internalPort, renewTls } = listeners;
  return {
    port,
    internalPort,
    renewTls,
    counts: () => ({ connections: places.taken.length, ...counts }),
    async close() {
      const stopped = listeners.close();
      await waitAtMost(new Promise<void>((resolve) => broker.close(() => resolve())), 500);
      for (const socket of places.taken) socket.destroy();
      turning.close();
      await waitAtMost(stopped, 450);
    },
  };
}

/** Who may come in, publish and subscribe. Settles the places of those that may; counts and logs what it refuses. */
function createAccess(
  options: EmbeddedBrokerOptions & {
    readonly refuse: (refused: RefusedLogin) => void;
    readonly filters: ReturnType<typeof createFilterBound>;
    /** Is told who published what is to be retained. */
    readonly publishers: WeakMap<Buffer, BrokerClient>;
  },
  places: Places,
  counts: Pick<
    { -readonly [Count in keyof BrokerCounts]: number },
    "refusedPublishes" | "refusedSubscriptions"
  >,
): Pick<AedesOptions, "authenticate" | "authorizePublish" | "authorizeSubscribe"> {
  const logger = options.logger ?? silentLogger;
  const log = (one: string, more: string) => createAskLog(logger, systemClock, { one, more });
  const logPublish = log("a publish was refused", "more publishes were refused");
  const logFilter = log("a subscription was refused", "more subscriptions were refused");
  const identities = new WeakMap<Client, BrokerClient>();
  return {
    // biome-ignore lint/complexity/useMaxParams: aedes calls it so
    authenticate(client, username, password, done) {
      const identity = {
        clientId: unscopeClientId(client.id),
        username: username ?? null,
        certificateName: readCertificateName(client.conn as Socket),
        isInternal: places.isOwn(client.conn as Socket),
        address: (client.conn as Socket).remoteAddress ?? "unknown",
      };
      identities.set(client, identity);
      const { username: user, address } = identity;
      const turnAway = (reason: string, returnCode: number): void => {
        options.refuse({ user, address, reason });
        done(Object.assign(new Error(reason), { returnCode }), false);
      };
      const verdict = async (): Promise<boolean | LoginRefusal | undefined> =>
        options.authenticate?.(identity, password === undefined ? null : new Uint8Array(password));
      verdict().then(
        (found) => {
          if (typeof found === "object") return turnAway(found.refused, badLogin);
          if (found !== true) return turnAway("bad user name or password", badLogin);
          const full = places.settle(client.conn as Socket, user, identity.clientId);
          if (full === null) done(null, true);
          else turnAway(full, unavailable);
        },
        (error: unknown) => {
          logger.error("authentication failed", { client: client.id, error });
          turnAway("it cannot be checked", badLogin);
        },
      );
    },
    authorizePublish(client, packet, callback) {
      const { topic } = packet;
      const identity = client === null ? undefined : identities.get(client);
      const allowed =
        identity !== undefined &&
        topic.length <= maxTopicLength &&
        !topic.startsWith(systemTopic) &&
        options.authorisePublish?.(identity, topic) === true;
      if (!allowed) {
        counts.refusedPublishes += 1;
        logPublish(identity, topic, noRight);
        callback(new Error("not authorised"));
        return;
      }
      if (packet.retain) options.publishers.set(packet.payload as Buffer, identity);
      callback(null);
    },
    authorizeSubscribe(client, subscription, callback) {
      const identity = identities.get(client);
      const { topic } = subscription;
      // aedes grants `$share/…` and never delivers: a refusal is honest.
      const mayHear =
        identity !== undefined &&
        topic.length <= maxTopicLength &&
        !isSharedFilter(topic) &&
        !topic.startsWith(systemTopic) &&
        options.authoriseSubscribe?.(identity, topic) === true;
      const refused = mayHear
        ? options.filters.take(client.conn as Socket, identity.username, topic)
        : noRight;
      if (refused !== null) {
        counts.refusedSubscriptions += 1;
        logFilter(identity, topic, refused);
      }
      callback(null, refused === null ? subscription : null);
    },
  };
}
