import { describe, expect, it, onTestFinished, test, vi } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { type AlertSink, createMqttAlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { findFreePort } from "../../support/free-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { alertAt, createFakeMqtt, createFakeState } from "../fakes.ts";
import { startClosingBroker, startRefusingBroker } from "../refusing-broker.ts";
import { openJournal } from "./open-journal.ts";

const topics = createTopics("aurora/v1");
const own = { site: "north", onRefused: () => {}, timers: createManualClock(), logger: silentLogger };

/** A sink with its other side, which is out of reach at first. */
interface SinkBench {
  readonly sink: AlertSink;
  /** Ids of the events that the other side has, as they came. */
  readonly taken: readonly string[];
  /** Brings it within reach. */
  connect(): void;
  /** While it is within reach: refuses what is delivered, of all turbines or of one. */
  refuse(refuses: boolean | string): void;
}

function createMqttBench(): SinkBench {
  const mqtt = createFakeMqtt();
  return {
    sink: createMqttAlertSink(mqtt, topics, own),
    get taken() {
      return mqtt.sent.map(({ payload }) => JSON.parse(payload).id);
    },
    connect: () => mqtt.connect(),
    refuse: (refuses) => {
      mqtt.refuse = typeof refuses === "string" ? (topic) => topic.includes(`/${refuses}/`) : refuses;
    },
  };
}

function createMemoryBench(): SinkBench {
  const taken: string[] = [];
  const callbacks: (() => void)[] = [];
  let isReady = false;
  let refused: boolean | string = false;
  return {
    taken,
    sink: {
      name: "memory",
      waitingKey: "memory-alerts",
      get isReady() {
        return isReady;
      },
      deliver: async ({ id, data }) => {
        if (refused === true || refused === data.turbine) throw new Error("refused");
        taken.push(id);
      },
      refused: [],
      onReady: (callback) => {
        callbacks.push(callback);
        if (isReady) callback();
      },
    },
    connect: () => {
      isReady = true;
      for (const callback of callbacks) callback();
    },
    refuse: (refuses) => {
      refused = refuses;
    },
  };
}

/** Every sink keeps these promises: add yours. */
const benches: readonly (readonly [string, () => SinkBench])[] = [
  ["MQTT", createMqttBench],
  ["memory", createMemoryBench],
];

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const idOf = (index: number): string => alertAt(index).id;

function atSite(site: string, index: number): AlertEvent {
  const event = alertAt(index);
  return { ...event, data: { ...event.data, site } };
}

/** A logger whose errors are looked at. */
function watchErrors(): { readonly logger: Logger; readonly error: ReturnType<typeof vi.fn> } {
  const error = vi.fn();
  const logger: Logger = { ...silentLogger, error, child: () => logger };
  return { logger, error };
}

describe.each(benches)("an alert sink (%s)", (_name, createBench) => {
  it("delivers at once while the other side is within reach", async () => {
    const bench = createBench();
    bench.connect();
    const journal = openJournal([bench.sink]);
    journal.take([alertAt(1)], () => ({}));
    await settle();
    expect(bench.taken).toEqual([idOf(1)]);
    expect(journal.undelivered).toBe(0);
  });

  it("keeps events in order over a lost connection and a restart, and tells each once when it is back", async () => {
    const state = createFakeState();
    const before = createBench();
    const first = openJournal([before.sink], { state });
    for (const index of [1, 2, 3]) first.take([alertAt(index)], () => ({}));
    await settle();
    expect([before.taken, first.undelivered]).toEqual([[], 3]);

    const bench = createBench();
    const second = openJournal([bench.sink], { state });
    expect(second.undelivered).toBe(3);
    bench.connect();
    await settle();
    expect(bench.taken).toEqual([1, 2, 3].map(idOf));
    expect(second.undelivered).toBe(0);
    expect(openJournal([createBench().sink], { state }).undelivered).toBe(0);
  });

  it("delivers what the last run left when it is within reach already", async () => {
    const state = createFakeState();
    openJournal([createBench().sink], { state }).take([alertAt(1)], () => ({}));
    const bench = createBench();
    bench.connect();
    openJournal([bench.sink], { state });
    await settle();
    expect(bench.taken).toEqual([idOf(1)]);
  });

  it("tries again what the other side did not take, with the next event", async () => {
    const bench = createBench();
    bench.connect();
    bench.refuse(true);
    const journal = openJournal([bench.sink]);
    journal.take([alertAt(1)], () => ({}));
    await settle();
    expect(journal.undelivered).toBe(1);
    bench.refuse(false);
    journal.take([alertAt(2)], () => ({}));
    await settle();
    expect(bench.taken).toEqual([idOf(1), idOf(2)]);
  });

  it("tries again what the other side did not take, with the next connection", async () => {
    const bench = createBench();
    bench.connect();
    bench.refuse(true);
    const journal = openJournal([bench.sink]);
    journal.take([alertAt(1)], () => ({}));
    await settle();
    bench.refuse(false);
    bench.connect();
    await settle();
    expect(bench.taken).toEqual([idOf(1)]);
    expect(journal.undelivered).toBe(0);
  });

  it("holds up those of its component alone, in their order, with what the other side refuses, also over a restart", async () => {
    const state = createFakeState();
    const bench = createBench();
    bench.connect();
    bench.refuse("WT02");
    const [one, other, ...later] = [...[1, 2].map((index) => alertAt(index, "WT02")), alertAt(3), alertAt(4)];
    const journal = openJournal([bench.sink], { state });
    for (const event of [one!, later[0]!, other!, later[1]!]) {
      journal.take([event], () => ({}));
      await settle();
    }
    expect([bench.taken, journal.undelivered]).toEqual([[3, 4].map(idOf), 2]);
    const next = createBench();
    next.connect();
    openJournal([next.sink], { state });
    await settle();
    expect(next.taken).toEqual([one!.id, other!.id]);
  });

  it("gives up the oldest beyond its bound, and says so", () => {
    const { logger, error } = watchErrors();
    const state = createFakeState();
    const journal = openJournal([createBench().sink], { state, logger });
    for (let index = 0; index <= 200; index++) journal.take([alertAt(index)], () => ({}));
    expect(journal.undelivered).toBe(200);
    expect(error).toHaveBeenCalledExactlyOnceWith(
      expect.any(String),
      expect.objectContaining({ id: idOf(0), hint: expect.any(String) }),
    );
    expect(openJournal([createBench().sink], { state }).undelivered).toBe(200);
  });

  it("starts without what is damaged of the last run, and says so", () => {
    const { logger, error } = watchErrors();
    const state = createFakeState();
    const { sink } = createBench();
    state.set(sink.waitingKey, '[{"id":1}]');
    expect(openJournal([sink], { state, logger }).undelivered).toBe(0);
    expect(error).toHaveBeenCalledOnce();
  });

  it("gets its alerts, and so does the outbox, whatever the other sinks do", async () => {
    const bench = createBench();
    bench.connect();
    const recorded: string[] = [];
    const down: AlertSink = { ...createMemoryBench().sink, isReady: false, waitingKey: "down" };
    const broken: AlertSink = {
      ...down,
      isReady: true,
      waitingKey: "broken",
      deliver: () => {
        throw new Error("a bug");
      },
    };
    const silent: AlertSink = { ...broken, waitingKey: "silent", deliver: () => new Promise(() => {}) };
    const state = createFakeState();
    const journal = openJournal([down, broken, silent, bench.sink], {
      state,
      append: ({ id }) => recorded.push(id),
    });
    for (const index of [1, 2]) journal.take([alertAt(index)], () => ({}));
    await settle();
    expect(bench.taken).toEqual([idOf(1), idOf(2)]);
    expect(recorded).toEqual([idOf(1), idOf(2)]);
    expect(journal.undelivered).toBe(6);
    expect(state.get(bench.sink.waitingKey)).toBeNull();
    for (const key of ["down", "broken", "silent"]) expect(JSON.parse(state.get(key)!)).toHaveLength(2);
  });
});

test("the broker gets an alert on its turbine's topic, not retained", async () => {
  const mqtt = createFakeMqtt();
  mqtt.connect();
  const journal = openJournal([createMqttAlertSink(mqtt, topics, own)]);
  journal.take([alertAt(1)], () => ({}));
  await settle();
  expect(mqtt.sent).toMatchObject([{ topic: "aurora/v1/turbine/north/WT01/alert", retain: false }]);
});

test("what waits for the broker is found where earlier versions left it", () => {
  const state = createFakeState();
  state.set("unpublished-alerts", JSON.stringify([alertAt(1)]));
  expect(openJournal([createMqttBench().sink], { state }).undelivered).toBe(1);
});

test("an alert of a former site that the broker does not take is given up, and holds up neither the others nor the connection", async () => {
  const port = await findFreePort();
  const asked = await startClosingBroker(port, (topic) => topic.includes("/south/"));
  const backoff = { firstMs: 20, maxMs: 100 };
  const mqtt = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "gw", backoff });
  onTestFinished(() => mqtt.close());
  const { logger, error } = watchErrors();
  const journal = openJournal([createMqttAlertSink(mqtt, topics, { ...own, logger })]);
  const [former, other, current] = [atSite("south", 1), atSite("south", 2), alertAt(3)] as const;
  journal.take([former, other, current], () => ({}));
  await until(() => journal.undelivered === 0, "nothing waits");
  // Three attempts show what the end means, and the second alert has one of its own.
  expect(asked).toEqual([
    ...Array.from({ length: 4 }, () => "aurora/v1/turbine/south/WT01/alert"),
    "aurora/v1/turbine/north/WT01/alert",
  ]);
  expect(error.mock.calls.map(([, fields]) => fields.id)).toEqual([former.id, other.id]);
  expect(mqtt.connected).toBe(true);
});

test("an alert of a former site that the broker refuses and keeps the connection is given up at once, and one of the own site is not", async () => {
  const port = await findFreePort();
  await startRefusingBroker(port, (topic) => topic.includes("/south/"));
  const mqtt = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "gw" });
  onTestFinished(() => mqtt.close());
  await mqtt.firstAttempt;
  const lost = vi.fn();
  mqtt.onDisconnect(lost);
  const { logger, error } = watchErrors();
  const journal = openJournal([createMqttAlertSink(mqtt, topics, { ...own, logger })]);
  const south = [atSite("south", 1), atSite("south", 2)];
  journal.take([...south, alertAt(3)], () => ({}));
  await until(() => journal.undelivered === 0, "nothing waits");
  expect(error.mock.calls.map(([, fields]) => fields.id)).toEqual(south.map(({ id }) => id));
  const moved = openJournal([createMqttAlertSink(mqtt, topics, { ...own, site: "south", logger })]);
  moved.take(south, () => ({}));
  await settle();
  expect([moved.undelivered, error.mock.calls.length, lost.mock.calls.length]).toEqual([2, 2, 0]);
});

test("only connections that end by themselves, and in a row, give up an alert of a former site", async () => {
  const mqtt = createFakeMqtt();
  const { logger, error } = watchErrors();
  const journal = openJournal([createMqttAlertSink(mqtt, topics, { ...own, logger })]);
  const attempt = async (refuse: typeof mqtt.refuse): Promise<void> => {
    mqtt.refuse = refuse;
    mqtt.connect();
    await settle();
  };
  journal.take([atSite("south", 1)], () => ({}));
  for (const refuse of [true, true, true, true, "silent", "silent", "silent"] as const) await attempt(refuse);
  for (const refuse of ["closed", "closed", "silent", "closed", "closed"] as const) await attempt(refuse);
  expect(journal.undelivered).toBe(1);
  await attempt(false);
  expect([mqtt.sent.length, journal.undelivered]).toEqual([1, 0]);
  mqtt.connected = false;
  journal.take([atSite("south", 2)], () => ({}));
  for (const refuse of ["closed", "closed"] as const) await attempt(refuse);
  expect([error.mock.calls.length, journal.undelivered]).toEqual([0, 1]);
  await attempt("closed");
  expect([error.mock.calls.length, journal.undelivered]).toEqual([1, 0]);
});

test("an alert of a former site that the broker takes at last goes its way, and of the own site none is given up", async () => {
  const mqtt = createFakeMqtt();
  const journal = openJournal([createMqttAlertSink(mqtt, topics, own)]);
  const take = async (event: AlertEvent): Promise<void> => {
    journal.take([event], () => ({}));
    await settle();
  };
  mqtt.connect();
  mqtt.refuse = true;
  await take(atSite("south", 1));
  await take(alertAt(2));
  mqtt.refuse = false;
  await take(alertAt(3));
  expect(mqtt.sent).toHaveLength(3);
  mqtt.refuse = true;
  for (let index = 4; index < 10; index++) await take(alertAt(index));
  mqtt.refuse = false;
  mqtt.connect();
  await settle();
  expect([mqtt.sent.length, journal.undelivered]).toEqual([9, 0]);
});
