/** What a broker refuses on one topic keeps nothing from the others, told by a mosquitto whose access list is given and taken. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { createMqttAlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { notePublishedStates } from "../../../src/gateway/alarms/published-states.ts";
import { findFreePort } from "../../support/free-port.ts";
import { hasMosquitto, type Mosquitto, startMosquitto } from "../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { alertAt, createFakeState } from "../fakes.ts";
import { createInstallation, startDevice, statusWhen } from "../installation.ts";
import { createTurbine } from "../turbines.ts";
import { openJournal } from "./open-journal.ts";

const topics = createTopics("aurora/v1");

describe.skipIf(!hasMosquitto)("of what mosquitto refuses", () => {
  /** One that lets everybody read, and write to these. */
  async function start(extra: readonly string[], writable: readonly string[]) {
    const list = join(createTemporaryFolder(), "acl");
    const allow = (filters: readonly string[]): void =>
      writeFileSync(list, ["topic read #", ...filters.map((each) => `topic write ${each}`), ""].join("\n"));
    allow(writable);
    const broker = await startMosquitto(await findFreePort(), ["user root", `acl_file ${list}`, ...extra]);
    onTestFinished(() => broker.close());
    return { broker, allow };
  }

  async function connect({ port }: Mosquitto, clientId: string): Promise<MqttClient> {
    const client = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId });
    onTestFinished(() => client.close());
    await client.firstAttempt;
    return client;
  }

  async function hear(broker: Mosquitto, filter: string): Promise<readonly string[]> {
    const heard: string[] = [];
    const reader = await connect(broker, `reader of ${filter}`);
    await reader.subscribe(filter, 1, (topic) => heard.push(topic.split("/").slice(3, 5).join("/")));
    return heard;
  }

  async function openAlerts(broker: Mosquitto) {
    const mqtt = await connect(broker, "gateway");
    const sink = createMqttAlertSink(mqtt, topics, {
      site: "north",
      onRefused: () => {},
      timers: systemTimers,
      logger: silentLogger,
    });
    return { mqtt, journal: openJournal([sink]) };
  }

  test("an alert without a right holds up no other turbine's, and comes by itself once there is the right", async () => {
    const north = ["WT01", "WT02"].map((turbine) => `aurora/v1/turbine/north/${turbine}/#`);
    const { broker, allow } = await start([], north.slice(0, 1));
    const heard = await hear(broker, "aurora/v1/turbine/+/+/alert");
    const { mqtt, journal } = await openAlerts(broker);
    journal.take([alertAt(1, "WT02")], () => ({}));
    for (const index of [2, 3]) journal.take([alertAt(index)], () => ({}));
    await until(() => heard.length === 2, "the other turbine's alerts");
    expect(heard).toEqual(["north/WT01", "north/WT01"]);
    expect(journal.refused).toMatchObject([{ topic: topics.alert("north", "WT02") }]);
    allow(north);
    broker.reload();
    await until(() => journal.undelivered === 0, "it is taken", 20_000);
    expect(heard).toEqual(["north/WT01", "north/WT01", "north/WT02"]);
    expect([mqtt.connected, journal.refused]).toEqual([true, []]);
  });

  test.each(["message_size_limit 3000", "max_packet_size 3000"])(
    "an alert that is too large (%s) holds up no other turbine's",
    async (limit) => {
      const { broker } = await start([limit], ["#"]);
      const heard = await hear(broker, "aurora/v1/turbine/+/+/alert");
      const { mqtt, journal } = await openAlerts(broker);
      let losses = 0;
      mqtt.onDisconnect(() => losses++);
      const large = alertAt(1, "WT02");
      journal.take([{ ...large, subject: "b".repeat(4_000) }], () => ({}));
      journal.take([alertAt(2)], () => ({}));
      await until(() => heard.length === 1, "the other turbine's alert");
      expect(heard).toEqual(["north/WT01"]);
      expect(journal.refused).toMatchObject([{ topic: topics.alert("north", "WT02") }]);
      expect([journal.undelivered, losses]).toEqual([1, 0]);
    },
  );

  test("a gateway names the topic in its status, and publishes the turbine's state all the same", async () => {
    const { broker } = await start(
      [],
      ["aurora/v1/turbine/+/WT02/state", "aurora/v1/up/#", "aurora/v1/gateway/#"],
    );
    const heard = await hear(broker, "aurora/v1/turbine/+/+/state");
    const installation = await createInstallation();
    const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 10 }, 60);
    const device = await startDevice("WT02", source, 60);
    const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: device.address }], {
      mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
    });
    await device.ended;
    const status = await statusWhen(gateway, ({ refusedAlerts }) => refusedAlerts.length > 0);
    expect(status).toMatchObject({
      mqtt: { connected: true },
      refusedAlerts: [{ topic: expect.stringMatching(/\/WT02\/alert$/), reason: expect.any(String) }],
    });
    expect(heard.length).toBeGreaterThan(0);
  });

  test("a state of a former site stays, and those of former turbines go", async () => {
    const { broker } = await start([], ["aurora/v1/turbine/new/#"]);
    const mqtt = await connect(broker, "gateway");
    const [former, kept] = [topics.state("new", "WT02"), topics.state("new", "WT01")];
    for (const topic of [former, kept]) await mqtt.publish(topic, "{}", { qos: 1, retain: true });
    const state = createFakeState();
    state.set("published-states", JSON.stringify([topics.state("old", "WT01"), former, kept]));
    notePublishedStates({
      config: { gateway: { site: "new" }, turbines: [{ id: "WT01" }] } as never,
      state,
      alarms: undefined,
      mqtt,
      topics,
      logger: silentLogger,
      onEmptied: () => {},
    }).empty(() => true);
    await until(() => state.get("published-states")?.includes(former) === false, "it is emptied", 5_000);
    expect(JSON.parse(state.get("published-states")!)).toEqual([topics.state("old", "WT01"), kept]);
    const heard = await hear(broker, "aurora/v1/turbine/+/+/state");
    await until(() => heard.length > 0, "what is retained");
    expect(heard).toEqual(["new/WT01"]);
  });
});
