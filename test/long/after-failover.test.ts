/** What a gateway said of itself while the database was another one. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openWriter } from "../../src/collector/compose-writer.ts";
import { startIngestWorker } from "../../src/collector/ingest-worker.ts";
import { openRecord } from "../../src/collector/open-record.ts";
import {
  type CollectorConfig,
  collectorConfigSchema,
} from "../../src/core/contract/config/collector-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasMosquitto, type Mosquitto, startMosquitto } from "../support/mosquitto.ts";
import { hasPostgres, startScratchPostgres } from "../support/scratch-postgres.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const hasBoth = hasMosquitto && hasPostgres;
const topics = createTopics("aurora/v1");

describe.skipIf(!hasBoth)(`a failover${hasBoth ? "" : " (mosquitto or PostgreSQL is not installed)"}`, () => {
  let broker: Mosquitto;
  beforeAll(async () => {
    broker = await startMosquitto(await findFreePort());
  });
  afterAll(() => broker?.close());

  const around = () => ({ logger: silentLogger, metrics: createMetrics() });
  const starters: readonly [string, (config: CollectorConfig) => Promise<{ close(): Promise<void> }>][] = [
    ["a worker", (config) => startIngestWorker(config, 1, around())],
    ["one process", (config) => openWriter({ config, ...around() })],
  ];
  it.each(starters)(
    "to a state of before is followed by what gateways last said, with %s",
    async (_, start) => {
      const server = await startScratchPostgres(["fsync=off"]);
      onTestFinished(() => server.close());
      const config = collectorConfigSchema().parse({
        collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
        mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
        record: { kind: "postgres", url: await server.createDatabase() },
      });
      const record = await openRecord(config, silentLogger);
      onTestFinished(() => record.close());
      const running = await start(config);
      onTestFinished(() => running.close());
      const client = createMqttClient({ url: config.mqtt.url!, clientId: "gateways" });
      onTestFinished(() => client.close());
      await until(() => client.connected, "the gateways are connected");
      const gateways = ["gw-came", "gw-went"];
      const say = (isOnline: readonly boolean[]) =>
        Promise.all(
          gateways.map((gateway, index) => {
            const status = JSON.stringify({ gateway, online: isOnline[index], version: "1" });
            return client.publish(topics.status(gateway), status, { qos: 1, retain: true });
          }),
        );
      const isRecorded = async (isOnline: readonly boolean[]): Promise<boolean> => {
        const found = await record.gateways().catch(() => []);
        return gateways.every(
          (gateway, index) => found.find((each) => each.gateway === gateway)?.online === isOnline[index],
        );
      };
      await say([false, true]);
      await until(() => isRecorded([false, true]), "both are stored");
      await server.keepCopy();
      await say([true, false]);
      await until(() => isRecorded([true, false]), "what they say then is stored");
      await server.becomeCopy();
      await until(() => isRecorded([true, false]), "what they said last is stored again");
      expect(await record.era()).toBeGreaterThan(0);
    },
  );
});
