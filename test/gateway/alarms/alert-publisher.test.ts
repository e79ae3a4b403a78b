import { describe, expect, it, vi } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type AlertPublisher, createAlertPublisher } from "../../../src/gateway/alarms/alert-publisher.ts";
import type { StateStore } from "../../../src/gateway/record/state-store.ts";
import { alertAt, createFakeMqtt, createFakeState, type FakeMqtt } from "../fakes.ts";

/** Takes and sends an event as the gateway does: what is held is in the store first. */
function publish(alerts: AlertPublisher, state: StateStore, event: AlertEvent): void {
  state.setAll(alerts.hold(event));
  alerts.send();
}

const topics = createTopics("aurora/v1");
const idsOf = (mqtt: FakeMqtt): string[] => mqtt.sent.map(({ payload }) => JSON.parse(payload).id);
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the alert publisher", () => {
  it("publishes at once and not retained while connected", async () => {
    const mqtt = createFakeMqtt();
    mqtt.connect();
    const state = createFakeState();
    const alerts = createAlertPublisher(mqtt, topics, state, silentLogger);
    publish(alerts, state, alertAt(1));
    await settle();
    expect(mqtt.sent).toMatchObject([{ topic: "aurora/v1/turbine/north/WT01/alert", retain: false }]);
    expect(alerts.waiting).toBe(0);
  });

  it("keeps events in order over a lost connection and a restart, and tells each once when it is back", async () => {
    const state = createFakeState();
    const before = createFakeMqtt();
    const first = createAlertPublisher(before, topics, state, silentLogger);
    for (const index of [1, 2, 3]) publish(first, state, alertAt(index));
    await settle();
    expect([before.sent, first.waiting]).toEqual([[], 3]);

    const mqtt = createFakeMqtt();
    const second = createAlertPublisher(mqtt, topics, state, silentLogger);
    expect(second.waiting).toBe(3);
    mqtt.connect();
    await settle();
    expect(idsOf(mqtt)).toEqual([1, 2, 3].map((index) => alertAt(index).id));
    expect(createAlertPublisher(createFakeMqtt(), topics, state, silentLogger).waiting).toBe(0);
  });

  it("tries again what the broker did not take, with the next event or connection", async () => {
    const mqtt = createFakeMqtt();
    mqtt.connect();
    mqtt.refuse = true;
    const state = createFakeState();
    const alerts = createAlertPublisher(mqtt, topics, state, silentLogger);
    publish(alerts, state, alertAt(1));
    await settle();
    expect(alerts.waiting).toBe(1);
    mqtt.refuse = false;
    publish(alerts, state, alertAt(2));
    await settle();
    expect(idsOf(mqtt)).toEqual([alertAt(1).id, alertAt(2).id]);
  });

  it("gives up the oldest beyond its bound, and says so", () => {
    const error = vi.fn();
    const state = createFakeState();
    const alerts = createAlertPublisher(createFakeMqtt(), topics, state, { ...silentLogger, error });
    for (let index = 0; index <= 200; index++) publish(alerts, state, alertAt(index));
    expect(alerts.waiting).toBe(200);
    expect(error).toHaveBeenCalledExactlyOnceWith(expect.any(String), { id: alertAt(0).id });
    expect(createAlertPublisher(createFakeMqtt(), topics, state, silentLogger).waiting).toBe(200);
  });

  it("starts without what it cannot read of the last run, and says so", () => {
    const error = vi.fn();
    const state = createFakeState();
    state.set("unpublished-alerts", '[{"id":1}]');
    expect(createAlertPublisher(createFakeMqtt(), topics, state, { ...silentLogger, error }).waiting).toBe(0);
    expect(error).toHaveBeenCalledOnce();
  });
});
