/** The collector's broker: the embedded one, or a client of another. */
import type { CollectorConfig, EnrolledGateway } from "../../core/contract/config/collector-config.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readBrokerLogin } from "../../core/platform/mqtt/broker-login.ts";
import { createEmbeddedBroker } from "../../core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { createBrokerAccess } from "./broker-access.ts";

/** A client, and the broker when it is ours. */
export interface MqttSide {
  readonly client: MqttClient;
  /** The broker's address without credentials. */
  readonly url: string;
  /** Within 2 s. */
  close(): Promise<void>;
}

const clientId = "aurora-collector";
const maxPasswordBytes = 1_024;

/** Starts the embedded broker unless there is an address of another, and starts to connect. */
export async function openMqttSide({ mqtt: config }: CollectorConfig, logger: Logger): Promise<MqttSide> {
  const { maxPacketBytes } = config.embedded;
  if (config.url !== null) {
    const client = createMqttClient({
      url: config.url,
      clientId,
      maxPacketBytes,
      logger,
      ...(await readBrokerLogin(config)),
    });
    return { client, url: withoutCredentials(config.url), close: () => client.close() };
  }
  const passwords = new Map<string, string>();
  for (const { id, passwordFile } of config.embedded.gateways) {
    passwords.set(id, await readPassword(passwordFile));
  }
  for (const { gateway, id, passwordFile } of config.embedded.devices) {
    passwords.set(`${gateway}/${id}`, await readPassword(passwordFile));
  }
  const { host, port, anonymousRead } = config.embedded;
  const access = createBrokerAccess({
    base: config.base,
    passwords,
    anonymousRead,
    sites: gatewaySites(config.embedded.gateways),
  });
  const broker = await createEmbeddedBroker({ ...access, host, port, maxPacketBytes, logger });
  const url = `mqtt://${host.includes(":") ? `[${host}]` : host}:${broker.port}`;
  const client = createMqttClient({
    url: localAddress(host, broker.port),
    clientId,
    maxPacketBytes,
    logger,
    version: 4,
    ...access.own,
  });
  return {
    client,
    url,
    close: async () => {
      await client.close();
      await broker.close();
    },
  };
}

/** A broker that listens on every address is reached on the loopback one. */
function localAddress(host: string, port: number): string {
  const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `mqtt://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

/** The sites of the gateways that are bound to one. */
export function gatewaySites(gateways: readonly EnrolledGateway[]): ReadonlyMap<string, string> {
  return new Map(gateways.flatMap(({ id, site }) => (site === null ? [] : [[id, site]])));
}

async function readPassword(path: string): Promise<string> {
  const bytes = await readFileBounded(path, maxPasswordBytes);
  return new TextDecoder().decode(bytes).trim();
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//");
}
