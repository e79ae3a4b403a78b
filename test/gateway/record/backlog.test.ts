/** 36 hours of outage are caught up over links of many kinds, in virtual time, while alerts go on being raised. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import type { PredictionBatch, UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink, type UplinkTransport } from "../../../src/gateway/record/uplink.ts";
import { createCollectorModel } from "../../support/collector-model.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const topics = createTopics("aurora/v1");

/** A way to the collector: one packet after another at this rate, each way so late; the answer takes the time of storing. */
interface Link {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly oneWayMs: number;
}
const storingMs = 30;
const overheadBytes = 60;

function createLink(link: Link, clock: ManualClock, onPacket: (payload: Uint8Array) => Uint8Array | null) {
  let freeMs = 0;
  let connected = false;
  let onConnected = (): void => {};
  let onAck: (topic: string, payload: Uint8Array) => void = () => {};
  const transport: UplinkTransport = {
    largestPacketBytes: null,
    get connected() {
      return connected;
    },
    async publish(_topic, payload) {
      const startMs = Math.max(freeMs, clock.monotonicMs());
      freeMs = startMs + ((payload.length + overheadBytes) / link.bytesPerSecond) * 1000;
      clock.after(freeMs - clock.monotonicMs() + link.oneWayMs, () => {
        const answer = onPacket(payload);
        if (answer !== null) clock.after(storingMs + link.oneWayMs, () => onAck("", answer));
      });
    },
    async subscribe(_filter, _qos, handler) {
      onAck = handler;
    },
    onConnect(callback) {
      onConnected = callback;
      return () => {};
    },
  };
  return {
    transport,
    connect(): void {
      connected = true;
      onConnected();
    },
  };
}

const batch = (index: number, turbine: number): PredictionBatch => ({
  kind: "prediction-batch",
  site: "north",
  turbine: `WT${turbine}`,
  component: "generator-bearing",
  modelName: "bearing-vibration",
  modelVersion: "1.0.0",
  failureModes: ["inner-race", "outer-race", "ball"],
  timesMs: [0, 1, 2, 3, 4].map((row) => 1_699_000_000_000 + (index * 5 + row) * 60_000),
  windows: [60, 60, 60, 60, 60],
  meanProbability: Array.from({ length: 15 }, (_, cell) => ((index + cell) % 100) / 100),
  maxProbability: Array.from({ length: 15 }, () => 1),
  shaftRpm: [1500, 1501, 1502, 1503, 1504],
});
const alert = (id: string): UplinkRecord => ({ kind: "alert", id, json: `"${"x".repeat(1500)}"` });

test.for<Link>([
  { name: "fibre", bytesPerSecond: 10_000_000, oneWayMs: 5 },
  { name: "cellular", bytesPerSecond: 100_000, oneWayMs: 60 },
  { name: "a weak cellular signal", bytesPerSecond: 16_000, oneWayMs: 150 },
  { name: "satellite", bytesPerSecond: 16_000, oneWayMs: 300 },
])(
  "over $name, 36 hours of ten turbines are caught up, and no live alert waits a second for them",
  (link) => {
    const clock = createManualClock();
    const collector = createCollectorModel();
    const arrivedMs = new Map<string, number>();
    let seen = 0;
    const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db"), survives: "crash" });
    onTestFinished(() => file.close());
    const outbox = createOutbox({ file, clock, timers: clock });
    const { transport, connect } = createLink(link, clock, (payload) => {
      const ack = collector.take(payload);
      for (const { record } of collector.stored.slice(seen)) {
        if (record.kind === "alert") arrivedMs.set(record.id, clock.monotonicMs());
      }
      seen = collector.stored.length;
      return ack === null ? null : encodeUplinkAck(ack);
    });
    createUplink({
      gateway: "gw",
      outbox,
      unwritten: outbox.unwritten,
      transport,
      topics,
      clock,
      timers: clock,
      random: () => 0.5,
    });
    const turbines = 10;
    const batches = (36 * 60) / 5;
    for (let index = 0; index < batches; index++)
      for (let turbine = 0; turbine < turbines; turbine++) outbox.append(batch(index, turbine));
    for (let index = 0; index < 20; index++) outbox.append(alert(`old ${index}`));
    outbox.flush();
    const { lanes } = outbox.counts();

    connect();
    const connectedMs = clock.monotonicMs();
    // What was raised during the outage goes first and in its order.
    while (!arrivedMs.has("old 19")) clock.advance(100);
    const raisedMs = new Map<string, number>();
    let caughtUpMs: number | null = null;
    for (let step = 1; caughtUpMs === null && step < 50_000; step++) {
      clock.advance(1000);
      if (step % 7 === 0) {
        raisedMs.set(`live ${step}`, clock.monotonicMs());
        outbox.append(alert(`live ${step}`));
      }
      if (outbox.counts().lanes.prediction.records === 0) caughtUpMs = clock.monotonicMs();
    }
    clock.advance(5000);
    raisedMs.set("idle", clock.monotonicMs());
    outbox.append(alert("idle"));
    clock.advance(5000);

    const delayOf = (id: string): number => (arrivedMs.get(id) ?? Number.NaN) - raisedMs.get(id)!;
    const idleMs = delayOf("idle");
    const waits = [...raisedMs.keys()].map((id) => delayOf(id) - idleMs);
    const seconds = (caughtUpMs! - connectedMs) / 1000;
    const { bytes } = lanes.prediction;
    process.stdout.write(
      `36 h of ${turbines} turbines over ${link.name}: ${bytes} bytes in ${seconds.toFixed(0)} s, ` +
        `${waits.length} live alerts at most ${Math.max(...waits).toFixed(0)} ms later than ${idleMs.toFixed(0)} ms\n`,
    );
    expect(waits.length).toBeGreaterThan(1);
    expect(Math.max(...waits)).toBeLessThan(1000);
    // Nor is the backlog starved.
    expect(seconds).toBeLessThan(Math.max(60, (8 * bytes) / link.bytesPerSecond));
    expect(collector.stored.filter(({ lane }) => lane === "prediction")).toHaveLength(batches * turbines);
  },
);
