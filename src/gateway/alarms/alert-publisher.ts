/**
 * Publishes alert events to subscribers, at least once and in order: an event stays in the state store until the
 * broker has taken it, over a restart too. Subscribers recognise a repetition by its id.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import type { StateStore } from "../record/state-store.ts";
import { readKeptAlerts } from "./kept-alerts.ts";

/** Publishes. */
export interface AlertPublisher {
  /** Takes an event to be sent; what it returns must be in the state store before `send`. */
  hold(event: AlertEvent): Readonly<Record<string, string>>;
  /** Sends what is held, now or as soon as there is a connection. */
  send(): void;
  /** Events that the broker has not taken yet. */
  readonly waiting: number;
}

const key = "unpublished-alerts";
/** More would not fit the store's text; the oldest are given up, loudly. They are in the outbox all the same. */
const maxWaiting = 200;

/** Creates the publisher and sends what an earlier run left behind as soon as there is a connection. */
export function createAlertPublisher(
  mqtt: MqttClient,
  topics: Topics,
  state: StateStore,
  logger: Logger,
): AlertPublisher {
  const waiting = readKeptAlerts(state, key, maxWaiting, logger);
  let sending = false;

  const save = (): void => {
    state.set(key, waiting.length === 0 ? null : JSON.stringify(waiting));
  };
  const send = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    try {
      for (let event = waiting[0]; event !== undefined && mqtt.connected; event = waiting[0]) {
        const { site, turbine } = event.data;
        await mqtt.publish(topics.alert(site, turbine), JSON.stringify(event), { qos: 1, retain: false });
        if (waiting[0] === event) waiting.shift();
        save();
      }
    } catch (error) {
      logger.warn("an alert could not be published yet", { error });
    } finally {
      sending = false;
    }
  };
  mqtt.onConnect(() => void send());

  return {
    hold: (event) => {
      waiting.push(event);
      if (waiting.length > maxWaiting) {
        logger.error("too many unpublished alerts, the oldest is given up", { id: waiting.shift()?.id });
      }
      return { [key]: JSON.stringify(waiting) };
    },
    send: () => void send(),
    get waiting() {
      return waiting.length;
    },
  };
}
