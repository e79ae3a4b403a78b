/** A turbine that another gateway watches by now: the one that is started without it says nothing more of it. */
import { expect, onTestFinished, test } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../src/core/decision/alarms/alert-policy.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { createKeptServing } from "../../../src/gateway/points/kept-serving.ts";
import { readSnapshots } from "../../../src/gateway/points/snapshots.ts";
import { createUnwatchedAlarms, forgetUnwatched } from "../../../src/gateway/points/unwatched-alarms.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { createFakeState } from "../fakes.ts";
import { said, stateOf } from "./recall-starts.ts";
import { createScadaBundle } from "./scada/scada-site.ts";

const topics = createTopics("aurora/v1");
const topic = topics.state("north", "t9");
const config = gatewayConfigSchema().parse({
  gateway: { id: "gw", site: "north" },
  devices: [],
  turbines: [{ id: "t1", points: [] }],
});
const manifestOf = () => createScadaBundle().manifest;
const components = ["stands", "waits", "withheld"];
const retained = (gateway?: string, named = components): string =>
  JSON.stringify(
    stateOf(
      named.map((component) => said("inner", { component })),
      { turbine: "t9", gateway },
    ),
  );

/** A gateway without a turbine that it watched before, of which one alarm stands, one waits for people and one is withheld. */
async function startWithoutTurbine(state: string | null) {
  /** May it publish? A broker of MQTT 3.1.1 can but end the connection of who may not. */
  const rights = { gw: true };
  const broker = await createEmbeddedBroker({
    port: 0,
    authenticate: () => true,
    authorisePublish: ({ clientId }) => clientId !== "gw" || rights.gw,
    authoriseSubscribe: () => true,
  });
  onTestFinished(() => broker.close());
  const connect = async (clientId: string): Promise<MqttClient> => {
    const backoff = { firstMs: 10, maxMs: 20 };
    const client = createMqttClient({ url: `mqtt://127.0.0.1:${broker.port}`, clientId, backoff });
    onTestFinished(() => client.close());
    await client.firstAttempt;
    return client;
  };
  const other = await connect("gw-b");
  const say = (text: string): Promise<void> => other.publish(topic, text, { qos: 1, retain: true });
  if (state !== null) await say(state);

  const clock = createManualClock();
  const kept = createFakeState();
  kept.set("published-states", JSON.stringify([topic]));
  const before = createAlarmRegister();
  const alarms = components.map((component) => ({
    point: { site: "north", turbine: "t9", component },
    failureMode: "inner",
  }));
  for (const { point } of alarms) feed(before, decisionAt(0, [["inner", 0.99, 0]], { point }));
  before.step(alarms[2]!, { kind: "remove-from-service", atMs: 1, by: "ana" }, 1);
  before.retire({ isOver: ({ point }) => point.component === "waits", atMs: 1, reason: "over" });
  const first = readSnapshots(kept, silentLogger);
  const deciderOf = (): undefined => undefined;
  const writing = createKeptServing({ config, kept: first, state: kept, register: before, deciderOf, clock });
  for (const { point } of alarms) writing.keep(point);

  const last = readSnapshots(kept, silentLogger);
  const watched = { config, manifestOf };
  const register = createAlarmRegister(defaultAlertPolicy, forgetUnwatched(last.alarms, watched));
  const serving = createKeptServing({ config, kept: last, state: kept, register, deciderOf, clock });
  const told: string[] = [];
  const events: string[] = [];
  const mqtt = await connect("gw");
  const unwatched = createUnwatchedAlarms({
    ...watched,
    register,
    kept: last,
    record: { state: kept, telemetry: { event: (...said) => void events.push(said.join(", ")) } },
    topics,
    mqtt,
    clock,
    timers: clock,
    logger: silentLogger,
    keep: serving.keep,
    onAlerts: (alerts: readonly AlertEvent[]) =>
      void told.push(...alerts.map(({ type, subject }) => `${type.split(".")[3]} ${subject}`)),
  });
  onTestFinished(unwatched.close);
  const read = async (): Promise<string | undefined> => {
    let text: string | undefined;
    const reader = await connect("reader");
    await reader.subscribe(topic, 1, (_, payload) => {
      text = Buffer.from(payload).toString();
    });
    await reader.unsubscribe(`${topic}/none`);
    await reader.close();
    return text;
  };
  /** What was said until now has come. */
  const hear = (): Promise<void> => mqtt.unsubscribe(`${topic}/none`);
  const listKept = () => readSnapshots(kept, silentLogger).alarms.records.length;
  return { say, unwatched, clock, told, events, register, kept, listKept, read, hear, mqtt, rights };
}

const handedOver = (detail: string): readonly string[] =>
  components.map((component) => `alarm.handed-over, t9 ${component} inner, ${detail}`);
const detail = "gw-b watches its turbine, which is no longer configured here: the alarm is that gateway's";

test("its alarms are another gateway's that has said a state of it, and nobody is told that they ended", async () => {
  const gateway = await startWithoutTurbine(retained("gw-b"));
  gateway.unwatched.tick();
  await until(() => gateway.events.length === 3, "they are handed over");
  expect(gateway.events).toEqual(handedOver(detail));
  gateway.clock.advance(600_000);
  gateway.unwatched.tick();
  expect([gateway.told, gateway.register.list(), gateway.listKept()]).toEqual([[], [], 0]);
  expect(gateway.kept.get("published-states")).toBe(JSON.stringify([topics.state("north", "t1")]));
  expect(await gateway.read()).toBe(retained("gw-b"));
});

test("they are so too where its own last state lies over the other one's, who speaks within three minutes", async () => {
  const gateway = await startWithoutTurbine(retained("gw"));
  await gateway.hear();
  gateway.clock.advance(170_000);
  gateway.unwatched.tick();
  expect([gateway.told, gateway.events, gateway.listKept()]).toEqual([[], [], 3]);
  await gateway.say(retained("gw-b"));
  await until(() => gateway.events.length === 3, "they are handed over");
  gateway.clock.advance(600_000);
  gateway.unwatched.tick();
  expect([gateway.told, gateway.register.list()]).toEqual([[], []]);
  expect(await gateway.read()).toBe(retained("gw-b"));
});

test("what the other gateway does not know ends, and is told", async () => {
  const gateway = await startWithoutTurbine(retained("gw-b", ["withheld"]));
  await until(() => gateway.events.length === 1, "one is handed over");
  gateway.unwatched.tick();
  expect(gateway.events).toEqual(handedOver(detail).slice(2));
  expect(gateway.told).toEqual(["cleared stands"]);
  // They wait for people.
  expect(gateway.register.list().map(({ component }) => component)).toEqual(["stands", "waits"]);
  expect(await gateway.read()).toBe(retained("gw-b", ["withheld"]));
});

test.each([
  ["nobody", null],
  ["this gateway alone", retained("gw")],
  ["a gateway that does not say who it is", retained(undefined)],
  ["somebody who says no state", '{"gateway":"gw-b"}'],
])("they end, and the state is taken back, where %s speaks of it", async (_, state) => {
  const gateway = await startWithoutTurbine(state);
  await gateway.hear();
  gateway.unwatched.tick();
  expect(gateway.told).toEqual([]);
  gateway.clock.advance(180_000);
  gateway.unwatched.tick();
  expect([gateway.told, gateway.events]).toEqual([["cleared stands", "cleared withheld"], []]);
  const isForgotten = (): boolean => gateway.kept.get("published-states")?.includes("t9") === false;
  await until(isForgotten, "it is emptied");
  expect(await gateway.read()).toBeUndefined();
});

test("what the broker did not take in time is not taken from another gateway that has begun to speak", async () => {
  const gateway = await startWithoutTurbine(retained("gw"));
  await gateway.hear();
  gateway.rights.gw = false;
  let losses = 0;
  gateway.mqtt.onDisconnect(() => losses++);
  gateway.clock.advance(180_000);
  gateway.unwatched.tick();
  expect(gateway.told).toEqual(["cleared stands", "cleared withheld"]);
  await until(() => losses > 0, "its connection is ended");
  gateway.rights.gw = true;
  await gateway.say(retained("gw-b"));
  await until(() => gateway.kept.get("published-states")?.includes("t9") === false, "it hears the other");
  gateway.clock.advance(600_000);
  gateway.unwatched.tick();
  await gateway.hear();
  expect(await gateway.read()).toBe(retained("gw-b"));
});

test("what the broker did not take in time is taken back once nobody was heard over the next connection", async () => {
  const gateway = await startWithoutTurbine(retained("gw"));
  await gateway.hear();
  gateway.rights.gw = false;
  let losses = 0;
  gateway.mqtt.onDisconnect(() => losses++);
  gateway.clock.advance(180_000);
  await until(() => losses > 0 && gateway.mqtt.connected, "its connection is ended, and there is another");
  gateway.rights.gw = true;
  await gateway.hear();
  expect(await gateway.read()).toBe(retained("gw"));
  gateway.clock.advance(180_000);
  await until(() => gateway.kept.get("published-states")?.includes("t9") === false, "it is emptied");
  expect(await gateway.read()).toBeUndefined();
});
