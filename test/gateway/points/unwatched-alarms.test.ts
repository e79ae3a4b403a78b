/** What the configuration no longer names ends, once, and nothing else does. */
import { expect, test } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../src/core/decision/alarms/alert-policy.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createKeptServing } from "../../../src/gateway/points/kept-serving.ts";
import { readSnapshots } from "../../../src/gateway/points/snapshots.ts";
import { createUnwatchedAlarms, forgetUnwatched } from "../../../src/gateway/points/unwatched-alarms.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createFakeMqtt, createFakeState } from "../fakes.ts";
import { createScadaBundle } from "./scada/scada-site.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };
const config = gatewayConfigSchema().parse({
  gateway: { id: "gw", site: "north" },
  devices: [{ id: "mcu", connect: "mqtt" }],
  turbines: [
    {
      id: "t1",
      scadaBundle: "scada-test",
      points: [{ component: "main-bearing", bundle: "b", device: "mcu", channel: "de", bearing }],
    },
  ],
});

test("alarms of components and turbines that are gone are cleared", async () => {
  const register = createAlarmRegister();
  const points = [
    ["north", "t1", "main-bearing"],
    ["north", "t1", "gearbox"],
    ["north", "t1", "mian-bearing"],
    ["north", "t9", "main-bearing"],
    ["south", "t1", "main-bearing"],
  ].map(([site, turbine, component]) => ({ site: site!, turbine: turbine!, component: component! }));
  for (const point of points) feed(register, decisionAt(0, [["inner", 0.9, 0]], { point }));
  // The gearbox is watched by its SCADA values, and the main bearing by its vibration alone.
  for (const point of points.slice(0, 2))
    feed(register, decisionAt(0, [["failure-ahead", 0.9, 0]], { point }));
  const told: (readonly AlertEvent[])[] = [];
  const clock = createManualClock();
  const mqtt = createFakeMqtt();
  const subscribed: string[] = [];
  mqtt.subscribe = async (filter) => void subscribed.push(filter);
  const unwatched = createUnwatchedAlarms({
    config,
    manifestOf: () => createScadaBundle().manifest,
    register,
    kept: { alarms: register.snapshot() },
    record: { state: createFakeState(), telemetry: { event: () => {} } },
    topics: createTopics("aurora/v1"),
    mqtt,
    clock,
    timers: clock,
    logger: silentLogger,
    keep: () => {},
    onAlerts: (events) => void told.push(events),
  });
  const tick = (): readonly string[] => {
    unwatched.tick();
    return told
      .splice(0)
      .flatMap((events) =>
        events.map(
          ({ data: { site, turbine, component, failureMode }, type }) =>
            `${type.split(".")[3]} ${site} ${turbine} ${component} ${failureMode}`,
        ),
      );
  };
  expect(tick()).toEqual([
    "cleared north t1 gearbox inner",
    "cleared north t1 mian-bearing inner",
    "cleared south t1 main-bearing inner",
    "cleared north t1 main-bearing failure-ahead",
  ]);
  // A broker may end each connection that asks for a topic of another site.
  expect(subscribed).toEqual(["aurora/v1/turbine/north/t9/state"]);
  // Another gateway may watch what is gone as a whole: that none does is known once the broker has been listened to.
  clock.advance(3_600_000);
  expect(tick()).toEqual([]);
  mqtt.connect();
  expect(mqtt.sent.map(({ topic }) => topic)).toEqual(["aurora/v1/turbine/south/t1/state"]);
  clock.advance(179_000);
  expect(tick()).toEqual([]);
  // What was said without a connection was not heard: the next one is listened to for as long.
  mqtt.refuse = "closed";
  await expect(mqtt.publish("any", "", { qos: 1, retain: false })).rejects.toThrow();
  clock.advance(600_000);
  expect(tick()).toEqual([]);
  mqtt.refuse = false;
  mqtt.connect();
  clock.advance(179_000);
  expect(tick()).toEqual([]);
  clock.advance(1_000);
  expect(tick()).toEqual(["cleared north t9 main-bearing inner"]);
  expect(tick()).toEqual([]);
});

test("of what is gone nothing that is over outlives a start, and what waits for people or is withheld by them stays", () => {
  const state = createFakeState();
  const alarms = ["main-bearing", "acknowledged", "unseen", "over", "withheld"].map((component) => ({
    point: { site: "north", turbine: "t1", component },
    failureMode: "inner",
  }));
  const start = () => {
    const clock = createManualClock();
    const kept = readSnapshots(state, silentLogger);
    const watched = { config, manifestOf: () => createScadaBundle().manifest };
    const register = createAlarmRegister(defaultAlertPolicy, forgetUnwatched(kept.alarms, watched));
    const deciderOf = () => undefined;
    const serving = createKeptServing({ config, kept, state, register, deciderOf, clock });
    const told: string[] = [];
    const { tick: end } = createUnwatchedAlarms({
      ...watched,
      register,
      kept,
      record: { state, telemetry: { event: () => {} } },
      topics: createTopics("aurora/v1"),
      mqtt: createFakeMqtt(),
      clock,
      timers: clock,
      logger: silentLogger,
      keep: serving.keep,
      onAlerts: (events) => {
        for (const { data } of events) {
          told.push(data.component);
          state.setAll(serving.describe(data));
        }
      },
    });
    const kill = (): readonly string[] =>
      readSnapshots(state, silentLogger).alarms.records.map(
        ({ point, alarm }) => `${point.component} ${alarm.state}`,
      );
    return { register, serving, told, end, kill };
  };
  const first = start();
  for (const { point } of alarms) feed(first.register, decisionAt(0, [["inner", 0.9, 0]], { point }));
  const by = "ana";
  for (const alarm of [alarms[1]!, alarms[3]!])
    first.register.step(alarm, { kind: "acknowledge", atMs: 1, by }, 1);
  first.register.retire({ isOver: ({ point }) => point.component === "over", atMs: 2, reason: "" });
  first.register.step(alarms[4]!, { kind: "remove-from-service", atMs: 1, by }, 1);
  for (const { point } of alarms) first.serving.keep(point);
  expect(first.kill()).toHaveLength(5);
  const second = start();
  second.end();
  second.serving.tick();
  expect(second.told).toEqual(["acknowledged", "unseen", "withheld"]);
  expect(second.kill().toSorted()).toEqual([
    "acknowledged normal",
    "main-bearing unacknowledged",
    "unseen returned-unacknowledged",
    "withheld out-of-service",
  ]);
  expect(state.keys("serving/").toSorted()).toEqual(
    ["acknowledged", "main-bearing", "unseen", "withheld"].map((component) => `serving/t1/${component}`),
  );
  // What people let go is forgotten with the next start.
  second.register.step(alarms[2]!, { kind: "acknowledge", atMs: 3, by }, 3);
  second.register.step(alarms[4]!, { kind: "return-to-service" }, 3);
  second.serving.keepSteps();
  const third = start();
  third.end();
  third.serving.tick();
  expect([third.told, third.kill()]).toEqual([[], ["main-bearing unacknowledged"]]);
});
