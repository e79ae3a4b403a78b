import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type AlarmRegister,
  type AlarmRegisterSnapshot,
  createAlarmRegister,
} from "../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../src/core/decision/alarms/alert-policy.ts";
import { createStateStore } from "../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../src/gateway/record/store-file.ts";
import { findFreePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";
import { waitsForNobody } from "../support/waits-for-nobody.ts";
import { openWatchedLink } from "../support/watched-link.ts";
import { createInstallation, type Installation, names, startDevice, statusWhen } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

test("inference goes on while the broker cannot be reached; then everything arrives, nothing twice in effect", async () => {
  const installation = await createInstallation();
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 10 }, 60);
  const device = await startDevice("WT02", source, 60);
  // Its way to the broker opens when somebody listens there: an alert is told once.
  const way = await findFreePort();
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: device.address }], {
    mqtt: {
      url: `mqtt://127.0.0.1:${way}`,
      username: names.gateway,
      passwordFile: join(installation.folder, "gateway.password"),
    },
  });
  expect(await device.ended).toBe("source-ended");
  const before = await statusWhen(
    gateway,
    ({ unpublishedAlerts, windows }) => unpublishedAlerts > 0 && windows.processed > 25,
  );
  expect(before.mqtt.connected).toBe(false);
  expect(before.windows.dropped).toBe(0);
  const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  expect(metrics).toMatch(/^aurora_alerts_unpublished [1-9]/m);
  expect(metrics).toMatch(/^aurora_outbox_alerts [1-9]/m);
  expect(metrics).toContain("aurora_outbox_trouble 0\n");

  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  await openWatchedLink(Number(new URL(installation.mqttUrl).port), Number.POSITIVE_INFINITY, way);
  await until(() => subscriber.alerts.length > 0, "the alert", 40_000);
  await until(() => subscriber.states.get("WT02")?.health === "alarm", "the state");
  await statusWhen(gateway, (status) => status.unpublishedAlerts === 0);
  await gateway.close();
  const stored = async (): Promise<number> => {
    const days = await collector.record.driftOfDay({ day: new Date().toISOString().slice(0, 10) });
    return days.reduce((sum, day) => sum + day.reports, 0);
  };
  await until(async () => (await stored()) > 0, "the records");

  expect(new Set(subscriber.alerts.map(({ id }) => id)).size).toBe(subscriber.alerts.length);
  expect(subscriber.alerts.map(({ data }) => data.failureMode)).toEqual(["outer-race"]);
  const alarms = () => collector.record.alarms({ limit: 10, offset: 0 });
  await until(async () => (await alarms()).total > 0, "the alert at the collector");
  const { items } = await alarms();
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ active: true, event: { id: subscriber.alerts[0]?.id } });
  expect((await collector.record.quarantine(0)).total).toBe(0);
});

test("a gateway that cannot reach its broker stops at once and tells the next time", async () => {
  const installation = await createInstallation();
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 10 }, 60);
  const device = await startDevice("WT02", source, 60);
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: device.address }]);
  expect(await device.ended).toBe("source-ended");
  await statusWhen(gateway, (status) => status.unpublishedAlerts > 0);
  await waitsForNobody(gateway.close());

  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const again = await installation.startGateway([{ id: "WT02", bearing, connect: "mqtt" }]);
  await until(() => subscriber.alerts.length > 0, "the alert of the last run");
  await until(
    async () => (await collector.record.alarms({ limit: 10, offset: 0 })).total === 1,
    "the stored alert",
  );
  await statusWhen(again, (status) => status.outbox.records === 0);
  expect(subscriber.alerts).toHaveLength(1);
});

/** Changes the alarms in what a stopped gateway has kept, in `folder`; gives them. */
function changeKept(folder: string, change: (register: AlarmRegister) => void = () => {}): AlarmRegister {
  const file = openStoreFile({ path: join(folder, "gateway.db") });
  const state = createStateStore(file);
  const key = `serving/WT02/${names.component}`;
  const kept = JSON.parse(state.get(key) ?? '{"alarms":[]}') as { alarms: AlarmRegisterSnapshot["records"] };
  const register = createAlarmRegister(defaultAlertPolicy, { records: kept.alarms });
  change(register);
  expect(state.set(key, JSON.stringify({ ...kept, alarms: register.snapshot().records }))).toBe(true);
  file.close();
  return register;
}

/** Somebody acknowledges every alarm in what a stopped gateway has kept. */
function acknowledge(installation: Installation, atMs: number): void {
  changeKept(join(installation.folder, "gateway"), (register) => {
    for (const { point, failureMode } of register
      .snapshot()
      .records.filter(({ told }) => told === "raised")) {
      const step = register.step({ point, failureMode }, { kind: "acknowledge", by: "a person", atMs }, atMs);
      expect(step.ok).toBe(true);
    }
  });
}

test("what begins beneath a shelf is written down at once, though nobody is told: a kill takes nothing back", async () => {
  const installation = await createInstallation();
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT02", source, 20);
  await (await installation.startGateway([{ id: "WT02", bearing, connect: "mqtt" }])).close();
  const folder = join(installation.folder, "gateway");
  const atMs = Date.now();
  changeKept(folder, (register) => {
    const point = { site: names.site, turbine: "WT02", component: names.component };
    for (const failureMode of ["outer-race", "inner-race", "ball"])
      register.step({ point, failureMode }, { kind: "remove-from-service", by: "a person", atMs }, atMs);
  });
  await installation.startGateway([{ id: "WT02", bearing, connect: device.address }]);
  let copies = 0;
  /** What a kill in this moment would leave. */
  const findKept = (): boolean => {
    const copy = join(installation.folder, `copy-${copies++}`);
    cpSync(folder, copy, { recursive: true });
    return changeKept(copy)
      .list()
      .some(({ conditionActive }) => conditionActive);
  };
  await until(findKept, "the alarm's condition on the disk", 30_000);
});

test("an alarm outlives a restart of the gateway: same id, same since, and nobody is told again", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT02", source, 20);
  const turbine = { id: "WT02", bearing, connect: device.address };
  const gateway = await installation.startGateway([turbine]);
  // State and alert go their own ways: either may come first.
  await until(
    () => subscriber.states.get("WT02")?.health === "alarm" && subscriber.alerts.length > 0,
    "the alarm",
  );
  const [raised] = subscriber.alerts;
  await gateway.close();
  acknowledge(installation, Date.now());

  subscriber.states.clear();
  const again = await installation.startGateway([turbine]);
  await statusWhen(again, (status) => status.windows.processed > 10);
  await until(() => subscriber.states.get("WT02")?.health === "alarm", "the alarm still stands");
  expect(subscriber.states.get("WT02")?.alarms).toMatchObject([
    {
      failureMode: "outer-race",
      component: names.component,
      since: raised!.data.since,
      state: "acknowledged",
    },
  ]);
  expect(subscriber.alerts.map(({ type }) => type)).toEqual(["io.aurora.alert.raised.v1"]);
  const countStored = async (): Promise<number> =>
    (await collector.record.alarms({ limit: 10, offset: 0 })).total;
  await until(async () => (await countStored()) > 0, "the alert at the collector");
  expect(await countStored()).toBe(1);
});
