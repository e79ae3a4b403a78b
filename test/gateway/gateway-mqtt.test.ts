/** The status that a gateway keeps at its broker. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { connectGatewayMqtt } from "../../src/gateway/gateway-mqtt.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const topic = createTopics("aurora/v1").status("gw-1");

/** A broker that lets everything through, and somebody who looks on and may write. */
async function startBroker() {
  const broker = await createEmbeddedBroker({
    authenticate: () => true,
    authorisePublish: () => true,
    authoriseSubscribe: () => true,
  });
  onTestFinished(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const heard: string[] = [];
  const other = createMqttClient({ url, clientId: "other" });
  onTestFinished(() => other.close());
  await other.subscribe(topic, 1, (_topic, payload) => void heard.push(Buffer.from(payload).toString()));
  const put = (text: string): Promise<void> => other.publish(topic, text, { qos: 1, retain: true });
  await until(() => other.connected, "the other one is connected");
  return { url, heard, put };
}

async function startGateway(url: string, clock: ManualClock, ackKey: string | null = null) {
  const folder = createTemporaryFolder();
  const ackKeyFile = join(folder, "ack.key");
  if (ackKey !== null) writeFileSync(ackKeyFile, ackKey.repeat(32));
  const events: string[] = [];
  const warnings: string[] = [];
  const gateway = await connectGatewayMqtt({
    config: gatewayConfigSchema().parse({
      gateway: { id: "gw-1", site: "north-sea", stateDir: join(folder, "state") },
      mqtt: { url },
      turbines: [{ id: "wt-1" }],
      uplink: ackKey === null ? {} : { ackKeyFile },
    }),
    topics: createTopics("aurora/v1"),
    environment: {},
    runtimeVersion: "0.1.0",
    clock,
    timers: clock,
    logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
    onEvent: (name, subject) => void events.push(`${name} ${subject}`),
  });
  onTestFinished(() => gateway.close());
  return { gateway, events, warnings };
}

/** But for its time, which is when it was said. */
function withoutTime(text: string | undefined): string | undefined {
  return text?.replace(/"time":"[^"]*"/, "");
}

test("what others put in the place of a gateway's status does not stay, and is not answered at their pace", async () => {
  const { url, heard, put } = await startBroker();
  await put("left behind");

  const clock = createManualClock();
  const { gateway } = await startGateway(url, clock);
  await until(() => heard.length === 2, "the gateway's status");
  const status = heard[1]!;
  expect(JSON.parse(status)).toMatchObject({ gateway: "gw-1", online: true });

  await put("garbage");
  await until(() => clock.pendingTimers > 0, "the gateway hears it");
  const after = vi.spyOn(clock, "after");
  for (const text of ["", status.replace("true", "false")]) {
    clock.advance(2_000);
    await put(text);
    await until(() => heard.at(-1) === text, "it is put");
  }
  // What came to the other one has come to the gateway, in its turn.
  await gateway.client.publish("aurora/v1/any", "", { qos: 1, retain: false });
  expect([after.mock.calls.length, clock.pendingTimers]).toEqual([0, 1]);
  expect(heard.slice(2).map(withoutTime)).not.toContain(withoutTime(status));
  clock.advance(1_000);
  await until(() => withoutTime(heard.at(-1)) === withoutTime(status), "the status again");
  const again = heard.at(-1)!;
  expect(Date.parse(JSON.parse(again).time) - Date.parse(JSON.parse(status).time)).toBe(5_000);

  // Its own is nothing to mend, nor what another copy of it put there.
  await put("garbage");
  await until(() => clock.pendingTimers === 1, "the gateway hears it");
  await put(again);
  await until(() => clock.pendingTimers === 0, "nothing is to be mended");

  await put("garbage");
  await until(() => clock.pendingTimers === 1, "the gateway hears it");
  await gateway.close();
  expect(clock.pendingTimers).toBe(0);
  await until(() => heard.at(-1)?.includes('"online":false') === true, "its last words");
});

test("a status that could not be published is tried again while the connection stands", async () => {
  const { url, heard, put } = await startBroker();
  const clock = createManualClock();
  const { gateway, warnings } = await startGateway(url, clock);
  await until(() => heard.length === 1, "the gateway's status");
  await put("garbage");
  await until(() => clock.pendingTimers === 1, "the gateway hears it");
  const busy = new Error("too many are under way");
  vi.spyOn(gateway.client, "publish").mockRejectedValueOnce(busy).mockRejectedValueOnce(busy);
  for (let failed = 0; failed < 2; failed++) {
    clock.advance(5_000);
    expect(clock.pendingTimers).toBe(0);
    await until(() => clock.pendingTimers === 1, "it will be tried again", 5_000);
  }
  expect(warnings).toEqual(["the status could not be published"]);
  clock.advance(5_000);
  await until(() => withoutTime(heard.at(-1)) === withoutTime(heard[0]), "the status again");
});

test("a status is said anew once the clock was set, so that nobody doubts it for good", async () => {
  const { url, heard } = await startBroker();
  const clock = createManualClock();
  const { gateway } = await startGateway(url, clock);
  await until(() => heard.length === 1, "the gateway's status");
  clock.advance(3_600_000);
  gateway.tick();
  clock.jump(240_000);
  gateway.tick();
  clock.jump(120_000);
  const setMs = clock.nowMs();
  gateway.tick();
  gateway.tick();
  await until(() => heard.length === 2, "the status anew");
  expect(JSON.parse(heard[1]!)).toMatchObject({ online: true, time: new Date(setMs).toISOString() });
});

test("two gateways of one id whose keys differ say so, and no longer take the other's status away at once", async () => {
  const { url, heard } = await startBroker();
  const clock = createManualClock();
  const one = await startGateway(url, clock, "5a");
  await until(() => heard.length === 1, "the first one's status");
  const two = await startGateway(url, clock, "a5");
  const both = [one, two];
  await until(() => heard.length === 2, "the second one's status");
  const turn = async (ms: number): Promise<void> => {
    await until(() => clock.pendingTimers > 0, "one of them hears the other");
    const before = heard.length;
    clock.advance(ms);
    await until(() => heard.length > before, "its status again", 5_000);
  };
  for (let count = 0; count < 4; count++) await turn(5_000);
  await turn(90_000);
  await until(() => both.every(({ gateway }) => gateway.isCloned()), "both have noticed");
  expect(both.map(({ events }) => events)).toEqual([["gateway.cloned gw-1"], ["gateway.cloned gw-1"]]);
  expect(both.map(({ gateway }) => gateway.client.connected)).toEqual([true, true]);
  // From now on by turns of 90 seconds, which is often enough for both to know of it.
  for (let count = 0; count < 12; count++) {
    await until(() => clock.pendingTimers > 0, "one of them hears the other");
    clock.advance(89_000);
    expect([clock.pendingTimers, ...both.map(({ gateway }) => gateway.isCloned())]).toEqual([1, true, true]);
    await turn(1_000);
  }
  // The one that stays is soon shown as online again.
  await two.gateway.close();
  await until(() => heard.at(-1)?.includes('"online":false') === true, "its last words");
  await turn(90_000);
  expect(withoutTime(heard.at(-1))).toBe(withoutTime(heard[0]));
});
