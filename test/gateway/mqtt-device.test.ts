import { expect, onTestFinished, test } from "vitest";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { until } from "../support/until.ts";
import {
  createInstallation,
  deviceOf,
  type Installation,
  names,
  statusWhen,
  topics,
} from "./installation.ts";
import { startMqttDevice } from "./start-mqtt-device.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

async function streamToAlert(installation: Installation, username: string): Promise<void> {
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 }, 60);
  const device = await startMqttDevice(installation, { turbine: "WT02", source, speed: 60, username });
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: "mqtt" }]);
  await until(() => subscriber.alerts.length > 0, "the alert", 40_000);
  expect(subscriber.alerts[0]?.data).toMatchObject({ turbine: "WT02", failureMode: "outer-race" });
  expect(await device.ended).toBe("source-ended");
  const { windows, devices } = await statusWhen(gateway, (status) => status.windows.processed > 30);
  expect(windows).toMatchObject({ quarantined: 0, dropped: 0, byReason: {} });
  expect(devices[0]).toMatchObject({ state: "established", link: { lostFrames: 0 } });
}

test("a device that speaks MQTT through the embedded broker is heard to the alert", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  await streamToAlert(installation, `${names.gateway}/${deviceOf("WT02")}`);
});

test.skipIf(!hasMosquitto)("a device that speaks MQTT through mosquitto is heard to the alert", async () => {
  const installation = await createInstallation();
  const mosquitto = await startMosquitto(Number(new URL(installation.mqttUrl).port));
  onTestFinished(() => mosquitto.close());
  await streamToAlert(installation, "anybody");
});

test("on the embedded broker a device talks to its gateway and to nobody else, and a guest talks to nobody", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const [one, other] = [deviceOf("WT01"), deviceOf("WT02")];
  const mayPublish = async (username: string, topic: string): Promise<boolean> => {
    const client = installation.connect(`${Math.random()}`, { username, version: 4 });
    await until(() => client.connected, "connected");
    const allowed = await client.publish(topic, "x", { qos: 1, retain: false }).then(
      () => true,
      () => false,
    );
    await client.close();
    return allowed;
  };
  const maySubscribe = async (username: string, filter: string): Promise<boolean> => {
    const client = installation.connect(`${Math.random()}`, { username, version: 4 });
    await until(() => client.connected, "connected");
    await client.subscribe(filter, 1, () => {});
    await client.close();
    return client.refusedFilters.size === 0;
  };
  const device = `${names.gateway}/${one}`;
  expect(await mayPublish(device, topics.deviceTx(names.gateway, one))).toBe(true);
  expect(await maySubscribe(device, topics.deviceRx(names.gateway, one))).toBe(true);
  for (const topic of [
    topics.deviceTx(names.gateway, other),
    topics.deviceRx(names.gateway, one),
    topics.alert(names.site, "WT01"),
    topics.state(names.site, "WT01"),
    topics.status(names.gateway),
    topics.up(names.gateway, "alert"),
  ]) {
    expect([topic, await mayPublish(device, topic)]).toEqual([topic, false]);
  }
  for (const filter of [
    topics.deviceRx(names.gateway, other),
    `aurora/v1/device/${names.gateway}/#`,
    topics.allUplinks,
    topics.allAlerts,
    "#",
  ]) {
    expect([filter, await maySubscribe(device, filter)]).toEqual([filter, false]);
  }
  expect(await mayPublish(names.gateway, topics.deviceRx(names.gateway, one))).toBe(true);
  expect(await maySubscribe(names.gateway, topics.deviceTx(names.gateway, one))).toBe(true);
  expect(await mayPublish(names.gateway, topics.deviceTx(names.gateway, one))).toBe(false);
  expect(await mayPublish(names.gateway, topics.deviceRx("gw-2", one))).toBe(false);
  expect(await mayPublish(names.gateway, topics.alert(names.site, "WT01"))).toBe(true);
  for (const topic of [topics.alert("elsewhere", "WT01"), topics.state("elsewhere", "WT01")]) {
    expect([topic, await mayPublish(names.gateway, topic)]).toEqual([topic, false]);
  }

  const stranger = installation.connect("stranger", { username: `${names.gateway}/mcu-unknown` });
  const guest = installation.connect("guest", { username: "", password: "" });
  const trusted = installation.connect("trusted");
  await until(() => trusted.connected, "the gateway connects");
  expect(stranger.connected).toBe(false);
  expect(guest.connected).toBe(false);
});
