import { expect, test } from "vitest";
import { checkRunning } from "../../../../src/cli/doctor/check-running.ts";
import { findGateway } from "../../../../src/cli/doctor/find-gateway.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { until } from "../../../support/until.ts";
import { createInstallation, names, statusWhen } from "../../installation.ts";
import { startOpenBroker } from "../../open-broker.ts";
import { listen } from "../../subscriber.ts";
import { inventReadings, putScadaBundle, rowMs } from "./put-scada-bundle.ts";
import { channels, startMs, unitOf } from "./scada-site.ts";

const random = createRandom(4);

const mapping = (turbine: string, mapped: readonly string[]) => ({
  topic: `scada/${turbine}`,
  turbine,
  timePath: "time",
  channels: mapped.map((name) => ({ name, path: `values.${name}`, unit: unitOf(name) })),
});
const turbines = ["T1", "T2"].map((id) => ({ id, scadaBundle: "scada-test" }));

test("readings of a SCADA bridge become an explained alert about a component, days ahead, and a state", async () => {
  const installation = await createInstallation();
  await putScadaBundle(installation);
  await startOpenBroker(installation);
  const subscriber = await listen(installation);
  const scada = turbines.map(({ id }) => mapping(id, channels));
  const first = await installation.startGateway([], { turbines, scada });
  await statusWhen(first, (status) => status.mqtt.connected);
  const bridge = installation.connect("a-scada-bridge");
  await until(() => bridge.connected, "the bridge");
  const play = async (from: number, to: number): Promise<void> => {
    const sent: Promise<void>[] = [];
    for (let row = from; row < to; row++) {
      for (const { id } of turbines) {
        const values = inventReadings(random, id, row);
        const time = startMs + row * rowMs;
        sent.push(bridge.publish(`scada/${id}`, JSON.stringify({ time, values }), { qos: 1, retain: false }));
      }
      if (row % 6 === 5) await Promise.all(sent.splice(0));
    }
  };
  await play(0, 34 * 6);
  await until(() => subscriber.states.get("T2")?.health === "ok", "a healthy turbine");
  expect(subscriber.alerts).toEqual([]);
  await first.close();
  // Of what is known by now the alert is made: the same student under another version goes on with it.
  await putScadaBundle(installation, "1.1.0");
  const second = await installation.startGateway([], { turbines, scada });
  await statusWhen(second, (status) => status.mqtt.connected);
  await play(34 * 6, 44 * 6);
  await until(() => subscriber.alerts.length > 0, "an alert");
  const { data } = subscriber.alerts[0]!;
  expect(data).toMatchObject({
    turbine: "T1",
    component: "gearbox",
    failureMode: "failure-ahead",
    horizonHours: 1440,
    model: { name: "scada-test", version: "1.1.0" },
  });
  expect(data.explanation.groups[0]!.name).toBe("gear oil");
  expect(data.explanation.gap).toBeLessThan(1e-9);
  await until(() => subscriber.states.get("T1")?.health === "alarm", "the turbine's state");
  expect((await second.status()).windows.dropped).toBe(0);
  await bridge.close();
});

test("a bundle whose channels nobody maps, or that watches no SCADA values, is refused at the start", async () => {
  const installation = await createInstallation();
  await putScadaBundle(installation);
  const start = (changes: Readonly<Record<string, unknown>>) => installation.startGateway([], changes);
  await expect(start({ turbines: [turbines[0]], scada: [mapping("T1", channels.slice(1))] })).rejects.toThrow(
    "turbines[0].scadaBundle: no topic under scada maps power of turbine T1",
  );
  await expect(start({ turbines: [{ id: "T1", scadaBundle: "bearing-test" }], scada: [] })).rejects.toThrow(
    "bundle bearing-test does not watch SCADA values (its task is diagnosis)",
  );
  const repairs = [{ component: "rotor", date: "2026-01-01" }];
  await expect(
    start({ turbines: [{ ...turbines[0], repairs }], scada: [mapping("T1", channels)] }),
  ).rejects.toThrow('knows no component "rotor"');
});

test("a channel that rows come without is named by the source, by its components and by doctor", async () => {
  const installation = await createInstallation();
  await putScadaBundle(installation);
  await startOpenBroker(installation);
  const gateway = await installation.startGateway([], {
    turbines: [turbines[0]],
    scada: [mapping("T1", channels)],
    operation: { dataTimeoutSeconds: 1 },
  });
  await statusWhen(gateway, (status) => status.mqtt.connected);
  const bridge = installation.connect("a-scada-bridge");
  await until(() => bridge.connected, "the bridge");
  const { "gear-oil": _, ...values } = inventReadings(random, "T1", 0);
  const time = Math.floor(Date.now() / rowMs - 1) * rowMs;
  const say = (payload: object): Promise<void> =>
    bridge.publish("scada/T1", JSON.stringify(payload), { qos: 1, retain: false });
  await say({ time, values });
  const lack = 'nothing at "values.gear-oil"';
  const first = await statusWhen(
    gateway,
    (status) => status.components[0]?.reason !== "nothing was heard of it yet",
  );
  expect(first.components[0]).toMatchObject({
    health: "no-data",
    reason: `its data is in quarantine (missing-value: ${lack})`,
  });
  const { sources } = await statusWhen(gateway, (status) => status.sources[0]!.diagnoses.length > 0);
  expect(sources[0]).toMatchObject({
    faults: [`gear-oil of T1: ${lack}`],
    diagnoses: [{ code: "no-value", text: `no value of gear-oil of T1: ${lack}` }],
  });
  const config = gatewayConfigSchema().parse({
    gateway: { id: names.gateway, site: names.site, httpPort: Number(new URL(gateway.httpUrl).port) },
    turbines: [{ id: "T1" }],
  });
  const found = checkRunning(config, (await findGateway(config)).page);
  expect(found.at(-1)).toMatchObject({ verdict: "warning", text: `gear-oil of T1: ${lack}` });
  await bridge.close();
});
