/** Connects a gateway to its broker, as its configuration says, with the retained status and its last will. */
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { Topics } from "../core/contract/topics.ts";
import type { GatewayStatus } from "../core/contract/turbine-state.ts";
import type { Clock } from "../core/platform/clock.ts";
import { waitAtMost } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import { readBrokerLogin } from "../core/platform/mqtt/broker-login.ts";
import { createMqttClient } from "../core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { redactText } from "../core/platform/redact.ts";

/** How long the broker may take to hear that the gateway goes offline. */
const lastWordsMs = 500;

export interface GatewayMqttOptions {
  readonly config: GatewayConfig;
  readonly topics: Topics;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runtimeVersion: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A client that keeps the gateway's status current. */
export interface GatewayMqtt {
  readonly client: MqttClient;
  /** Says "offline" and closes. */
  close(): Promise<void>;
}

/**
 * Starts to connect; an unreachable broker is tried for ever.
 * @throws AuroraError CONFIG_INVALID when a credential file cannot be read, KEY when it cannot be used.
 */
export async function connectGatewayMqtt(options: GatewayMqttOptions): Promise<GatewayMqtt> {
  const { config, topics, clock, logger } = options;
  const { id } = config.gateway;
  const topic = topics.status(id);
  const describe = (online: boolean): GatewayStatus => ({
    gateway: id,
    online,
    time: online ? new Date(clock.nowMs()).toISOString() : null,
    version: online ? options.runtimeVersion : null,
    config: online ? withoutSecrets(config) : null,
  });
  const offline = JSON.stringify(describe(false));
  const login = await readBrokerLogin(config.mqtt, options.environment.AURORA_MQTT_PASSWORD);
  const client = createMqttClient({
    url: config.mqtt.url,
    clientId: `aurora-gateway-${id}`,
    ...login,
    will: { topic, payload: offline, qos: 1, retain: true },
    maxPacketBytes: config.mqtt.maxPacketBytes,
    logger,
  });
  client.onConnect(() => {
    client
      .publish(topic, JSON.stringify(describe(true)), { qos: 1, retain: true })
      .catch((error: unknown) => logger.warn("the status could not be published", { error }));
  });
  return {
    client,
    close: async () => {
      await waitAtMost(client.publish(topic, offline, { qos: 1, retain: true }), lastWordsMs);
      await client.close();
    },
  };
}

/** A configuration names secrets by file, but an address may hold one. */
function withoutSecrets(config: GatewayConfig): GatewayConfig {
  const { mqtt, updates } = config;
  return {
    ...config,
    mqtt: { ...mqtt, url: redactText(mqtt.url) },
    updates: { ...updates, url: updates.url === null ? null : redactText(updates.url) },
  };
}
