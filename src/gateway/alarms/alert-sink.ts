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
import type { Logger } from "../../core/platform/logger.ts";
import { isMqttRefusal } from "../../core/platform/mqtt/mqtt-exchanges.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";

/** One way out. */
export interface AlertSink {
  /** For logs. */
  readonly name: string;
  /** Key of what waits for it in the state store. Never renamed: what the last run left is found by it. */
  readonly waitingKey: string;
  /** May it be asked to deliver now? */
  readonly isReady: boolean;
  /**
   * Resolves when the other side has the event, or it is given up, which the sink logs. A rejection is logged, and the
   * event is tried again at the next event or `onReady`; the other side knows a repetition by its id. Settles in bounded
   * time, for nothing else is asked of the sink meanwhile.
   */
  deliver(event: AlertEvent): Promise<void>;
  /** Calls back whenever it became ready (after a connection, or some time after a failure); at once if it is. */
  onReady(callback: () => void): void;
}

/** So many times in a row the connection ends before an alert of a former site is answered. */
const mostEnds = 3;

/**
 * Publishes to the turbine's topic of alerts, at least once, not retained. Of a site that the gateway was called by before it may have no
 * right to speak. A broker says so, or, of MQTT 3.1.1, can but end the connection: then such an alert is given up, each after its
 * own attempt, as it would hold up the others for ever. No other failure tells of a right.
 */
export function createMqttAlertSink(
  mqtt: MqttClient,
  topics: Topics,
  own: { readonly site: string; readonly logger: Logger },
): AlertSink {
  /** Connections that ended by themselves. */
  let ends = 0;
  mqtt.onDisconnect(({ reason }) => {
    if (reason === "closed") ends++;
  });
  /** Of those, before an alert of a former site was answered. */
  let endsInRow = 0;
  return {
    name: "mqtt",
    waitingKey: "unpublished-alerts",
    get isReady() {
      return mqtt.connected;
    },
    deliver: async (event) => {
      const { site, turbine } = event.data;
      const topic = topics.alert(site, turbine);
      const isFormer = site !== own.site;
      const endsBefore = ends;
      try {
        await mqtt.publish(topic, JSON.stringify(event), { qos: 1, retain: false });
        if (isFormer) endsInRow = 0;
      } catch (error) {
        if (!isFormer) throw error;
        endsInRow = ends > endsBefore ? endsInRow + 1 : 0;
        if (!isMqttRefusal(error) && endsInRow < mostEnds) throw error;
        own.logger.error("the broker does not take an alert of a former site, which is given up", {
          topic,
          id: event.id,
          error,
          hint: "Whoever follows that site's topics has not heard of it: tell them, or give the gateway the right to that site again.",
        });
      }
    },
    onReady: (callback) => void mqtt.onConnect(callback),
  };
}
