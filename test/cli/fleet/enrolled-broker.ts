/** A mosquitto with the files of an enrolment, and whoever logs in with them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type EnrolResult, enrolGateways } from "../../../src/cli/fleet/enrol-gateways.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import type { BrokerLoginConfig } from "../../../src/core/contract/config/config-parts.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { readBrokerLogin } from "../../../src/core/platform/mqtt/broker-login.ts";
import { createMqttClient, type MqttClientOptions } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { findFreePort } from "../../support/free-port.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { startCollector } from "../../support/whole-collector.ts";

/** Logs in with what stands in a folder of the enrolment. */
export function loginOf(folder: string, name: string, isTls: boolean): BrokerLoginConfig {
  return {
    username: isTls ? null : name,
    passwordFile: isTls ? null : join(folder, "mqtt.password"),
    caFile: isTls ? join(folder, "ca.pem") : null,
    certFile: isTls ? join(folder, "cert.pem") : null,
    keyFile: isTls ? join(folder, "key.pem") : null,
  };
}

/** The enrolment is of gw-1 at north-sea and gw-2 at kelmarsh, with a reader of all and one of kelmarsh. */
export async function beginEnrolled(tlsHost: string | null) {
  const dir = createTemporaryFolder();
  const entry = (id: string, site: string) => ({ id, site, devices: [], readTopics: [] });
  const gateways = [entry("gw-1", "north-sea"), entry("gw-2", "kelmarsh")];
  const readers = [
    { id: "room", site: null },
    { id: "room-kelmarsh", site: "kelmarsh" },
  ];
  const enrolled = await enrolGateways({
    dir,
    gateways,
    readers,
    base: null,
    tlsHost,
    days: 1,
    nowMs: Date.now(),
  });
  const port = await findFreePort();
  // The example as it was written, but for its places.
  const lines = readFileSync(join(enrolled.brokerDir, "mosquitto.conf"), "utf8")
    .replaceAll("/etc/mosquitto", enrolled.brokerDir)
    .split("\n")
    .filter((line) => !line.startsWith("listener"));
  const broker = await startMosquitto(port, ["user root", ...lines]);
  onTestFinished(() => broker.close());
  const url = tlsHost === null ? `mqtt://127.0.0.1:${port}` : `mqtts://localhost:${port}`;
  const connect = (clientId: string, options: Partial<MqttClientOptions>): MqttClient => {
    const client = createMqttClient({ url, clientId, backoff: { firstMs: 20, maxMs: 100 }, ...options });
    onTestFinished(() => client.close());
    return client;
  };
  const connectAs = async (id: string): Promise<MqttClient> => {
    const folder = [...enrolled.gateways, ...enrolled.readers].find((one) => one.id === id)!.dir;
    const client = connect(`as-${id}`, await readBrokerLogin(loginOf(folder, id, tlsHost !== null)));
    await until(() => client.connected, `${id} is connected`);
    return client;
  };
  return { enrolled, url, broker, connect, connectAs };
}

export function startEnrolledCollector(
  { enrolled, url }: { enrolled: EnrolResult; url: string },
  isTls: boolean,
  logger: Logger = silentLogger,
) {
  const config = collectorConfigSchema().parse({
    collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
    mqtt: {
      url,
      enrolmentKeyFile: enrolled.enrolmentKeyFile,
      enrolledFile: enrolled.enrolledFile,
      ...loginOf(enrolled.collectorDir, "aurora-collector", isTls),
    },
  });
  return startCollector(config, { logger, fileScanMs: 50 });
}
