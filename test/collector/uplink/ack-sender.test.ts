import { expect, it } from "vitest";
import { type AckSender, createAckSender } from "../../../src/collector/uplink/ack-sender.ts";
import { lanes } from "../../../src/core/contract/topics.ts";
import type { UplinkAck } from "../../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { createManualClock } from "../../support/manual-clock.ts";

interface Bench {
  readonly sender: AckSender;
  readonly heard: (UplinkAck & { readonly gateway: string })[];
  readonly clock: ReturnType<typeof createManualClock>;
  /** Answers what is under way; `lost`: with the loss of the connection. */
  answer(outcome?: "lost"): Promise<void>;
  largest(): number;
}

function createBench(room: number): Bench {
  const clock = createManualClock();
  const heard: Bench["heard"] = [];
  let held: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let largest = 0;
  const sender = createAckSender({
    timers: clock,
    logger: silentLogger,
    metrics: createMetrics(),
    maxUnderWay: room,
    send: (gateway, ack) =>
      new Promise<void>((resolve, reject) => {
        held.push({ resolve: () => resolve(void heard.push({ gateway, ...ack })), reject });
        largest = Math.max(largest, held.length);
      }),
  });
  return {
    sender,
    heard,
    clock,
    largest: () => largest,
    answer: async (outcome) => {
      const now = held;
      held = [];
      for (const { resolve, reject } of now)
        outcome === "lost" ? reject(new Error("connection lost")) : resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const ack = (sequence: number, lane: UplinkAck["lane"] = "alert"): UplinkAck => ({
  bootId: "b",
  lane,
  sequence,
});

it("sends the newest of every gateway and lane, whatever the connection has room for", async () => {
  const bench = createBench(100);
  for (let sequence = 1; sequence <= 3; sequence++) {
    for (let gateway = 0; gateway < 1_000; gateway++) {
      for (const lane of lanes) bench.sender.put(`gw-${gateway}`, ack(sequence, lane));
    }
  }
  for (let turn = 0; turn < 100; turn++) await bench.answer();
  const last = new Map(bench.heard.map(({ gateway, lane, sequence }) => [`${gateway}/${lane}`, sequence]));
  expect(last.size).toBe(5_000);
  expect(new Set(last.values())).toEqual(new Set([3]));
  expect(bench.largest()).toBe(100);
  // What was overtaken while it waited was not sent.
  expect(bench.heard.length).toBe(5_100);
});

it("sends again what was lost with the connection, unless a newer one has come", async () => {
  const bench = createBench(10);
  bench.sender.put("gw-1", ack(1));
  bench.sender.put("gw-2", ack(1));
  bench.sender.put("gw-1", ack(2));
  await bench.answer("lost");
  bench.sender.put("gw-3", ack(1));
  expect(bench.heard).toEqual([]);
  bench.clock.advance(250);
  await bench.answer();
  const heard = bench.heard.map(({ gateway, sequence }) => [gateway, sequence]);
  expect(heard.sort()).toEqual([
    ["gw-1", 2],
    ["gw-2", 1],
    ["gw-3", 1],
  ]);
});

it("sends nothing once it is closed", async () => {
  const bench = createBench(1);
  bench.sender.put("gw-1", ack(1));
  bench.sender.put("gw-2", ack(1));
  bench.sender.close();
  await bench.answer();
  bench.clock.advance(1_000);
  await bench.answer();
  expect(bench.heard).toHaveLength(1);
  expect(bench.clock.pendingTimers).toBe(0);
});
