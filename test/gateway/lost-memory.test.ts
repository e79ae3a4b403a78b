/** A gateway that has lost its state folder, or has an older one, while alarms of it stand at the site's broker and at the collector. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import { gatewayRights } from "../../src/core/contract/topic-rights.ts";
import type { TurbineState } from "../../src/core/contract/turbine-state.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { testBundleName } from "../support/test-bundle.ts";
import { until } from "../support/until.ts";
import { startHandDevice } from "./hand-device.ts";
import {
  createInstallation,
  deviceOf,
  type Installation,
  names,
  startDevice,
  topics,
} from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

/** As a new card in an old machine. */
function loseMemory({ folder }: Installation): void {
  rmSync(join(folder, "gateway"), { recursive: true });
}

test("an alarm outlives the memory of its gateway: it stands, is told anew, and ends at the collector where nobody watches it any more", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const turbine = createTurbine(41, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT01", turbine.source, 40);
  const plan = { id: "WT01", bearing: turbine.bearing, connect: device.address };
  const row = async () => {
    const { items } = await collector.record.alarms({ limit: 10, offset: 0 });
    return items.find(({ event }) => event.data.component === names.component);
  };
  const first = await installation.startGateway([plan]);
  await until(async () => (await row())?.active === true, "the row at the collector", 30_000);
  const { id, data } = subscriber.alerts[0]!;
  const { since } = data;
  // By the gateway's clock: it is none of an alarm that a gateway of before had raised at the same time.
  expect(Math.abs(Number(id.split("/").at(-1)) - Date.now())).toBeLessThan(60_000);
  await first.close();
  loseMemory(installation);

  const [heard, told] = [subscriber.history.length, subscriber.alerts.length];
  const second = await installation.startGateway([plan]);
  await until(() => subscriber.alerts.length > told, "an alert of a window", 30_000);
  for (const state of subscriber.history.slice(heard)) {
    expect(state).toMatchObject({
      health: "alarm",
      alarms: [{ failureMode: "outer-race", state: "unacknowledged", since }],
    });
  }
  expect(subscriber.alerts.slice(told)).toMatchObject([
    {
      type: "io.aurora.alert.updated.v1",
      data: { failureMode: "outer-race", since, model: { name: "bearing-test", version: "1.0.0" } },
    },
  ]);
  await until(async () => (await row())?.steps.length === 2, "the collector's row");
  expect(await row()).toMatchObject({ active: true });
  const events = async () => (await collector.record.events({ limit: 50, offset: 0 })).items;
  const isTold = async () => (await events()).some(({ name }) => name === "alarm.taken-up");
  await until(isTold, "the event at the collector");
  await second.close();
  loseMemory(installation);

  const point = {
    bundle: testBundleName,
    device: deviceOf("WT01"),
    channel: "accel-de",
    bearing: plan.bearing,
  };
  await installation.startGateway([plan], {
    turbines: [{ id: "WT01", points: [{ ...point, component: "main-bearing" }] }],
  });
  await until(async () => (await row())?.active === false, "the end of the row");
  const isOfIt = ({ data }: AlertEvent): boolean => data.component === names.component;
  expect(subscriber.alerts.filter(isOfIt).at(-1)).toMatchObject({
    type: "io.aurora.alert.cleared.v1",
    data: {
      component: names.component,
      since,
      clearedBecause: expect.stringContaining("no longer configured"),
    },
  });
}, 120_000);

test("an alarm outlives a state folder that is set back to before it began, while its sensor is silent", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const subscriber = await listen(installation);
  const turbine = createTurbine(41, { kind: "outer-race", onsetS: 5 });
  const healthy = await startDevice("WT01", createTurbine(41, null).source, 40);
  const device = await startDevice("WT01", turbine.source, 40);
  const silent = await startHandDevice("WT01");
  const planOf = (connect: string) => ({ id: "WT01", bearing: turbine.bearing, connect });
  const first = await installation.startGateway([planOf(healthy.address)]);
  const windows = (): number => subscriber.states.get("WT01")?.dataQuality.windowsProcessed ?? 0;
  await until(() => windows() > 0, "a window that was decided", 30_000);
  await first.close();
  // It has read its turbine's state, so that it has lost nothing.
  await (await installation.startGateway([planOf(silent.address)])).close();
  const [own, copy] = ["gateway", "copy"].map((name) => join(installation.folder, name)) as [string, string];
  cpSync(own, copy, { recursive: true });
  const second = await installation.startGateway([planOf(device.address)]);
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  const { since } = subscriber.alerts[0]!.data;
  await second.close();
  loseMemory(installation);
  cpSync(copy, own, { recursive: true });

  await installation.startGateway([planOf(silent.address)]);
  await until(() => windows() === 0, "a state of the last run", 30_000);
  const { health, alarms } = subscriber.states.get("WT01")!;
  expect([health, alarms.map((alarm) => alarm.since)]).toEqual(["alarm", [since]]);
}, 60_000);

test.skipIf(!hasMosquitto)(
  "mosquitto tells a gateway of its turbines' alarms by the access list of an enrolment, and not by one of before",
  async () => {
    for (const isFormer of [false, true]) {
      const installation = await createInstallation();
      const { publish, subscribe } = gatewayRights("aurora/v1", names.gateway, names.site);
      const readable = isFormer ? subscribe.filter((filter) => !filter.endsWith("/state")) : subscribe;
      const list = [
        `user ${names.gateway}`,
        ...publish.map((filter) => `topic write ${filter}`),
        ...readable.map((filter) => `topic read ${filter}`),
        "user watcher",
        "topic readwrite #",
      ];
      const path = join(installation.folder, "mosquitto.acl");
      writeFileSync(path, list.join("\n"));
      const broker = await startMosquitto(Number(new URL(installation.mqttUrl).port), [
        // Else it gives up the right to read the list.
        "user root",
        `acl_file ${path}`,
      ]);
      onTestFinished(() => broker.close());
      const watcher = installation.connect("watcher", { username: "watcher" });
      await until(() => watcher.connected, "the watcher");
      const states: TurbineState[] = [];
      const topic = topics.state(names.site, "WT01");
      const since = "2026-11-01T12:00:00.000Z";
      await watcher.publish(topic, JSON.stringify(standing(since)), { qos: 1, retain: true });
      await watcher.subscribe(topic, 1, (_topic, payload, retain) => {
        if (!retain) states.push(JSON.parse(new TextDecoder().decode(payload)));
      });
      const device = await startHandDevice("WT01");
      const { bearing } = createTurbine(31, null);
      await installation.startGateway([{ id: "WT01", bearing, connect: device.address }]);
      await until(() => states.length > 0, "a state of the gateway");
      expect(states[0]!.alarms.map((alarm) => [alarm.failureMode, alarm.since])).toEqual(
        isFormer ? [] : [["outer-race", since]],
      );
    }
  },
);

/** What a gateway that is no more said last. */
function standing(since: string): TurbineState {
  const { site, component } = names;
  const alarm = { component, failureMode: "outer-race", since, probability: 0.9 };
  return {
    site,
    turbine: "WT01",
    time: "2026-11-02T12:00:00.000Z",
    operatingState: "information-unavailable",
    health: "alarm",
    alarms: [{ ...alarm, state: "unacknowledged", severity: "critical" }],
    lastScores: [],
    model: null,
    dataQuality: { windowsProcessed: 0, windowsQuarantined: 0, quarantinedByReason: {} },
  };
}
