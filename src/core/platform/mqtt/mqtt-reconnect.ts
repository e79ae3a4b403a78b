/**
 * Keeps an MQTT connection alive over its losses: versions, backoff, subscriptions, time limits. Knows no vendor and
 * holds no message: a publish is on the wire or it is rejected.
 */

import { hasErrorCode } from "../../contract/aurora-error.ts";
import { type BackoffOptions, createBackoff } from "../backoff.ts";
import type { Timers } from "../clock.ts";
import type { Logger } from "../logger.ts";
import {
  type BrokerConnection,
  type ConnectionLoss,
  chooseMqttVersion,
  type MqttQos,
  type MqttVersion,
  type OpenBrokerConnection,
  type PublishOptions,
} from "./broker-connection.ts";
import { createMqttError, createMqttExchanges } from "./mqtt-exchanges.ts";
import { createMqttSubscriptions, type MqttHandler } from "./mqtt-subscriptions.ts";
import { createTakeoverWatch } from "./takeover-watch.ts";

export interface MqttClient {
  /** Resolves when written (QoS 0) or acknowledged by the broker (QoS 1). Rejects with `MQTT` when not connected, when the connection is lost meanwhile, or without an answer. */
  publish(topic: string, payload: Uint8Array | string, options: PublishOptions): Promise<void>;
  /**
   * Registers `handler` for a filter, one a filter, and renews it at every connection. Resolves when the broker has answered,
   * at once while not connected. What it refuses is logged, and asked for again in a while until it is granted.
   */
  subscribe(filter: string, qos: MqttQos, handler: MqttHandler): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** Filters that the broker refused when it was last asked. */
  readonly refusedFilters: ReadonlySet<string>;
  readonly connected: boolean;
  /** Largest packet that the broker of the current or the last connection takes; null: it states none. */
  readonly largestPacketBytes: number | null;
  /** Resolves with whether the first attempt led to a connection, subscriptions renewed. */
  readonly firstAttempt: Promise<boolean>;
  /** Of the current or the last connection. */
  readonly version: MqttVersion | null;
  /** Calls back after every (re)connection, subscriptions renewed; at once if connected. Returns the way out. */
  onConnect(callback: () => void): () => void;
  onDisconnect(callback: (loss: ConnectionLoss) => void): () => void;
  /** Says goodbye and is gone within a second; publishes under way have half of that to finish. */
  close(): Promise<void>;
}

interface ReconnectOptions {
  readonly openConnection: OpenBrokerConnection;
  /** The broker's address without secrets, for messages. */
  readonly subject: string;
  readonly version: "auto" | MqttVersion;
  readonly backoff: BackoffOptions;
  readonly answerTimeoutMs: number;
  readonly maxInFlight: number;
  /** What helps when another connects with this client's id. */
  readonly takenOverHint: string | undefined;
  readonly logger: Logger;
  readonly timers: Timers;
}

const goodbyeMs = 450;
/** Reasons of failures that are logged between two connections. */
const maxTold = 8;
/** A connection that lasted this long was a good one. */
const stableMs = 5_000;

/** Starts to connect. */
export function createReconnectingClient(options: ReconnectOptions): MqttClient {
  const { logger, timers, subject } = options;
  const backoff = createBackoff(options.backoff);
  const connectCallbacks = new Set<() => void>();
  const lossCallbacks = new Set<(loss: ConnectionLoss) => void>();
  const exchanges = createMqttExchanges(options);
  const random = options.backoff.random ?? Math.random;
  const subscriptions = createMqttSubscriptions({ subject, exchanges, random, logger, timers });
  const takeovers = createTakeoverWatch(options.takenOverHint, timers);
  let version: MqttVersion = options.version === "auto" ? 5 : options.version;
  let provenVersion: MqttVersion | null = null;
  let connection: BrokerConnection | null = null;
  let connected = false;
  let largestPacketBytes: number | null = null;
  /** Subscriptions are being renewed, or have been: who subscribes from now on does so itself. */
  let welcomed = false;
  let closing = false;
  /** Why attempts failed since the last connection, as the log was told: a broker that comes back may refuse then. */
  const told = new Set<string>();
  let cancelRetry = (): void => {};
  let cancelStable = (): void => {};
  let onGone = (): void => {};
  let endFirstAttempt = (_isConnected: boolean): void => {};
  const firstAttempt = new Promise<boolean>((resolve) => {
    endFirstAttempt = resolve;
  });

  const open = (): void => {
    let mine: BrokerConnection | null = null;
    const isCurrent = (): boolean => mine !== null && connection === mine;
    mine = options.openConnection(version, {
      onConnect: (largest) => {
        if (!isCurrent()) return;
        largestPacketBytes = largest ?? null;
        void welcome();
      },
      onMessage: (topic, payload, retain) => {
        if (isCurrent()) deliver(topic, payload, retain);
      },
      onLoss: (loss) => {
        if (isCurrent()) lose(loss);
      },
    });
    connection = mine;
  };

  const welcome = async (): Promise<void> => {
    const mine = connection;
    provenVersion = version;
    welcomed = true;
    if (mine === null) return;
    await subscriptions.begin(mine);
    if (connection !== mine || closing) return;
    connected = true;
    told.clear();
    // A broker that lets in and throws out at once must not be stormed.
    cancelStable = timers.after(stableMs, () => backoff.reset());
    takeovers.connected();
    logger.info("connected to broker", { broker: subject, protocol: version === 5 ? "5" : "3.1.1" });
    for (const callback of [...connectCallbacks]) guarded(callback);
    endFirstAttempt(true);
  };

  const lose = (loss: ConnectionLoss): void => {
    const wasConnected = connected;
    connection = null;
    connected = false;
    welcomed = false;
    cancelStable();
    subscriptions.end();
    exchanges.failAll(`connection lost: ${loss.detail}`);
    if (wasConnected) for (const callback of [...lossCallbacks]) guarded(() => callback(loss));
    if (closing) {
      endFirstAttempt(false);
      onGone();
      return;
    }
    retry(loss, wasConnected);
  };

  const retry = (loss: ConnectionLoss, wasConnected: boolean): void => {
    const next = chooseMqttVersion(options.version, { version, wasConnected, lossReason: loss.reason });
    version = next.version;
    if (!next.isFallback) endFirstAttempt(false);
    const delayMs = next.isFallback ? 0 : backoff.nextMs();
    const hint = takeovers.lost(loss, wasConnected) ?? loss.hint;
    const fields = {
      broker: subject,
      reason: loss.reason,
      detail: loss.detail,
      retryMs: Math.round(delayMs),
      ...(hint === undefined ? {} : { hint }),
    };
    if (next.isFallback) logger.debug("broker does not speak MQTT 5, falling back to 3.1.1", fields);
    else if (wasConnected || (told.size < maxTold && !told.has(loss.detail))) {
      told.add(loss.detail);
      logger.warn("no connection to broker, trying again", fields);
    } else logger.debug("no connection to broker, trying again", fields);
    cancelRetry = timers.after(delayMs, open);
  };

  const deliver = (topic: string, payload: Uint8Array, retain: boolean): void => {
    for (const handler of subscriptions.handlersOf(topic)) guarded(() => handler(topic, payload, retain));
  };

  const guarded = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      logger.error("a handler of MQTT messages failed", { broker: subject, error });
    }
  };

  open();

  return {
    get connected() {
      return connected;
    },
    firstAttempt,
    get largestPacketBytes() {
      return largestPacketBytes;
    },
    get version() {
      return provenVersion;
    },
    publish(topic, payload, { qos, retain }) {
      if (!connected) return Promise.reject(createMqttError(subject, "not connected"));
      if (exchanges.waiting >= options.maxInFlight) {
        const detail = `${exchanges.waiting} publishes are under way already`;
        return Promise.reject(createMqttError(subject, detail));
      }
      const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
      return exchanges.run(connection, (current, done) =>
        current.publish({ topic, payload: bytes, qos, retain }, done),
      );
    },
    subscribe: (filter, qos, handler) => subscriptions.add(filter, { qos, handler }),
    refusedFilters: subscriptions.refused,
    async unsubscribe(filter) {
      subscriptions.remove(filter);
      // A session that was kept may have it from before.
      if (!welcomed) return;
      // Lost or without an answer: the next connection does not renew it.
      await exchanges
        .run(connection, (current, done) => current.unsubscribe(filter, done))
        .catch((error: unknown) => {
          if (!hasErrorCode(error, "MQTT")) throw error;
        });
    },
    onConnect(callback) {
      connectCallbacks.add(callback);
      if (connected) guarded(callback);
      return () => void connectCallbacks.delete(callback);
    },
    onDisconnect(callback) {
      lossCallbacks.add(callback);
      return () => void lossCallbacks.delete(callback);
    },
    async close() {
      if (closing) return;
      closing = true;
      subscriptions.end();
      cancelRetry();
      cancelStable();
      takeovers.close();
      const current = connection;
      if (current === null) return;
      await exchanges.idle(goodbyeMs);
      if (connection === null) return;
      await new Promise<void>((resolve) => {
        const cancel = timers.after(goodbyeMs, () => {
          current.cut({ reason: "closed", detail: "closed" });
          resolve();
        });
        onGone = () => {
          cancel();
          resolve();
        };
        if (exchanges.waiting > 0 || !connected) current.cut({ reason: "closed", detail: "closed" });
        else current.end();
      });
    },
  };
}
