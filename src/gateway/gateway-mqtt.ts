/** Connects a gateway to its broker, as its configuration says, with the retained status and its last will. */
import { randomBytes } from "node:crypto";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { renderIsoTime } from "../core/contract/iso-time.ts";
import type { Topics } from "../core/contract/topics.ts";
import { type GatewayStatus, maxStatusDifferenceMs } from "../core/contract/turbine-state.ts";
import { type Clock, calendarOffsetMs, type Timers } from "../core/platform/clock.ts";
import { waitAtMost } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import { type BrokerLogin, readBrokerLogin } from "../core/platform/mqtt/broker-login.ts";
import { type LetThrough, probeBroker, probedGateway } from "../core/platform/mqtt/broker-probe.ts";
import { readClientId } from "../core/platform/mqtt/client-id.ts";
import { createMqttClient } from "../core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { redactText } from "../core/platform/redact.ts";
import { type CloneWatch, createCloneWatch } from "./clone-watch.ts";

/** How long the broker may take to hear that the gateway goes offline. */
const lastWordsMs = 500;
/** What others say of this gateway in its place stands for so long: as long as of a turbine. */
const repairMs = 5_000;
/** And so long where it is another gateway of this id, which mends it likewise: each is heard often enough to be told of. */
const clonedRepairMs = 90_000;

interface GatewayMqttOptions {
  readonly config: GatewayConfig;
  readonly topics: Topics;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runtimeVersion: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Upper bounds of the first and of any wait before reconnecting; default 500 ms and 30 s. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** Something that people should know: that the broker lets through what it must not. */
  readonly onEvent: (name: string, subject: string, detail: string) => void;
}

/** A client that keeps the gateway's status current. */
export interface GatewayMqtt {
  readonly client: MqttClient;
  /** Does another gateway log in under this one's id? */
  isCloned(): boolean;
  /** Says the status anew where the clock was set; call it about once a second. */
  tick(): void;
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
  const instance = randomBytes(8).toString("hex");
  const describe = (online: boolean): GatewayStatus => ({
    gateway: id,
    online,
    time: online ? renderIsoTime(clock.nowMs()) : null,
    version: online ? options.runtimeVersion : null,
    config: online ? withoutSecrets(config) : null,
    instance,
  });
  const offline = JSON.stringify(describe(false));
  const login = await readBrokerLogin(config.mqtt, options.environment.AURORA_MQTT_PASSWORD);
  const client = createMqttClient({
    url: config.mqtt.url,
    clientId: await readClientId(`aurora-gateway-${id}`, config.uplink.ackKeyFile),
    takenOverHint: "Another gateway connects with this client id: give it a gateway.id of its own.",
    ...login,
    will: { topic, payload: offline, qos: 1, retain: true },
    maxPacketBytes: config.mqtt.maxPacketBytes,
    ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
    logger,
  });
  const clones = createCloneWatch({ gateway: id, instance, clock, logger, onEvent: options.onEvent });
  const { timers } = options;
  const render = (): string => JSON.stringify(describe(true));
  const status = keepStatus({ client, topic, render, clones, clock, timers, logger });
  // Subscribed by then: what another has left behind comes before the own status takes its place.
  client.onConnect(status.say);
  const stopWaiting = client.onConnect(() => {
    stopWaiting();
    if (client.version === 5) void probe(options, login);
  });
  return {
    client,
    isCloned: clones.isCloned,
    tick: status.tick,
    close: async () => {
      status.stop();
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

const whatIsOpen: Readonly<Record<LetThrough, string>> = {
  "own-login":
    "this gateway's login may write the acknowledgements of other gateways, so others may write this one's",
  anybody: "anybody may write acknowledgements, without a login",
};

async function probe(
  { config, topics, logger, onEvent }: GatewayMqttOptions,
  login: BrokerLogin,
): Promise<void> {
  const { url } = config.mqtt;
  const topic = topics.ack(probedGateway);
  for (const who of await probeBroker({ url, login, topic, includesOwn: true })) {
    const isGuarded = config.uplink.ackKeyFile !== null;
    const hint = isGuarded
      ? "Give the broker the access list that `aurora fleet enrol` writes."
      : "Give the broker the access list that `aurora fleet enrol` writes, and this gateway uplink.ackKeyFile.";
    logger.warn(`the broker has no access list: ${whatIsOpen[who]}`, { broker: redactText(url), hint });
    onEvent("broker.open", redactText(url), whatIsOpen[who]);
  }
}

interface KeptStatus {
  /** Publishes the status, and keeps it the retained one. */
  say(): void;
  /** Says it anew where the clock was set since. */
  tick(): void;
  /** Keeps none any more. */
  stop(): void;
}

/**
 * Hears the gateway's own status topic: whatever others publish there does not stay. A broker of MQTT 5 may say who ended a connection
 * (mosquitto 2.0.11 does not); the status that a copy of this gateway left behind does.
 */
function keepStatus(parts: {
  readonly client: MqttClient;
  readonly topic: string;
  /** The status as of now. */
  readonly render: () => string;
  readonly clones: CloneWatch;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}): KeptStatus {
  const { client, topic, render, clones, clock, timers, logger } = parts;
  let said: string | null = null;
  let saidOffsetMs = Number.NaN;
  /** Why it last could not be published, until it could. */
  let failure: string | null = null;
  let cancelRepair: (() => void) | null = null;
  const calm = (): void => {
    cancelRepair?.();
    cancelRepair = null;
  };
  const say = (): void => {
    calm();
    if (!client.connected) return;
    // Its time is now: an old one would pass for a clock that is behind.
    said = render();
    saidOffsetMs = calendarOffsetMs(clock);
    client.publish(topic, said, { qos: 1, retain: true }).then(
      () => {
        failure = null;
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        logger[reason === failure ? "debug" : "warn"]("the status could not be published", { error });
        failure = reason;
        if (said !== null) cancelRepair ??= timers.after(repairMs, say);
      },
    );
  };
  let isFirst = true;
  client.onDisconnect((loss) => {
    isFirst = false;
    clones.lost(loss);
  });
  const hear = (payload: Uint8Array, retained: boolean): void => {
    // What is there when the first connection begins was left by the process before this one.
    if (!isFirst || !retained) clones.heardStatus(payload);
    if (said === null) return;
    if (Buffer.from(payload).equals(Buffer.from(said))) calm();
    else cancelRepair ??= timers.after(clones.isCloned() ? clonedRepairMs : repairMs, say);
  };
  void client.subscribe(topic, 1, (_topic, payload, retained) => hear(payload, retained));
  return {
    say,
    tick: () => {
      const setByMs = Math.abs(calendarOffsetMs(clock) - saidOffsetMs);
      if (said !== null && setByMs > maxStatusDifferenceMs) say();
    },
    stop: () => {
      said = null;
      calm();
    },
  };
}
