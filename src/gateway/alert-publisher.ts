/**
 * Publishes alert events to subscribers, at least once and in order: an event stays in the state store until the
 * broker has taken it, over a restart too. Subscribers recognise a repetition by its id.
 */
import { z } from "zod";
import { type AlertEvent, alertEventSchema } from "../contract/alert.ts";
import type { Topics } from "../contract/topics.ts";
import type { Logger } from "../platform/logger.ts";
import type { MqttClient } from "../platform/mqtt-reconnect.ts";
import type { StateStore } from "../store/state-store.ts";

/** Publishes. */
export interface AlertPublisher {
  publish(event: AlertEvent): void;
  /** Events that the broker has not taken yet. */
  readonly waiting: number;
}

const key = "unpublished-alerts";
/** More would not fit the store's text; the oldest are given up, loudly. They are in the outbox all the same. */
const maxWaiting = 200;
const waitingSchema: z.ZodType<AlertEvent[]> = z.array(alertEventSchema).max(maxWaiting);

/** Creates the publisher and sends what an earlier run left behind as soon as there is a connection. */
export function createAlertPublisher(
  mqtt: MqttClient,
  topics: Topics,
  state: StateStore,
  logger: Logger,
): AlertPublisher {
  const waiting = restore(state, logger);
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
    publish: (event) => {
      waiting.push(event);
      if (waiting.length > maxWaiting) {
        logger.error("too many unpublished alerts, the oldest is given up", { id: waiting.shift()?.id });
      }
      save();
      void send();
    },
    get waiting() {
      return waiting.length;
    },
  };
}

function restore(state: StateStore, logger: Logger): AlertEvent[] {
  const text = state.get(key);
  if (text === null) return [];
  try {
    return waitingSchema.parse(JSON.parse(text));
  } catch (error) {
    logger.error("unpublished alerts of the last run cannot be read", { error });
    return [];
  }
}
