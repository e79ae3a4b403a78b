import { expect, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import type { Lane } from "../../../src/core/contract/topics.ts";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { createIngestBench, sentEnvelope } from "../ingest-bench.ts";

const event = (name: string): UplinkRecord => ({
  kind: "event",
  timeMs: 1_700_000_000_000,
  name,
  subject: "wt-01",
  detail: "x".repeat(400),
});
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** An ingest whose record stores a batch when it is told to. */
function openSlow(changes: Parameters<typeof createIngestBench>[0] = {}) {
  const stored: string[][] = [];
  const held: ((error?: Error) => void)[] = [];
  const bench = createIngestBench({
    ...changes,
    wrapRecord: (record) => ({
      ...record,
      storeEnvelopes: async (batch) => {
        await new Promise<void>((resolve, reject) =>
          held.push((error) => (error === undefined ? resolve() : reject(error))),
        );
        stored.push(batch.envelopes.map(({ lane, firstSequence }) => `${lane} ${firstSequence}`));
        return record.storeEnvelopes(batch);
      },
    }),
  });
  let settled = 0;
  const send = (lane: Lane, firstSequence: number, copies = 1): void => {
    const records = Array.from({ length: copies }, () => event("told"));
    const envelope = sentEnvelope(records, { lane, firstSequence });
    bench.ingest.accept(`aurora/v1/gateway/gw-1/up/${lane}`, encodeUplinkEnvelope(envelope), () => settled++);
  };
  const storeNext = async (error?: Error): Promise<void> => {
    bench.clock.advance(1_000);
    await turns();
    held.shift()?.(error);
    await turns();
  };
  return { bench, stored, send, storeNext, countSettled: () => settled };
}

test("an alert is stored before the predictions that came before it", async () => {
  const { stored, send, storeNext } = openSlow();
  send("prediction", 1);
  await storeNext();
  for (const sequence of [2, 3]) send("prediction", sequence);
  send("alert", 1);
  send("update", 1);
  await storeNext();
  expect(stored).toEqual([["prediction 1"], ["alert 1", "update 1", "prediction 2", "prediction 3"]]);
});

test("an alert has room where predictions have none left", async () => {
  const { bench, stored, send, storeNext, countSettled } = openSlow();
  // Of 100,000 bytes.
  for (let sequence = 1; sequence <= 30; sequence++) send("prediction", sequence, 8);
  const refused = countSettled();
  expect(refused).toBeGreaterThan(0);
  send("alert", 1, 8);
  expect(countSettled()).toBe(refused);
  expect(await bench.metrics.render()).toContain(`uplink_messages_total{outcome="overload"} ${refused}`);
  await storeNext();
  expect(stored[0]?.[0]).toBe("alert 1");
});

test("an alert has room where predictions of its own gateway have none left", () => {
  const { send, countSettled } = openSlow({ maxPendingBytes: 64 * 1024 * 1024 });
  // A gateway's own bound is 4 MiB.
  for (let sequence = 1; countSettled() === 0 && sequence < 100; sequence++)
    send("prediction", sequence, 200);
  expect(countSettled()).toBe(1);
  send("alert", 1, 200);
  expect(countSettled()).toBe(1);
});

test("what waits of a connection that is gone is not stored, and leaves its room to what comes again", async () => {
  const { bench, stored, send, storeNext } = openSlow();
  send("update", 1);
  bench.clock.advance(20);
  await turns();
  for (let sequence = 2; sequence <= 60; sequence++) send("update", sequence);
  bench.ingest.forget();
  for (let sequence = 1; sequence <= 60; sequence++) send("update", sequence);
  for (let batch = 0; batch < 4; batch++) await storeNext();
  expect(stored.flat()).toEqual([
    "update 1",
    ...Array.from({ length: 60 }, (_, index) => `update ${index + 1}`),
  ]);
  const figures = await bench.metrics.render();
  expect(figures).toContain('uplink_messages_total{outcome="connection-lost"} 59');
  expect(figures).not.toContain('outcome="overload"');
});

test("neither a batch that failed nor what waits behind a hole is kept once its connection is gone", async () => {
  const { bench, stored, send, storeNext } = openSlow();
  send("update", 1);
  await storeNext();
  send("update", 3);
  await storeNext();
  bench.ingest.forget();
  send("update", 2);
  bench.clock.advance(1_000);
  await turns();
  bench.ingest.forget();
  await storeNext(new AuroraError("STORE", "the database is away", { op: "store" }));
  for (let turn = 0; turn < 3; turn++) await storeNext();
  expect(stored).toEqual([["update 1"], ["update 3"]]);
  expect(bench.clock.pendingTimers).toBe(0);
});
