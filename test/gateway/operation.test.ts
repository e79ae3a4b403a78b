import { expect, test } from "vitest";
import type { ComponentCondition, TurbineState } from "../../src/core/contract/turbine-state.ts";
import { readDiskWrites } from "../../src/gateway/status/disk-writes.ts";
import { listMetrics, readDocumentedMetrics } from "../support/documented-metrics.ts";
import { until } from "../support/until.ts";
import { type HandDevice, startHandDevice, vibration } from "./hand-device.ts";
import { createInstallation, type Installation, statusWhen } from "./installation.ts";
import { startOpenBroker } from "./open-broker.ts";
import { listen, type Subscriber } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

const { bearing } = createTurbine(31, null);
const impatient = { operation: { dataTimeoutSeconds: 1, standbyBelowRpm: 300 } };
const topic = "scada/north/wt01";
const scada = [
  {
    topic,
    turbine: "WT01",
    timePath: "time",
    channels: [
      { name: "shaft-speed", path: "generator.rpm", unit: "rpm" },
      { name: "power", path: "power", unit: "kW" },
    ],
  },
];

/** What the retained state says of the turbine's only component. */
function componentOf(state: TurbineState | undefined): ComponentCondition | undefined {
  return state?.components?.[0];
}

/** The states that followed the first healthy one, without repetitions. */
function healthsOf(history: readonly { readonly health: string }[]): string[] {
  const healths = history.map(({ health }) => health);
  return healths.filter((health, index) => health !== healths[index - 1]);
}

/** A gateway and the one device that it watches. */
async function startWatched(installation: Installation, more: Readonly<Record<string, unknown>> = {}) {
  const device = await startHandDevice("WT01");
  const plan = { id: "WT01", bearing, connect: device.address };
  return { device, gateway: await installation.startGateway([plan], more) };
}

/** Likewise beside a collector, whose broker somebody listens at. */
async function startHeard(more: Readonly<Record<string, unknown>> = {}) {
  const installation = await createInstallation();
  await installation.startCollector();
  const subscriber = await listen(installation);
  return { subscriber, ...(await startWatched(installation, more)) };
}

test("a turbine is unknown before its first window, healthy after it, and unknown again once it stands", async () => {
  const { subscriber, device, gateway } = await startHeard();
  await until(() => subscriber.states.has("WT01"), "the first state");
  expect(subscriber.states.get("WT01")).toMatchObject({
    health: "information-unavailable",
    operatingState: "information-unavailable",
  });
  await device.stream(5);
  await until(() => subscriber.states.get("WT01")?.health === "ok", "healthy");
  expect(componentOf(subscriber.states.get("WT01"))).toMatchObject({
    component: "generator-bearing",
    health: "good",
    reason: "but held against no reference of its own",
  });
  await device.stream(1, { shaftRpm: 40 });
  await until(() => subscriber.states.get("WT01")?.health === "information-unavailable", "standing");
  await until(() => componentOf(subscriber.states.get("WT01"))?.isStandby === true, "the reason");
  expect(componentOf(subscriber.states.get("WT01"))?.reason).toBe(
    "the turbine stands by: below 300 rpm (operation.standbyBelowRpm)",
  );
  const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  expect(metrics).toContain('component="generator-bearing",health="no-data"} 1');
  expect(metrics).toContain('aurora_component_unheard{turbine="WT01",component="generator-bearing"} 0');
  await device.stream(1, { shaftRpm: 0 });
  await device.stream(5, { shaftRpm: -1500 });
  await until(() => subscriber.states.get("WT01")?.health === "ok", "healthy, turning the other way round");
  expect(healthsOf(subscriber.history)).toEqual([
    "information-unavailable",
    "ok",
    "information-unavailable",
    "ok",
  ]);
  expect(subscriber.alerts).toEqual([]);
});

/** Sends until it is said that the turbine is healthy: states are told once a second, and a second of silence is too much for an impatient gateway. */
async function streamUntilHealthy(device: HandDevice, { states }: Subscriber): Promise<void> {
  const isHealthy = (): boolean => states.get("WT01")?.health === "ok";
  await until(async () => {
    if (!isHealthy()) await device.stream(0.4);
    return isHealthy();
  }, "healthy");
}

test("a turbine whose device falls silent is unknown, and its last scores are not called healthy", async () => {
  const { subscriber, device, gateway } = await startHeard(impatient);
  await streamUntilHealthy(device, subscriber);
  await until(() => subscriber.states.get("WT01")?.health === "information-unavailable", "silence");
  await until(() => componentOf(subscriber.states.get("WT01"))?.reason === "no data", "the reason");
  const silent = subscriber.states.get("WT01");
  // By this machine's clock, wherever the device's stands.
  expect(Date.now() - componentOf(silent)!.sinceMs!).toBeLessThan(20_000);
  expect(componentOf(silent)!.health).toBe("no-data");
  expect(silent?.healthReason).toMatch(/^generator bearing: no data since (\d{4}-\d\d-\d\d )?\d\d:\d\d UTC$/);
  const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  const labels = 'turbine="WT01",component="generator-bearing"';
  expect(metrics).toContain(`aurora_component_health{${labels},health="no-data"} 1`);
  expect(metrics).toContain(`aurora_component_health{${labels},health="good"} 0`);
  expect(metrics).toContain(`aurora_component_unheard{${labels}} 1`);
  // Not known, which is not 0.
  expect(metrics).not.toContain(`aurora_component_risk_ratio{${labels}}`);
  expect(silent?.drift).toEqual([
    { component: "generator-bearing", level: "learning", since: null, title: null },
  ]);
  expect(metrics).toContain(`aurora_drift_level{${labels},level="learning"} 1`);
  expect(metrics).toContain(`aurora_drift_reference_days{${labels}} 0`);
  expect(metrics).toContain('aurora_drift_reports_refused_total{reason="late"} 0');
  expect(metrics).not.toMatch(/ nan$/im);
  if (readDiskWrites() !== null) {
    expect(metrics).toMatch(/^aurora_disk_written_bytes_total \d+$/m);
    expect(metrics).toContain("# TYPE aurora_disk_written_per_day_bytes gauge");
    expect(listMetrics(metrics)).toEqual(readDocumentedMetrics("Figures of a gateway"));
  }
  expect((await gateway.status()).devices[0]?.state).toBe("established");
  await streamUntilHealthy(device, subscriber);
});

test("data that come and can never be judged make a turbine unknown, as silence does", async () => {
  const { subscriber, device, gateway } = await startHeard(impatient);
  await streamUntilHealthy(device, subscriber);
  // The tachometer breaks; the accelerometer goes on.
  let done = false;
  const streaming = (async () => {
    while (!done) await device.stream(0.4, { shaftRpm: Number.NaN });
  })();
  await until(() => subscriber.states.get("WT01")?.health === "information-unavailable", "unknown", 30_000);
  await until(
    () =>
      componentOf(subscriber.states.get("WT01"))?.reason?.includes("quarantine (no-shaft-speed)") === true,
    "the reason",
  );
  done = true;
  await streaming;
  const { windows } = await gateway.status();
  expect(windows.byReason["no-shaft-speed"]).toBeGreaterThan(0);
  expect(windows.quarantined).toBeLessThanOrEqual(1);
});

async function publishUntil(
  installation: Installation,
  payload: unknown,
  condition: () => Promise<boolean>,
): Promise<void> {
  const bridge = installation.connect("a-scada-bridge");
  await until(() => bridge.connected, "the bridge");
  for (let tries = 0; tries < 200; tries++) {
    await bridge.publish(topic, typeof payload === "string" ? payload : JSON.stringify(payload), {
      qos: 1,
      retain: false,
    });
    if (await condition()) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await condition()).toBe(true);
  await bridge.close();
}

test("shaft speed from SCADA stands in for a device without a tachometer, and malformed payloads are counted", async () => {
  const installation = await createInstallation();
  await startOpenBroker(installation);
  const { device, gateway } = await startWatched(installation, { scada });
  await statusWhen(gateway, (status) => status.mqtt.connected);
  await device.stream(1, { shaftRpm: Number.NaN });
  expect((await gateway.status()).windows).toMatchObject({ processed: 0, quarantined: 0 });

  await publishUntil(installation, "{ no json", async () => {
    return ((await gateway.status()).windows.byReason.malformed ?? 0) > 0;
  });
  await publishUntil(
    installation,
    { time: new Date().toISOString(), generator: { rpm: "1500,0" }, power: null },
    async () => ((await gateway.status()).windows.byReason["missing-value"] ?? 0) > 0,
  );
  let sent = 0;
  await publishUntil(
    installation,
    { time: new Date().toISOString(), generator: { rpm: 1500 }, power: 900 },
    async () => {
      await device.stream(2, { shaftRpm: Number.NaN });
      sent++;
      return (await gateway.status()).windows.processed >= 2;
    },
  );
  expect(sent).toBeGreaterThan(0);
  expect((await gateway.status()).windows.dropped).toBe(0);
});

test("a shaft speed that is hours old stands in for no tachometer, until one of now comes", async () => {
  const installation = await createInstallation();
  await startOpenBroker(installation);
  const { device, gateway } = await startWatched(installation, { scada });
  await statusWhen(gateway, (status) => status.mqtt.connected);
  const at = (ageMs: number): string => new Date(Date.now() - ageMs).toISOString();
  const say = (ageMs: number) => ({ time: at(ageMs), generator: { rpm: 1500 }, power: 900 });
  await publishUntil(installation, say(3 * 3_600_000), async () => {
    return ((await gateway.status()).windows.byReason["time-jump"] ?? 0) >= 2;
  });
  await device.stream(5, { shaftRpm: Number.NaN });
  expect((await gateway.status()).windows.processed).toBe(0);
  await publishUntil(installation, say(0), async () => {
    await device.stream(2, { shaftRpm: Number.NaN });
    return (await gateway.status()).windows.processed > 0;
  });
});

test("a broker that refuses a SCADA topic does not keep the gateway from serving", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const { device, gateway } = await startWatched(installation, { scada });
  await device.stream(5);
  await statusWhen(gateway, (status) => status.windows.processed >= 3 && status.mqtt.connected);
  expect(collector.url).toContain("127.0.0.1");
});

test("a shaft speed that the device sends as a reading stands in, too, and is no change of the schema", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const device = await startHandDevice("WT01", [
    vibration,
    { name: "shaft-speed", unit: "rpm", sampleRateHz: 0, scale: 1 },
  ]);
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect: device.address }]);
  await device.reading(1, 1500);
  await device.stream(5, { shaftRpm: Number.NaN });
  const { windows } = await statusWhen(gateway, (status) => status.windows.processed >= 3);
  expect(windows.byReason).toEqual({});
  await device.reading(1, Number.POSITIVE_INFINITY);
  await statusWhen(gateway, (status) => status.windows.byReason["not-finite"] === 1);
  await gateway.close();
  await until(async () => (await collector.record.gateways()).length > 0, "records");
  const { items } = await collector.record.events({ limit: 10, offset: 0 });
  expect(items.filter(({ name }) => name.startsWith("schema-drift"))).toEqual([]);
});
