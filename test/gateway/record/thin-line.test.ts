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
const bytesPerSecond = 1_500;
/** A connection whose ping is stuck behind what is sent for so long is taken for dead. */
const deadAfterMs = 6_000;

/** A line that carries a message after the other; what a connection had not carried when it ends is gone. */
function openThinLine(clock: ManualClock, collector: ReturnType<typeof createCollectorModel>) {
  const callbacks = new Set<() => void>();
  let connection = 0;
  let connected = false;
  let freeAtMs = 0;
  let heard: (topic: string, payload: Uint8Array) => void = () => {};
  const connect = (): void => {
    connected = true;
    connection += 1;
    freeAtMs = clock.monotonicMs();
    for (const callback of callbacks) callback();
  };
  const transport: UplinkTransport = {
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
      clock.after(freeAtMs - nowMs, () => {
        if (!connected || connection !== carriedBy) return;
        const ack = collector.take(copy);
        if (ack !== null) heard(topics.ack("gw"), encodeUplinkAck(ack));
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
  return { transport, connect };
}

test("alerts that gathered get over a line that cannot carry them at once before it is given up", () => {
  const { clock, outbox } = openOutbox(join(createTemporaryFolder(), "store.db"));
  const line = openThinLine(clock, createCollectorModel());
  const uplink = createUplink({
    gateway: "gw",
    outbox,
    transport: line.transport,
    topics,
    clock,
    timers: clock,
    random: () => 0.5,
  });
  onTestFinished(() => uplink.close());
  for (let number = 0; number < 60; number++)
    outbox.append({
      kind: "alert",
      id: `a${number}`,
      json: JSON.stringify({ number, text: "x".repeat(1_000) }),
    });
  line.connect();
  // At the line's own rate it takes 41 s.
  for (let second = 0; second < 150; second++) clock.advance(1_000);
  expect(outbox.counts().records).toBe(0);
});
