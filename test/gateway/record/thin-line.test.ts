import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { createUplink, type UplinkTransport } from "../../../src/gateway/record/uplink.ts";
import { createCollectorModel } from "../../support/collector-model.ts";
import type { ManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { openOutbox } from "./outbox-rig.ts";

const topics = createTopics("aurora/v1");
const thinBytesPerSecond = 1_500;
/** A connection whose ping is stuck behind what is sent for so long is taken for dead. */
const deadAfterMs = 6_000;

/**
 * A line that carries a message after the other; what a connection had not carried when it ends is gone. The broker at its end answers
 * at once, the collector behind it when it has stored, an envelope after the other.
 */
function openThinLine(clock: ManualClock, collector: ReturnType<typeof createCollectorModel>) {
  const callbacks = new Set<() => void>();
  let connection = 0;
  let connected = false;
  let bytesPerSecond = thinBytesPerSecond;
  let freeAtMs = 0;
  let roundTripMs: (nowMs: number) => number = () => 0;
  let answeredAtMs = 0;
  let storeMs = 0;
  let storedAtMs = 0;
  let heard: (topic: string, payload: Uint8Array) => void = () => {};
  const connect = (): void => {
    connected = true;
    connection += 1;
    freeAtMs = clock.monotonicMs();
    answeredAtMs = freeAtMs;
    for (const callback of callbacks) callback();
  };
  const transport: UplinkTransport = {
    largestPacketBytes: null,
    get connected() {
      return connected;
    },
    publish: async (_topic, payload) => {
      if (!connected) throw new Error("not connected");
      const carriedBy = connection;
      const nowMs = clock.monotonicMs();
      freeAtMs = Math.max(nowMs, freeAtMs) + (payload.length / bytesPerSecond) * 1000;
      if (freeAtMs - nowMs > deadAfterMs) {
        clock.after(deadAfterMs, () => {
          if (connection !== carriedBy || !connected) return;
          connected = false;
          clock.after(1_000, connect);
        });
      }
      answeredAtMs = Math.max(answeredAtMs, freeAtMs + roundTripMs(freeAtMs));
      const copy = payload.slice();
      return new Promise((resolve) => {
        clock.after(answeredAtMs - nowMs, () => {
          if (!connected || connection !== carriedBy) return;
          resolve();
          if (storeMs === Number.POSITIVE_INFINITY) return;
          storedAtMs = Math.max(clock.monotonicMs(), storedAtMs) + storeMs;
          clock.after(storedAtMs - clock.monotonicMs(), () => {
            const ack = collector.take(copy);
            if (ack !== null) heard(topics.ack("gw"), encodeUplinkAck(ack));
          });
        });
      });
    },
    subscribe: async (_filter, _qos, handler) => {
      heard = handler;
    },
    onConnect: (callback) => {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
  };
  return {
    transport,
    connect,
    /** So far. */
    get connections() {
      return connection;
    },
    /** So fast from now on. */
    become: (rate: number): void => {
      bytesPerSecond = rate;
    },
    /** The broker is so far away from now on, of whatever the line carries. */
    reachWithin: (ms: (nowMs: number) => number): void => {
      roundTripMs = ms;
    },
    /** The collector takes so long for an envelope from now on; without end it hears of none. */
    storeWithin: (ms: number): void => {
      storeMs = ms;
    },
  };
}

function openGateway() {
  const { clock, outbox } = openOutbox(join(createTemporaryFolder(), "store.db"));
  const line = openThinLine(clock, createCollectorModel());
  const { transport } = line;
  const uplink = createUplink({
    gateway: "gw",
    outbox,
    transport,
    topics,
    clock,
    timers: clock,
    random: () => 0.5,
  });
  onTestFinished(() => uplink.close());
  /** What the broker answers is heard soon, as it is by a process that has the time. */
  const passSeconds = async (seconds: number): Promise<void> => {
    for (let step = 0; step < seconds * 10; step++) {
      clock.advance(100);
      await setImmediate();
    }
  };
  const appendAlerts = (count: number, bytes = 1_000): void => {
    for (let number = 0; number < count; number++)
      outbox.append({
        kind: "alert",
        id: `a${number}`,
        json: JSON.stringify({ number, text: "x".repeat(bytes) }),
      });
  };
  return { outbox, line, passSeconds, appendAlerts };
}

test("alerts that gathered get over a line that cannot carry them at once before it is given up", async () => {
  const { outbox, line, passSeconds, appendAlerts } = openGateway();
  appendAlerts(60);
  line.connect();
  // At the line's own rate it takes 41 s.
  await passSeconds(60);
  expect(outbox.counts().records).toBe(0);
  expect(line.connections).toBe(1);
});

test("over a good line as many alerts go at once as the broker takes, also to a collector that stores one envelope after the other", async () => {
  const { outbox, line, passSeconds, appendAlerts } = openGateway();
  line.become(1e7);
  line.storeWithin(200);
  appendAlerts(1_000);
  line.connect();
  // With envelopes that stay as small as the first ones it takes a minute.
  await passSeconds(10);
  expect(outbox.counts().records).toBe(0);
});

/** A satellite's, there and back. */
const farMs = (nowMs: number): number => 2_500 + 500 * Math.sin(nowMs / 700);

test.each([0, 200])(
  "so they do to a broker far away, where the collector stores within %i ms",
  async (storeMs) => {
    const { outbox, line, passSeconds, appendAlerts } = openGateway();
    line.become(1e6);
    line.reachWithin(farMs);
    line.storeWithin(storeMs);
    appendAlerts(1_000);
    line.connect();
    // With envelopes that stay as small as the first ones it takes six minutes.
    await passSeconds(30);
    expect(outbox.counts().records).toBe(0);
  },
);

test("alerts of which the first room holds two get soon to a broker far away", async () => {
  const { outbox, line, passSeconds, appendAlerts } = openGateway();
  line.become(1e6);
  line.reachWithin(farMs);
  line.storeWithin(50);
  appendAlerts(300, 3_000);
  line.connect();
  // As long as they are all alike, the time of each says nothing.
  await passSeconds(25);
  expect(outbox.counts().records).toBe(0);
});

test("they get over a line that has become thin while nothing was sent without its being given up", async () => {
  const { outbox, line, passSeconds, appendAlerts } = openGateway();
  line.become(1e6);
  line.connect();
  appendAlerts(300, 3_000);
  await passSeconds(30);
  expect(outbox.counts().records).toBe(0);
  line.become(thinBytesPerSecond);
  appendAlerts(40, 3_000);
  // At the line's own rate it takes 81 s.
  await passSeconds(90);
  expect(outbox.counts().records).toBe(0);
  expect(line.connections).toBe(1);
});

test("a line that is thin and far away is not given up, and brings the first alerts soon", async () => {
  const { outbox, line, passSeconds, appendAlerts } = openGateway();
  line.reachWithin(farMs);
  appendAlerts(60);
  line.connect();
  await passSeconds(5);
  expect(outbox.counts().records).toBeLessThan(60);
  await passSeconds(55);
  expect(outbox.counts().records).toBe(0);
  expect(line.connections).toBe(1);
});

test("so they do after single alerts were lost while no collector was there", async () => {
  const { outbox, line, passSeconds, appendAlerts } = openGateway();
  line.become(1e7);
  line.storeWithin(Number.POSITIVE_INFINITY);
  line.connect();
  appendAlerts(1);
  await passSeconds(60);
  line.storeWithin(200);
  await passSeconds(60);
  expect(outbox.counts().records).toBe(0);
  appendAlerts(1_000);
  await passSeconds(10);
  expect(outbox.counts().records).toBe(0);
});

test("so does everything else, after the line was a good one", async () => {
  const { outbox, line, passSeconds } = openGateway();
  const appendMany = (): void => {
    for (let number = 0; number < 60; number++)
      outbox.append({ kind: "event", timeMs: number, name: "told", subject: "s", detail: "x".repeat(1_000) });
  };
  line.become(1e6);
  line.connect();
  for (let round = 0; round < 5; round++) {
    appendMany();
    await passSeconds(10);
  }
  expect(outbox.counts().records).toBe(0);
  line.become(thinBytesPerSecond);
  appendMany();
  await passSeconds(200);
  expect(outbox.counts().records).toBe(0);
});
