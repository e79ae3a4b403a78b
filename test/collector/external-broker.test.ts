import { expect, it, onTestFinished } from "vitest";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { startCollector } from "../support/whole-collector.ts";
import { connectGateway } from "./fleet-fixture.ts";
import { turbineState } from "./fleet-records.ts";

it.skipIf(!hasMosquitto)(
  "works with mosquitto, over its restart and with retained states (skipped where it is not installed)",
  async () => {
    const port = await findFreePort();
    const broker = await startMosquitto(port);
    onTestFinished(() => broker.close());
    const config = collectorConfigSchema().parse({
      collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
      mqtt: { url: `mqtt://127.0.0.1:${port}` },
    });
    const topics = createTopics(config.mqtt.base);
    const collector = await startCollector(config, { logger: silentLogger, freshMs: 0 });
    onTestFinished(() => collector.close());
    const fleet = { collector, topics };
    const gateway = await connectGateway(fleet);
    onTestFinished(() => gateway.close());
    expect(gateway.client.version).toBe(5);

    const event = (name: string) =>
      ({ kind: "event", timeMs: Date.now(), name, subject: "s", detail: "" }) as const;
    const untilReady = async (): Promise<void> => {
      while (!(await fetch(`${collector.url}/-/ready`)).ok)
        await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await untilReady();
    await gateway.send(event("before"));
    await broker.kill();
    await until(() => !gateway.client.connected, "the broker is gone");
    const read = async (path: string): Promise<string> => (await fetch(`${collector.url}${path}`)).text();
    const lost = "This collector has no connection to its broker since 2";
    await until(async () => (await read("/")).includes(lost), "the page says so");
    expect(await read("/drift")).toContain(lost);
    expect(await read("/metrics")).toContain("aurora_mqtt_connected 0");
    await broker.start();
    await until(() => gateway.client.connected, "the gateway is back");
    await untilReady();
    await until(async () => !(await read("/")).includes(lost), "the page is well again");
    expect(await read("/metrics")).toContain("aurora_mqtt_connected 1");
    await gateway.send(event("after"));
    const names = (await collector.record.events({ limit: 9, offset: 0 })).items.map((item) => item.name);
    expect(names.sort()).toEqual(["after", "before"]);

    // A collector that starts later hears of a turbine by its retained state, which says how old it is.
    const old = Date.now() - 3_600_000;
    await gateway.publish(topics.state("north-sea", "wt-1"), turbineState("wt-1", old, "d"));
    await collector.close();
    const later = await startCollector(
      { ...config, collector: { ...config.collector, stateDir: createTemporaryFolder() } },
      { logger: silentLogger },
    );
    onTestFinished(() => later.close());
    await until(async () => (await later.record.turbines()).length === 1, "retained state");
    expect((await later.record.turbines())[0]!.lastSeenMs).toBe(old);
    const answer = (await (await fetch(`${later.url}/api/v1/turbines`)).json()) as { items: object[] };
    expect(answer.items).toMatchObject([{ health: "information-unavailable" }]);
  },
);
