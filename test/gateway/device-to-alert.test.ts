import { expect, test } from "vitest";
import { until } from "../support/until.ts";
import { waitsForNobody } from "../support/waits-for-nobody.ts";
import { createInstallation, names, startDevice, statusWhen } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

interface Page<T> {
  readonly items: T[];
}

test("a fault on one of three turbines becomes one explained alert on MQTT and a record at the collector", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const plans = [
    { id: "WT01", ...createTurbine(31, null, 90) },
    { id: "WT02", ...createTurbine(32, { kind: "outer-race", onsetS: 20 }, 90) },
    { id: "WT03", ...createTurbine(33, null, 90) },
  ];
  const devices = await Promise.all(plans.map(({ id, source }) => startDevice(id, source, 60)));
  const gateway = await installation.startGateway(
    plans.map(({ id, bearing }, index) => ({ id, bearing, connect: devices[index]!.address })),
  );
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  expect(await Promise.all(devices.map((device) => device.ended))).toEqual([
    "source-ended",
    "source-ended",
    "source-ended",
  ]);
  const healths = (): string => plans.map(({ id }) => subscriber.states.get(id)?.health).join();
  await until(() => healths() === "ok,alarm,ok", "the retained states");

  const { models, windows } = await statusWhen(gateway, (status) => status.windows.processed > 150);
  const [alert] = subscriber.alerts;
  expect(subscriber.alerts.map(({ data }) => [data.turbine, data.failureMode])).toEqual([
    ["WT02", "outer-race"],
  ]);
  expect(alert).toMatchObject({
    specversion: "1.0",
    type: "io.aurora.alert.raised.v1",
    source: "/north/WT02",
    subject: names.component,
    data: {
      model: { name: "bearing-test", version: "1.0.0", digest: models[0]!.digest },
      horizonHours: null,
    },
  });
  const { explanation, score, probability, threshold } = alert!.data;
  const sum = explanation.groups.reduce((total, { share }) => total + share, explanation.baseValue);
  expect(Math.abs(sum - score)).toBeLessThan(1e-9);
  expect(probability).toBeGreaterThanOrEqual(threshold);
  const largest = explanation.groups.toSorted((one, other) => other.share - one.share)[0];
  expect(largest?.name).toBe("outer race");
  expect(windows.dropped).toBe(0);
  for (const id of ["WT01", "WT03"]) {
    expect(subscriber.states.get(id)?.alarms).toEqual([]);
  }

  // What comes late is told at once: state and status are retained.
  const late = await listen(installation);
  await until(() => late.states.size === 3 && late.statuses.length === 1, "retained messages");
  expect(late.states.get("WT02")?.alarms).toMatchObject([
    { failureMode: "outer-race", state: "unacknowledged", since: alert!.data.since },
  ]);
  expect(late.statuses[0]).toMatchObject({ gateway: names.gateway, online: true, version: "0.1.0" });
  expect(JSON.stringify(late.statuses[0])).not.toContain(installation.password);
  expect(late.alerts).toEqual([]);

  const ask = async (path: string): Promise<string> => (await fetch(collector.url + path)).text();
  await until(
    async () => (await collector.record.alarms({ limit: 1, offset: 0 })).total === 1,
    "the stored alert",
  );
  const heard = async (): Promise<string> => {
    const { items }: Page<{ turbine: string; health: string }> = JSON.parse(await ask("/api/v1/turbines"));
    return items
      .map(({ turbine, health }) => `${turbine} ${health}`)
      .sort()
      .join();
  };
  await until(async () => (await heard()) === "WT01 ok,WT02 alarm,WT03 ok", "the collector's turbines");
  expect(await ask("/api/v1/alerts")).toContain(alert!.id);

  await waitsForNobody(gateway.close());
  // What was still gathered has gone to the collector with the end.
  const day = new Date().toISOString().slice(0, 10);
  await until(async () => (await collector.record.driftOfDay({ day })).length > 0, "drift");
  expect(await ask("/api/v1/drift")).toContain("bpfo.h1");
  await until(() => subscriber.statuses.at(-1)?.online === false, "the gateway says goodbye");
  await waitsForNobody(collector.close());
});

test("a gateway that is lost without a word is offline by its last will", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const subscriber = await listen(installation);
  const { bearing } = createTurbine(31, null);
  await installation.startGateway([{ id: "WT01", connect: "mqtt", bearing }]);
  await until(() => subscriber.statuses.at(-1)?.online === true, "online");
  // Another client of the same name throws the first one out, as a broken link would.
  const usurper = installation.connect(`aurora-gateway-${names.gateway}`);
  await until(() => subscriber.statuses.some(({ online }) => !online), "the last will");
  await usurper.close();
  await until(() => subscriber.statuses.at(-1)?.online === true, "online again");
});
