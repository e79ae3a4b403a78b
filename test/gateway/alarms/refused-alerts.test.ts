import { expect, onTestFinished, test, vi } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttClient, type MqttClientOptions } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { createMqttError } from "../../../src/core/platform/mqtt/mqtt-exchanges.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { createMqttAlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { findFreePort } from "../../support/free-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { alertAt, createFakeMqtt } from "../fakes.ts";
import { startClosingBroker, startRefusingBroker } from "../refusing-broker.ts";
import { openJournal } from "./open-journal.ts";

const topics = createTopics("aurora/v1");

/** A gateway's way out to a broker, of which everything is looked at. */
async function openAlerts(port: number, more: Partial<MqttClientOptions> = {}) {
  const mqtt = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "gw", ...more });
  onTestFinished(() => mqtt.close());
  await mqtt.firstAttempt;
  return { mqtt, ...openWatched(mqtt) };
}

function openWatched(mqtt: MqttClient) {
  const [warn, info, error, onRefused] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  const logger: Logger = { ...silentLogger, warn, info, error, child: () => logger };
  const clock = createManualClock();
  const sink = createMqttAlertSink(mqtt, topics, { site: "north", onRefused, timers: clock, logger });
  return { journal: openJournal([sink], { logger }), clock, warn, info, error, onRefused };
}

test("an alert that the broker refuses is named once, and tried again by itself until it is taken", async () => {
  const port = await findFreePort();
  let asked = 0;
  let isRefused = true;
  await startRefusingBroker(port, (topic) => topic.includes("/WT02/") && ++asked > 0 && isRefused);
  const { mqtt, journal, clock, warn, onRefused } = await openAlerts(port);
  journal.take([alertAt(1, "WT02"), alertAt(2, "WT02")], () => ({}));
  journal.take([alertAt(3)], () => ({}));
  await until(() => journal.undelivered === 2, "the other turbine's is taken");
  for (const [seconds, times] of [
    [5, 2],
    [10, 3],
    [20, 4],
  ] as const) {
    clock.advance(seconds * 1_000);
    await until(() => asked === times && clock.pendingTimers === 1, `asked ${times} times`);
  }
  const topic = "aurora/v1/turbine/north/WT02/alert";
  const refusal = {
    topic,
    component: "generator-bearing",
    reason: expect.stringContaining("Not authorized"),
  };
  expect(journal.refused).toEqual([refusal]);
  expect(onRefused).toHaveBeenCalledExactlyOnceWith(refusal);
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.any(String), expect.objectContaining({ topic }));
  isRefused = false;
  clock.advance(40_000);
  await until(() => journal.undelivered === 0, "it is taken");
  expect([asked, journal.refused, clock.pendingTimers]).toEqual([6, [], 0]);
  isRefused = true;
  journal.take([alertAt(4, "WT02")], () => ({}));
  await until(() => clock.pendingTimers === 1, "it is to be tried again");
  await mqtt.close();
  expect(clock.pendingTimers).toBe(0);
});

test("alerts at which the broker ends the connection hold up no others, are named at the third time, and tried again in a while", async () => {
  const port = await findFreePort();
  let isRefused = true;
  const asked = await startClosingBroker(port, (topic) => isRefused && !topic.includes("/WT03/"));
  const { mqtt, journal, clock, info, onRefused } = await openAlerts(port, {
    backoff: { firstMs: 10, maxMs: 20 },
  });
  let losses = 0;
  mqtt.onDisconnect(() => losses++);
  const times = (turbine: string): number => asked.filter((topic) => topic.includes(`/${turbine}/`)).length;
  journal.take([alertAt(1, "WT01"), alertAt(2, "WT02"), alertAt(3, "WT03")], () => ({}));
  await until(() => journal.undelivered === 2 && journal.refused.length === 2, "both are named");
  const [one, two, three] = ["WT01", "WT02", "WT03"].map((turbine) => topics.alert("north", turbine));
  expect(asked.slice(0, 3)).toEqual([one, two, three]);
  expect(onRefused.mock.calls.map(([{ topic }]) => topic)).toEqual([one, two]);
  expect(journal.refused[0]!.reason).toBe("the broker ends the connection each time");
  await until(() => mqtt.connected, "it is connected again");
  expect(clock.pendingTimers).toBe(1);
  journal.take([alertAt(4, "WT01"), alertAt(5, "WT03")], () => ({}));
  await until(() => journal.undelivered === 3, "others are taken");
  expect([times("WT01"), times("WT02"), mqtt.connected]).toEqual([3, 3, true]);
  clock.advance(5_000);
  await until(() => losses === 8 && mqtt.connected, "they are tried again");
  expect([times("WT01"), times("WT02")]).toEqual([4, 4]);
  expect([onRefused.mock.calls.length, clock.pendingTimers]).toEqual([2, 1]);
  isRefused = false;
  clock.advance(10_000);
  await until(() => journal.undelivered === 0, "they are taken");
  expect([journal.refused, clock.pendingTimers, mqtt.connected]).toEqual([[], 0, true]);
  expect(info.mock.calls.filter(([message]) => message.includes("takes alerts"))).toHaveLength(2);
  isRefused = true;
  journal.take([alertAt(6, "WT01")], () => ({}));
  await until(() => journal.refused.length === 1 && mqtt.connected, "it is named again");
  expect(clock.pendingTimers).toBe(1);
  await mqtt.close();
  expect(clock.pendingTimers).toBe(0);
});

test("an alert that is larger than the broker says that it takes is refused as any other", async () => {
  const port = await findFreePort();
  await startRefusingBroker(port, () => false);
  const { mqtt, journal } = await openAlerts(port);
  const large = alertAt(1, "WT02");
  journal.take([{ ...large, subject: "b".repeat(4_000) }], () => ({}));
  journal.take([alertAt(2)], () => ({}));
  await until(() => journal.undelivered === 1, "the other turbine's is taken");
  const reason = expect.stringContaining("the broker takes at most 3840");
  expect(journal.refused).toMatchObject([{ topic: topics.alert("north", "WT02"), reason }]);
  expect(mqtt.connected).toBe(true);
});

test("what the broker has not refused is not told as refused: it is tried again in a while, without a word", async () => {
  const mqtt = createFakeMqtt();
  const fullLine = createMqttError("mqtt://broker:1883", "1000 publishes are under way already");
  const notAuthorized = Object.assign(new Error("Not authorized"), { code: 0x87 });
  const { publish } = mqtt;
  let failure: ((topic: string) => Error | null) | null = () => fullLine;
  mqtt.publish = async (topic, ...more) => {
    const error = failure?.(topic) ?? null;
    if (error !== null) throw error;
    return await publish(topic, ...more);
  };
  mqtt.connect();
  const { journal, clock, warn, info, error, onRefused } = openWatched(mqtt);
  const former = alertAt(1, "WT01");
  const south = { ...former, data: { ...former.data, site: "south" } };
  for (const event of [south, alertAt(2, "WT02")]) journal.take([event], () => ({}));
  await until(() => clock.pendingTimers === 1, "it is to be tried again");
  clock.advance(5_000);
  await until(() => clock.pendingTimers === 1, "and again");
  expect([journal.undelivered, journal.refused]).toEqual([2, []]);
  failure = (topic) =>
    topic.includes("/south/") ? createMqttError("mqtt://broker:1883", "Not authorized", notAuthorized) : null;
  clock.advance(10_000);
  await until(() => journal.undelivered === 0, "nothing waits");
  expect(mqtt.sent.map(({ topic }) => topic)).toEqual([topics.alert("north", "WT02")]);
  expect(error.mock.calls.map(([, { id }]) => id)).toEqual([former.id]);
  expect([warn.mock.calls, info.mock.calls, onRefused.mock.calls]).toEqual([[], [], []]);
  failure = () => fullLine;
  journal.take([alertAt(3, "WT01")], () => ({}));
  await until(() => clock.pendingTimers === 1, "it is to be tried again");
  failure = null;
  // The first wait again, as all that waited went its way.
  clock.advance(5_000);
  await until(() => journal.undelivered === 0, "it is taken");
});
