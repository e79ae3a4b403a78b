/**
 * What a client has subscribed to, over all its connections: asked for at each, and asked for again while a broker refuses
 * it, since its access list may be mended. Opens nothing; told once is what is refused, and once that it no longer is.
 */
import { createBackoff } from "../backoff.ts";
import type { Timers } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { BrokerConnection, MqttQos } from "./broker-connection.ts";
import type { MqttExchanges } from "./mqtt-exchanges.ts";
import { topicMatches } from "./mqtt-topic.ts";

/** Takes a message. The payload stays valid; what the handler throws is logged and does no harm. */
export type MqttHandler = (topic: string, payload: Uint8Array, retain: boolean) => void;

interface Subscription {
  readonly qos: MqttQos;
  readonly handler: MqttHandler;
}

interface MqttSubscriptions {
  /** Resolves when the broker has answered, or the connection is gone; at once without one. */
  add(filter: string, subscription: Subscription): Promise<void>;
  remove(filter: string): void;
  /** Those that the broker refused when it was last asked. */
  readonly refused: ReadonlySet<string>;
  handlersOf(topic: string): readonly MqttHandler[];
  /** A connection is there: asks it for all. Resolves when all are answered. */
  begin(connection: BrokerConnection): Promise<void>;
  /** It is lost, or the client closes. */
  end(): void;
}

interface SubscriptionOptions {
  /** The broker's address without secrets, for messages. */
  readonly subject: string;
  readonly exchanges: Pick<MqttExchanges, "run">;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly timers: Timers;
}

/** Bounds of the wait before a broker is asked again for what it refused. */
const askAgain = { firstMs: 5_000, maxMs: 300_000 };
const hint =
  "Give this login the right to read it in the broker's access list; it is asked for again by itself.";

export function createMqttSubscriptions(options: SubscriptionOptions): MqttSubscriptions {
  const { subject, exchanges, logger, timers } = options;
  const backoff = createBackoff({ ...askAgain, random: options.random });
  const subscriptions = new Map<string, Subscription>();
  const refused = new Set<string>();
  let connection: BrokerConnection | null = null;
  let cancel: (() => void) | null = null;

  const ask = async (filter: string): Promise<void> => {
    const mine = connection;
    const wanted = subscriptions.get(filter);
    if (mine === null || wanted === undefined) return;
    try {
      await exchanges.run(mine, (current, done) => current.subscribe(filter, wanted.qos, done));
    } catch (error) {
      // Lost or let go meanwhile: the next connection is asked, or nobody.
      if (connection === mine && subscriptions.has(filter)) noteRefusal(filter, error);
      return;
    }
    if (!refused.delete(filter)) return;
    logger.info("the broker grants a subscription that it refused", { broker: subject, filter });
    if (refused.size === 0) backoff.reset();
  };

  const noteRefusal = (filter: string, error: unknown): void => {
    if (!refused.has(filter))
      logger.warn("the broker refuses a subscription", { broker: subject, filter, error, hint });
    refused.add(filter);
    cancel ??= timers.after(backoff.nextMs(), () => {
      cancel = null;
      for (const each of [...refused]) void ask(each);
    });
  };

  return {
    add: (filter, subscription) => {
      subscriptions.set(filter, subscription);
      return ask(filter);
    },
    remove: (filter) => {
      subscriptions.delete(filter);
      refused.delete(filter);
    },
    refused,
    handlersOf: (topic) =>
      [...subscriptions].filter(([filter]) => topicMatches(filter, topic)).map(([, { handler }]) => handler),
    begin: async (current) => {
      connection = current;
      await Promise.all([...subscriptions.keys()].map(ask));
    },
    end: () => {
      connection = null;
      cancel?.();
      cancel = null;
    },
  };
}
