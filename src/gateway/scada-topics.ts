/** Subscribes to the JSON topics of an existing SCADA bridge and hands on their readings. */
import type { ScadaConfig } from "../core/contract/config/gateway-config.ts";
import type { Reading } from "../core/contract/stream.ts";
import { parseScadaPayload } from "../core/ingest/parse-scada-payload.ts";
import type { Clock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient, MqttHandler } from "../core/platform/mqtt/mqtt-reconnect.ts";
import type { DataQuality } from "./record/data-quality.ts";

/** Subscribes to every mapped topic. One that the broker refuses is logged: the turbines are watched without it. */
export async function subscribeScada(
  mappings: readonly ScadaConfig[],
  mqtt: MqttClient,
  clock: Clock,
  onReading: (reading: Reading) => void,
  quality: DataQuality,
  logger: Logger,
): Promise<void> {
  // One topic may speak of several turbines; a client has one handler a topic.
  for (const topic of new Set(mappings.map((mapping) => mapping.topic))) {
    const group = mappings.filter((mapping) => mapping.topic === topic);
    const accept: MqttHandler = (_topic, payload) => {
      for (const { turbine, timePath, channels } of group) {
        const parsed = parseScadaPayload(payload, { deviceId: turbine, timePath, channels }, clock.nowMs());
        if (!parsed.ok) {
          quality.quarantined(turbine, parsed.error.reason, 0);
          continue;
        }
        for (const missing of parsed.value.quarantined) quality.quarantined(turbine, missing.reason, 0);
        for (const reading of parsed.value.readings) onReading(reading);
      }
    };
    await mqtt
      .subscribe(topic, 1, accept)
      .catch((error: unknown) => logger.error("a SCADA topic cannot be subscribed to", { topic, error }));
  }
}
