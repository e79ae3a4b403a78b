import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { createMqttSource } from "../../../src/gateway/sources/mqtt-source.ts";
import { until } from "../../support/until.ts";

test("a topic that the broker refuses is a fault until it is granted, without a restart", async () => {
  let isGranted = false;
  const broker = await createEmbeddedBroker({
    port: 0,
    authenticate: () => true,
    authorisePublish: () => true,
    authoriseSubscribe: () => isGranted,
  });
  onTestFinished(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const mqtt = createMqttClient({ url, clientId: "gateway", version: 4, random: () => 0 });
  onTestFinished(() => mqtt.close());
  await until(() => mqtt.connected, "the gateway is connected");
  const channels = [{ name: "power", path: "p", unit: "kW" }];
  const source = createMqttSource({
    topic: "scada/wt-1",
    mappings: [{ turbine: "wt-1", topic: "scada/wt-1", timePath: null, channels }],
    mqtt,
    clock: systemClock,
    logger: silentLogger,
  });
  const values: number[] = [];
  await source.start({
    onReading: ({ value }) => void values.push(value),
    onQuality: () => {},
  });
  expect(source.describe().faults).toMatchObject([{ detail: "the broker refuses the subscription" }]);
  isGranted = true;
  await until(() => source.describe().faults.length === 0, "it is granted", 20_000);
  await mqtt.publish("scada/wt-1", JSON.stringify({ p: 7 }), { qos: 1, retain: false });
  await until(() => values.length === 1, "a value comes");
  expect(source.describe()).toMatchObject({ readings: 1, bad: 0 });
});
