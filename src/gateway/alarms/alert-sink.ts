/**
 * The ways by which alerts leave a gateway: MQTT today. Another one, a webhook say, is four steps:
 *
 * 1. `webhook-alert-sink.ts` beside this file: `createWebhookAlertSink(…): AlertSink`, as `createMqttAlertSink` below;
 * 2. one more of the `sinks` that `../compose-points.ts` gives to the journal;
 * 3. where it sends to, in `core/contract/config/gateway-config-schema.ts` (a secret by file or environment only);
 * 4. one more line in `test/gateway/alarms/alert-sink.test.ts`, which holds every sink to the same promises.
 *
 * A sink delivers one event and says when it can. What waits for it, in order and over a restart, is kept by
 * `alert-journal.ts`, for each sink alone: one that is down holds up no other.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Topics } from "../../core/contract/topics.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { isMqttRefusal } from "../../core/platform/mqtt/mqtt-exchanges.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { nameComponent } from "../record/read-kept.ts";

/** Under which the state keeps what subscribers of the broker may not have. */
export const unpublishedKey = "unpublished-alerts";

/** One way out. */
export interface AlertSink {
  /** For logs. */
  readonly name: string;
  /** Key of what waits for it in the state store. Never renamed: what the last run left is found by it. */
  readonly waitingKey: string;
  /** May it be asked to deliver now? */
  readonly isReady: boolean;
  /**
   * Resolves when the other side has the event, or it is given up, which the sink logs. After a rejection it is tried again at
   * `onReady`, or with the next event of its component; the other side knows a repetition by its id. A sink that is ready all the
   * same does not take this one now, and is asked to deliver others; what the other side refuses it logs. Settles in bounded time,
   * for nothing else is asked of it meanwhile.
   */
  deliver(event: AlertEvent): Promise<void>;
  /** What the other side refused when it was last tried, and has not taken since. */
  readonly refused: readonly RefusedAlerts[];
  /** Calls back whenever it became ready (after a connection, or some time after a failure); at once if it is. */
  onReady(callback: () => void): void;
}

/** Alerts of a component that are not taken, while others are. */
export interface RefusedAlerts {
  readonly topic: string;
  readonly component: string;
  readonly reason: string;
}

interface MqttAlertSinkOptions {
  /** The site that the gateway is called by now. */
  readonly site: string;
  /** Alerts of a component are refused from now on. */
  readonly onRefused: (refused: RefusedAlerts) => void;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** What was refused is tried again: people give rights, and take them. */
const retry = { firstMs: 5_000, maxMs: 300_000 };
/** So many times in a row the connection ends before an alert is answered: it is refused. */
const mostEnds = 3;

/**
 * Publishes to the turbine's topic of alerts, at least once, not retained. Where the gateway has no right to speak a broker says so, or, of
 * MQTT 3.1.1, can but end the connection. Such an alert waits, and is tried again after a while; one of a site that the gateway was called
 * by before is given up, each after its own attempt, as it would be refused for ever. No other failure tells of a right.
 */
export function createMqttAlertSink(
  mqtt: MqttClient,
  topics: Topics,
  options: MqttAlertSinkOptions,
): AlertSink {
  const { site, timers, logger } = options;
  const callbacks: (() => void)[] = [];
  const refused = new Map<string, RefusedAlerts>();
  const backoff = createBackoff(retry);
  let cancelRetry: (() => void) | null = null;
  /** Until the next retry; kept where the connection ends before it. */
  let waitMs: number | null = null;
  /** Connections that ended by themselves. */
  let ends = 0;
  /** Of those in a row, before an alert of a component, or of a former site, was answered. */
  const endsOf = new Map<string, number>();
  /** Components that are not tried before the next retry: each attempt ends the connection. */
  const held = new Set<string>();
  mqtt.onDisconnect(({ reason }) => {
    if (reason === "closed") ends++;
    // With the next connection all is tried again, but what is held.
    cancelRetry?.();
    cancelRetry = null;
  });

  const topicOf = ({ data }: AlertEvent): string => topics.alert(data.site, data.turbine);

  const retryLater = (): void => {
    waitMs ??= backoff.nextMs();
    cancelRetry ??= timers.after(waitMs, () => {
      cancelRetry = null;
      waitMs = null;
      held.clear();
      for (const callback of callbacks) callback();
    });
  };
  mqtt.onConnect(() => {
    if (held.size > 0) retryLater();
  });

  const giveUp = (event: AlertEvent, error: unknown): void =>
    logger.error("the broker does not take an alert of a former site, which is given up", {
      topic: topicOf(event),
      id: event.id,
      error,
      hint: "Whoever follows that site's topics has not heard of it: tell them, or give the gateway the right to that site again.",
    });

  const noteRefusal = (event: AlertEvent, error: unknown): void => {
    const name = nameComponent(event.data);
    if (refused.has(name)) return;
    const topic = topicOf(event);
    const { component } = event.data;
    const reason = isMqttRefusal(error)
      ? (error as Error).message
      : "the broker ends the connection each time";
    const refusal = { topic, component, reason };
    refused.set(name, refusal);
    logger.warn("the broker refuses an alert, which waits with the later ones of its component", {
      topic,
      component,
      id: event.id,
      reason,
      error,
      hint: "Give this gateway's login the right to publish there, or the broker a larger bound of messages.",
    });
    options.onRefused(refusal);
  };

  return {
    name: "mqtt",
    waitingKey: unpublishedKey,
    get isReady() {
      return mqtt.connected;
    },
    deliver: async (event) => {
      const name = nameComponent(event.data);
      if (held.has(name)) throw new Error(`alerts of ${name} are tried again later`);
      const isFormer = event.data.site !== site;
      const right = isFormer ? event.data.site : name;
      const endsBefore = ends;
      try {
        await mqtt.publish(topicOf(event), JSON.stringify(event), { qos: 1, retain: false });
      } catch (error) {
        const endsInRow = ends > endsBefore ? (endsOf.get(right) ?? 0) + 1 : 0;
        endsOf.set(right, endsInRow);
        const isRefused = isMqttRefusal(error) || endsInRow >= mostEnds;
        if (isRefused && isFormer) return giveUp(event, error);
        if (isRefused) noteRefusal(event, error);
        if (endsInRow >= mostEnds) held.add(name);
        if (mqtt.connected) retryLater();
        throw error;
      }
      endsOf.delete(right);
      if (!isFormer && refused.delete(name))
        logger.info("the broker takes alerts that it refused", { topic: topicOf(event) });
      if (refused.size === 0) {
        backoff.reset();
        waitMs = null;
      }
    },
    get refused() {
      return [...refused.values()];
    },
    onReady: (callback) => {
      callbacks.push(callback);
      mqtt.onConnect(callback);
    },
  };
}
