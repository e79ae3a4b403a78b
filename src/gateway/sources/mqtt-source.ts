/** The JSON topics of an existing SCADA bridge as a source of readings. What the broker refuses is told, until it no longer does. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { parseScadaPayload } from "../../core/ingest/parse-scada-payload.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { connectionSubject, createFaultNotes } from "./fault-notes.ts";
import type { ReadingSource } from "./reading-source.ts";

export interface MqttSourceOptions {
  readonly topic: string;
  /** One topic may speak of several turbines; a client has one handler a topic. */
  readonly mappings: GatewayConfig["scada"];
  readonly mqtt: Pick<MqttClient, "subscribe" | "unsubscribe" | "connected" | "refusedFilters">;
  readonly clock: Clock;
  readonly logger: Logger;
}

const cure = "Let this gateway's user read the topic (the broker's access list).";

/** Creates a source that does nothing until it is started; the client renews its subscription. */
export function createMqttSource({ topic, mappings, mqtt, clock, logger }: MqttSourceOptions): ReadingSource {
  const counts = { readings: 0, bad: 0 };
  const faults = createFaultNotes(logger, topic);
  return {
    start: (sink) =>
      mqtt.subscribe(topic, 1, (_topic, payload) => {
        const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
        for (const { turbine, timePath, channels } of mappings) {
          const parsed = parseScadaPayload(payload, { deviceId: turbine, timePath, channels }, arrival);
          const { readings, quarantined } = parsed.ok
            ? parsed.value
            : { readings: [], quarantined: [parsed.error] };
          counts.readings += readings.length;
          counts.bad += quarantined.length;
          for (const each of quarantined) sink.onQuality(each);
          for (const reading of readings) sink.onReading(reading);
        }
      }),
    close: () => mqtt.unsubscribe(topic),
    describe: () => {
      if (!mqtt.refusedFilters.has(topic)) faults.clear(connectionSubject);
      else faults.note(connectionSubject, { detail: "the broker refuses the subscription", cure });
      return {
        name: topic,
        kind: "mqtt",
        connected: mqtt.connected,
        connections: 0,
        ...counts,
        faults: faults.list(),
      };
    },
  };
}
