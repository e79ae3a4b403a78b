/** A retained state goes when its turbine is no longer configured, and none that is configured does. */
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import type { AlarmRegisterSnapshot } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { createMqttError } from "../../../src/core/platform/mqtt/mqtt-exchanges.ts";
import { notePublishedStates } from "../../../src/gateway/alarms/published-states.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { findFreePort } from "../../support/free-port.ts";
import { until } from "../../support/until.ts";
import { createFakeMqtt, createFakeState, type FakeMqtt } from "../fakes.ts";
import { startClosingBroker } from "../refusing-broker.ts";

const topics = createTopics("aurora/v1");
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Starts of one gateway, of which each is killed. */
function createStarts() {
  const kept = createFakeState();
  let writes = 0;
  const state = {
    ...kept,
    set: (key: string, text: string | null) => {
      writes++;
      return kept.set(key, text);
    },
  };
  const start = (site: string, turbines: readonly string[], alarms?: AlarmRegisterSnapshot): FakeMqtt => {
    const mqtt = createFakeMqtt();
    notePublishedStates({
      config: { gateway: { site }, turbines: turbines.map((id) => ({ id })) } as never,
      state,
      alarms,
      mqtt,
      topics,
      logger: silentLogger,
      onEmptied: () => {},
    }).empty(() => true);
    return mqtt;
  };
  return { start, writes: () => writes };
}

const emptied = ({ sent }: FakeMqtt): readonly string[] => {
  for (const message of sent) expect(message).toMatchObject({ payload: "", retain: true });
  return sent.map(({ topic }) => topic).sort();
};

describe("the states that a gateway has published", () => {
  test("are emptied after a turbine or the site was renamed, once the broker takes it, and then forgotten", async () => {
    const { start, writes } = createStarts();
    start("north", ["t1", "t2"]).connect();
    start("north", ["t1", "t9"]);
    const refusing = start("south", ["t1", "t9"]);
    refusing.refuse = true;
    refusing.connect();
    await settle();
    const mqtt = start("south", ["t1", "t9"]);
    mqtt.connect();
    await settle();
    const north = ["t1", "t2", "t9"].map((turbine) => `aurora/v1/turbine/north/${turbine}/state`);
    expect(emptied(mqtt)).toEqual(north);
    mqtt.connect();
    await settle();
    expect(emptied(mqtt)).toEqual(north);
    const known = writes();
    const next = start("south", ["t1", "t9"]);
    next.connect();
    await settle();
    expect(emptied(next)).toEqual([]);
    expect(writes()).toBe(known);
  });

  test("are left for the next start where the broker does not take them, connection after connection", async () => {
    const { start } = createStarts();
    start("north", ["t1", "t2"]);
    const mqtt = start("south", ["t1"]);
    mqtt.refuse = true;
    let tries = 0;
    const { publish } = mqtt;
    mqtt.publish = (...given) => {
      tries++;
      return publish(...given);
    };
    for (let connection = 0; connection < 10; connection++) {
      mqtt.connect();
      await settle();
    }
    expect(tries).toBe(3);
    const next = start("south", ["t1"]);
    next.connect();
    await settle();
    expect(emptied(next)).toHaveLength(2);
  });

  test("go where the broker takes them, whatever it refuses, and it is asked on while some do", async () => {
    const { start } = createStarts();
    start("north", ["t1", "t2", "t3", "t4"]);
    const mqtt = start("north", ["t1"]);
    const { publish } = mqtt;
    let tries = 0;
    let granted = ["t3"];
    mqtt.publish = async (topic, ...more) => {
      tries++;
      if (granted.some((turbine) => topic.includes(`/${turbine}/`))) return await publish(topic, ...more);
      const refusal = Object.assign(new Error("Not authorized"), { code: 0x87 });
      throw createMqttError("mqtt://broker:1883", refusal.message, refusal);
    };
    const connect = async (times: number): Promise<void> => {
      for (let connection = 0; connection < times; connection++) {
        mqtt.connect();
        await settle();
      }
    };
    await connect(3);
    expect([emptied(mqtt), tries]).toEqual([["aurora/v1/turbine/north/t3/state"], 3 + 2 + 2]);
    granted = ["t4"];
    await connect(1);
    expect([emptied(mqtt).length, tries]).toEqual([2, 7 + 2]);
    await connect(10);
    expect(tries).toBe(9 + 3);
  });

  test("go where the broker takes them, whichever of them end the connection", async () => {
    const port = await findFreePort();
    const asked = await startClosingBroker(port, (topic) => topic.includes("/old/"));
    const old = ["t1", "t2", "t3", "t4"].map((turbine) => topics.state("old", turbine));
    const kept = [...old, topics.state("new", "t2"), topics.state("new", "t1")];
    const state = createFakeState();
    state.set("published-states", JSON.stringify(kept));
    const backoff = { firstMs: 10, maxMs: 20 };
    const mqtt = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "gw", backoff });
    onTestFinished(() => mqtt.close());
    const config = { gateway: { site: "new" }, turbines: [{ id: "t1" }] } as never;
    const around = { config, state, alarms: undefined, mqtt, topics, logger: silentLogger };
    notePublishedStates({ ...around, onEmptied: () => {} }).empty(() => true);
    const isGone = (): boolean => state.get("published-states")?.includes(kept[4]!) === false;
    await until(isGone, "it is emptied");
    // Those that end it are each tried once more, and then left.
    await until(() => asked.length === 9 && mqtt.connected, "no more is tried");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toEqual([...old, kept[4], ...old]);
  });

  test("are asked for no longer, where there are many that end the connection, and the next start begins with the others", async () => {
    const { start } = createStarts();
    const turbines = Array.from({ length: 80 }, (_, index) => `t${100 + index}`);
    start("north", turbines);
    const tried: string[] = [];
    for (let run = 0; run < 2; run++) {
      const mqtt = start("north", ["t1"]);
      const { publish } = mqtt;
      mqtt.refuse = "closed";
      mqtt.publish = (topic, ...more) => {
        tried.push(topic);
        return publish(topic, ...more);
      };
      for (let connection = 0; connection < 60; connection++) {
        mqtt.connect();
        await settle();
      }
    }
    expect([tried.length, new Set(tried).size]).toEqual([100, 80]);
  });

  test("are those of the kept alarms where a version before kept no list", async () => {
    const { start } = createStarts();
    const register = createAlarmRegister();
    for (const site of ["north", "south"]) {
      const point = { site, turbine: "t1", component: "gearbox" };
      feed(register, decisionAt(0, [["inner", 0.9, 0]], { point }));
    }
    for (const expected of [["aurora/v1/turbine/south/t1/state"], []]) {
      const mqtt = start("north", ["t1"], register.snapshot());
      mqtt.connect();
      await settle();
      expect(emptied(mqtt)).toEqual(expected);
    }
  });
});
