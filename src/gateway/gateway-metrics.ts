/** The gateway's metrics in the Prometheus naming practice; every figure is read from where it is counted. */
import type { AlarmRegister } from "../alert/alarm-register.ts";
import type { GatewayConfig } from "../contract/gateway-config.ts";
import { createMetrics, type Metrics } from "../platform/metrics.ts";
import type { MqttClient } from "../platform/mqtt-reconnect.ts";
import type { Outbox } from "../store/outbox.ts";
import type { Uplink } from "../uplink/uplink.ts";
import type { DataQuality } from "./data-quality.ts";
import type { DeviceLinks } from "./device-links.ts";
import type { ServingFigures } from "./serving-figures.ts";

/** Where the figures are. */
export interface GatewayMetricsSources {
  readonly config: GatewayConfig;
  readonly quality: DataQuality;
  readonly figures: ServingFigures;
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly mqtt: MqttClient;
  readonly devices: DeviceLinks;
  readonly register: AlarmRegister;
}

/** Creates the metrics. */
export function createGatewayMetrics(sources: GatewayMetricsSources): Metrics {
  const { config, quality, figures, outbox, uplink, mqtt, devices, register } = sources;
  const metrics = createMetrics({ defaults: "process" });
  const total = (name: string, help: string, read: () => number): void => {
    metrics.gauge({ name, help }, read);
  };
  total("windows_processed", "Windows that were decided since the start.", () => quality.total.processed);
  total(
    "windows_quarantined",
    "Windows that were set aside since the start.",
    () => quality.total.quarantined,
  );
  total("windows_dropped", "Windows that could not be judged since the start.", () => quality.total.dropped);
  total("latency_p50_seconds", "Median time from a window's last byte to its decision.", () =>
    figures.latencySeconds.quantile(0.5),
  );
  total("latency_p99_seconds", "99th percentile of the same.", () => figures.latencySeconds.quantile(0.99));
  total("outbox_records", "Records that the collector has not stored yet.", () => outbox.counts().records);
  total("uplink_sent_bytes", "Bytes of uplink messages since the start.", () => uplink.counts().bytesSent);
  total("mqtt_connected", "1 while the broker is connected.", () => (mqtt.connected ? 1 : 0));
  total(
    "devices_established",
    "Devices that are connected and introduced.",
    () => devices.sessions.filter(({ session }) => session.state === "established").length,
  );
  total("device_discarded_bytes", "Bytes on device links that belonged to no good frame.", () =>
    devices.sessions.reduce((sum, { session }) => sum + session.statistics.discardedBytes, 0),
  );
  total("alarms_active", "Alarms whose condition holds.", () =>
    config.turbines.reduce(
      (sum, { id }) =>
        sum + register.list(config.gateway.site, id).filter((alarm) => alarm.conditionActive).length,
      0,
    ),
  );
  return metrics;
}
