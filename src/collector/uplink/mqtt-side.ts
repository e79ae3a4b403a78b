/** The collector's broker: the embedded one, or a client of another. */
import { hostname } from "node:os";
import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import { createTopics } from "../../core/contract/topics.ts";
import { urlHost } from "../../core/contract/url-host.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { every } from "../../core/platform/daemon/every.ts";
import { readPasswordFile } from "../../core/platform/files/configured-text.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import { type BrokerLogin, readBrokerLogin } from "../../core/platform/mqtt/broker-login.ts";
import { probeBroker, probedGateway } from "../../core/platform/mqtt/broker-probe.ts";
import { withoutLogin } from "../../core/platform/mqtt/broker-socket.ts";
import { readClientId } from "../../core/platform/mqtt/client-id.ts";
import { createEmbeddedBroker } from "../../core/platform/mqtt/embedded-broker.ts";
import { createMqttClient, type MqttClientOptions } from "../../core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { createBrokerAccess } from "./broker-access.ts";
import { createBrokerTlsLook, readBrokerTls } from "./broker-tls.ts";
import { fileScanMs, gatewaySites } from "./gateway-sites.ts";

/** A client, and the broker when it is ours. */
interface MqttSide {
  readonly client: MqttClient;
  /** The broker's address without credentials. */
  readonly url: string;
  /** The way into the embedded broker, for another client of this process; null: the configuration says it. */
  readonly embedded: EmbeddedAddress | null;
  /** Within 2 s. */
  close(): Promise<void>;
}

/** Where the embedded broker is reached by whoever started it. Plain data. */
export interface EmbeddedAddress {
  readonly url: string;
  /** As others know it. */
  readonly publicUrl: string;
  readonly username: string;
  readonly password: string;
}

const ingestId = "aurora-collector";
/** One that only shows the record keeps no session, and may be one of many. */
const webId = `aurora-web-${hostname()}-${process.pid}`;

interface MqttSideOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often the embedded broker's certificate is looked at; default 30 s. */
  readonly fileScanMs?: number;
}

/** For what takes what gateways send: starts the embedded broker unless there is an address of another, and starts to connect. */
export async function openMqttSide(
  { mqtt: config }: CollectorConfig,
  options: MqttSideOptions,
): Promise<MqttSide> {
  const { logger, metrics } = options;
  const { maxPacketBytes } = config.embedded;
  if (config.url !== null) {
    const login = await readBrokerLogin(config);
    const client = createMqttClient({
      url: config.url,
      clientId: await readClientId(ingestId, config.enrolmentKeyFile),
      takenOverHint: "Another collector connects with this client id: let one of them run.",
      maxPacketBytes,
      logger,
      ...login,
    });
    return { client, url: withoutLogin(config.url), embedded: null, close: () => client.close() };
  }
  const passwords = new Map<string, string>();
  const certified = new Set<string>();
  const enrol = async (name: string, passwordFile: string | null): Promise<void> => {
    if (passwordFile === null) certified.add(name);
    else passwords.set(name, await readPasswordFile(passwordFile));
  };
  for (const { id, passwordFile } of config.embedded.gateways) await enrol(id, passwordFile);
  for (const { gateway, id, passwordFile } of config.embedded.devices) {
    await enrol(`${gateway}/${id}`, passwordFile);
  }
  const { host, port, anonymousRead } = config.embedded;
  const access = createBrokerAccess({
    base: config.base,
    passwords,
    certified,
    anonymousRead,
    sites: gatewaySites(config.embedded.gateways),
  });
  const tls = await readBrokerTls(config.embedded);
  const secure = tls === undefined ? {} : { tls };
  const refusedLogins = metrics.counter({
    name: "broker_refused_logins_total",
    help: "Logins that the embedded broker refused and TLS handshakes that failed, by the enrolled user name; unknown: of no enrolment; none: no name was given",
    labels: ["user"],
  });
  const unretained = metrics.counter({
    name: "broker_unretained_messages_total",
    help: "Messages that the embedded broker passed on and had no room to retain, by the enrolled user name; unknown: of no enrolment; none: a guest's",
    labels: ["user"],
  });
  const labelOf = (user: string | null): { readonly user: string } => {
    const isEnrolled = user !== null && (passwords.has(user) || certified.has(user));
    return { user: isEnrolled ? user : user === null ? "none" : "unknown" };
  };
  const broker = await createEmbeddedBroker({
    ...access,
    ...secure,
    host,
    port,
    maxPacketBytes,
    enrolled: passwords.size + certified.size,
    onRefusedLogin: ({ user }) => refusedLogins.add(1, labelOf(user)),
    onUnretained: (user) => unretained.add(1, labelOf(user)),
    logger,
  });
  const stopLooking =
    tls === undefined
      ? undefined
      : every(
          options.fileScanMs ?? fileScanMs,
          logger,
          createBrokerTlsLook(config.embedded, tls, { broker, logger }),
        );
  const scheme = tls === undefined ? "mqtt" : "mqtts";
  const url = `${scheme}://${urlHost(host)}:${broker.port}`;
  const own = `mqtt://127.0.0.1:${broker.internalPort}`;
  const embedded = { url: own, publicUrl: url, ...access.own };
  const client = createEmbeddedClient(embedded, { clientId: ingestId, maxPacketBytes, logger });
  return {
    client,
    url,
    embedded,
    close: async () => {
      await stopLooking?.();
      await client.close();
      await broker.close();
    },
  };
}

/** For what shows the record and sends orders: a client of a broker that runs. */
export async function openWebClient(
  { mqtt: config }: CollectorConfig,
  embedded: EmbeddedAddress | null,
  logger: Logger,
): Promise<Omit<MqttSide, "embedded">> {
  const { maxPacketBytes } = config.embedded;
  const common = { clientId: webId, maxPacketBytes, logger };
  if (embedded !== null) {
    const client = createEmbeddedClient(embedded, common);
    return { client, url: embedded.publicUrl, close: () => client.close() };
  }
  const url = config.url ?? "";
  const login = await readBrokerLogin(config);
  const clientId = await readClientId(webId, config.enrolmentKeyFile);
  const client = createMqttClient({ url, ...common, clientId, ...login });
  warnOfOpenBroker(client, { url, login, base: config.base }, logger);
  return { client, url: withoutLogin(url), close: () => client.close() };
}

/** Shows whether a client is connected among the figures. */
export function measureConnection(metrics: Metrics, client: Pick<MqttClient, "connected">): void {
  const help = "1 while the broker is connected";
  metrics.gauge({ name: "mqtt_connected", help }, () => (client.connected ? 1 : 0));
}

/** Since when a client has no connection, as it is asked; null: it has one. One that never had one has none since now. */
export function watchConnection(
  client: Pick<MqttClient, "onConnect" | "onDisconnect">,
  clock: Pick<Clock, "nowMs">,
): () => number | null {
  let lostMs: number | null = clock.nowMs();
  client.onDisconnect(() => {
    lostMs = clock.nowMs();
  });
  client.onConnect(() => {
    lostMs = null;
  });
  return () => lostMs;
}

function createEmbeddedClient(
  { url, username, password }: EmbeddedAddress,
  common: Pick<MqttClientOptions, "clientId" | "maxPacketBytes" | "logger">,
): MqttClient {
  return createMqttClient({ url, username, password, version: 4, ...common });
}

/** Once connected: says where anybody may write what gateways take for the collector's. */
function warnOfOpenBroker(
  client: MqttClient,
  to: { readonly url: string; readonly login: BrokerLogin; readonly base: string },
  logger: Logger,
): void {
  const { url, login, base } = to;
  const probe = async (): Promise<void> => {
    const topic = createTopics(base).ack(probedGateway);
    const found = await probeBroker({ url, login, topic, includesOwn: false });
    if (found.length === 0) return;
    logger.warn("the broker has no access list: anybody may write acknowledgements, without a login", {
      broker: withoutLogin(url),
      hint: "Give it the access list that `aurora fleet enrol` writes, and collector and gateways its keys.",
    });
  };
  const stopWaiting = client.onConnect(() => {
    stopWaiting();
    if (client.version === 5) void probe();
  });
}
