import { expect, onTestFinished, test, vi } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { openAlertJournal } from "../../../src/gateway/alarms/alert-journal.ts";
import { createMqttAlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { findFreePort } from "../../support/free-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { alertAt, createFakeState } from "../fakes.ts";
import { startRefusingBroker } from "../refusing-broker.ts";

test("an alert that the broker refuses is named once, and tried again by itself until it is taken", async () => {
  const port = await findFreePort();
  let asked = 0;
  let isRefused = true;
  await startRefusingBroker(port, (topic) => topic.includes("/WT02/") && ++asked > 0 && isRefused);
  const mqtt = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "gw" });
  onTestFinished(() => mqtt.close());
  await mqtt.firstAttempt;
  const warn = vi.fn();
  const logger: Logger = { ...silentLogger, warn, child: () => logger };
  const onRefused = vi.fn();
  const clock = createManualClock();
  const sink = createMqttAlertSink(mqtt, createTopics("aurora/v1"), {
    site: "north",
    onRefused,
    timers: clock,
    logger,
  });
  const journal = openAlertJournal({
    state: createFakeState(),
    sinks: [sink],
    append: () => {},
    isCommitted: () => true,
    logger,
  });
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
