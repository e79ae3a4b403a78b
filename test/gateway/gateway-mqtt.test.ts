/** The status that a gateway keeps at its broker. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { connectGatewayMqtt } from "../../src/gateway/gateway-mqtt.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const topic = createTopics("aurora/v1").status("gw-1");

test("what others put in the place of a gateway's status does not stay, and is not answered at their pace", async () => {
  const allow = (): boolean => true;
  const broker = await createEmbeddedBroker({
    authenticate: allow,
    authorisePublish: allow,
    authoriseSubscribe: allow,
  });
  onTestFinished(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const heard: string[] = [];
  const other = createMqttClient({ url, clientId: "other" });
  onTestFinished(() => other.close());
  await other.subscribe(topic, 1, (_topic, payload) => void heard.push(Buffer.from(payload).toString()));
  const put = (text: string): Promise<void> => other.publish(topic, text, { qos: 1, retain: true });
  await until(() => other.connected, "the other one is connected");
  await put("left behind");

  const clock = createManualClock();
  const stateDir = join(createTemporaryFolder(), "state");
  const gateway = await connectGatewayMqtt({
    config: gatewayConfigSchema().parse({
      gateway: { id: "gw-1", site: "north-sea", stateDir },
      mqtt: { url },
      turbines: [{ id: "wt-1" }],
    }),
    topics: createTopics("aurora/v1"),
    environment: {},
    runtimeVersion: "0.1.0",
    clock,
    timers: clock,
    logger: silentLogger,
    onEvent: () => {},
  });
  onTestFinished(() => gateway.close());
  await until(() => heard.length === 2, "the gateway's status");
  const status = heard[1]!;
  expect(JSON.parse(status)).toMatchObject({ gateway: "gw-1", online: true });

  for (const text of ["garbage", "", status.replace("true", "false")]) await put(text);
  await until(() => clock.pendingTimers > 0, "the gateway hears it");
  expect(clock.pendingTimers).toBe(1);
  expect(heard.slice(2)).not.toContain(status);
  clock.advance(5_000);
  await until(() => heard.at(-1) === status, "the status again");
  expect(heard.filter((each) => each === status)).toHaveLength(2);

  // Its own is nothing to mend, nor what another copy of it put there.
  await put("garbage");
  await until(() => clock.pendingTimers === 1, "the gateway hears it");
  await put(status);
  await until(() => clock.pendingTimers === 0, "nothing is to be mended");

  await put("garbage");
  await until(() => clock.pendingTimers === 1, "the gateway hears it");
  await gateway.close();
  expect(clock.pendingTimers).toBe(0);
  await until(() => heard.at(-1)?.includes('"online":false') === true, "its last words");
});
