import { join } from "node:path";
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

/** A line that carries a message after the other; what a connection had not carried when it ends is gone. */
function openThinLine(clock: ManualClock, collector: ReturnType<typeof createCollectorModel>) {
  const callbacks = new Set<() => void>();
  let connection = 0;
  let connected = false;
  let bytesPerSecond = thinBytesPerSecond;
  let freeAtMs = 0;
  let heard: (topic: string, payload: Uint8Array) => void = () => {};
  const connect = (): void => {
    connected = true;
    connection += 1;
    freeAtMs = clock.monotonicMs();
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
      const copy = payload.slice();
      return new Promise((resolve) => {
        clock.after(freeAtMs - nowMs, () => {
          if (!connected || connection !== carriedBy) return;
          resolve();
          const ack = collector.take(copy);
          if (ack !== null) heard(topics.ack("gw"), encodeUplinkAck(ack));
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
  const passSeconds = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) clock.advance(1_000);
  };
  return { outbox, line, passSeconds };
}

test("alerts that gathered get over a line that cannot carry them at once before it is given up", () => {
  const { outbox, line, passSeconds } = openGateway();
  for (let number = 0; number < 60; number++)
    outbox.append({
      kind: "alert",
      id: `a${number}`,
      json: JSON.stringify({ number, text: "x".repeat(1_000) }),
    });
  line.connect();
  // At the line's own rate it takes 41 s.
  passSeconds(60);
  expect(outbox.counts().records).toBe(0);
  expect(line.connections).toBe(1);
});

test("so does everything else, after the line was a good one", () => {
  const { outbox, line, passSeconds } = openGateway();
  const appendMany = (): void => {
    for (let number = 0; number < 60; number++)
      outbox.append({ kind: "event", timeMs: number, name: "told", subject: "s", detail: "x".repeat(1_000) });
  };
  line.become(1e6);
  line.connect();
  for (let round = 0; round < 5; round++) {
    appendMany();
    passSeconds(10);
  }
  expect(outbox.counts().records).toBe(0);
  line.become(thinBytesPerSecond);
  appendMany();
  passSeconds(200);
  expect(outbox.counts().records).toBe(0);
});
