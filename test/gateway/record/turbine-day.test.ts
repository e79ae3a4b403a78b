import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { createPredictionThinner } from "../../../src/gateway/record/prediction-thinner.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink } from "../../../src/gateway/record/uplink.ts";
import { createCollectorModel } from "../../support/collector-model.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const secondsADay = 86_400;
const topics = createTopics("aurora/v1");
const modes = ["inner-race", "outer-race", "ball"];
/** Features of a vibration bundle, and its outputs. */
const sketchesAPoint = 18 + modes.length;

/** One turbine for a day at one window a second; `alarmed` is the share of the day spent above the threshold. */
function runDay(alarmed: number): { bytes: number; records: number; byLane: Record<string, number> } {
  const clock = createManualClock();
  const collector = createCollectorModel();
  const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db"), survives: "crash" });
  onTestFinished(() => file.close());
  const outbox = createOutbox({ file, clock, timers: clock });
  let onAck: (topic: string, payload: Uint8Array) => void = () => {};
  const uplink = createUplink({
    gateway: "gateway-01",
    outbox,
    topics,
    clock,
    timers: clock,
    transport: {
      largestPacketBytes: null,
      connected: true,
      async publish(_topic, payload) {
        const ack = collector.take(payload);
        if (ack !== null) clock.after(20, () => onAck("", encodeUplinkAck(ack)));
      },
      async subscribe(_filter, _qos, handler) {
        onAck = handler;
      },
      onConnect: () => () => {},
    },
  });
  const thinner = createPredictionThinner((batch) => outbox.append(batch));
  const random = createRandom(1);
  const point = { site: "north-sea-3", turbine: "wt-017", component: "generator-bearing" };
  const model = { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) };
  for (let second = 0; second < secondsADay; second++) {
    const toMs = clock.nowMs();
    const high = second % 1000 < alarmed * 1000;
    thinner.update(
      {
        point,
        model,
        windowId: `w${second}`,
        fromMs: toMs - 1000,
        toMs,
        operatingState: "full-performance",
        modes: modes.map((failureMode) => ({
          failureMode,
          score: 0,
          threshold: 0.5,
          active: high,
          sinceMs: null,
          probability: high ? 0.6 + 0.4 * random.uniform() : 0.3 * random.uniform(),
        })),
      },
      1750 + 50 * random.uniform(),
    );
    if (second % 60 === 0) {
      thinner.tick(toMs);
      outbox.append({
        kind: "health",
        timeMs: toMs,
        uptimeMs: second * 1000,
        rssBytes: 120e6,
        windowsProcessed: second,
        windowsQuarantined: 12,
        windowsDropped: 0,
        quarantined: { range: 12, gap: 3 },
        outboxRecords: 3,
      });
    }
    if (second % 600 === 599) {
      outbox.append({
        kind: "drift-report",
        ...point,
        modelName: model.name,
        modelVersion: model.version,
        modelDigest: model.digest,
        fromMs: toMs - 600_000,
        toMs,
        sketches: Array.from({ length: sketchesAPoint }, (_, feature) => ({
          feature,
          invalid: 0,
          mean: random.normal(),
          sumSquares: 600,
          min: -4,
          max: 4,
          counts: Array.from({ length: 16 }, () => 20 + random.integer(40)),
        })),
      });
    }
    if (second % 7200 === 100) outbox.append({ kind: "alert", id: `a${second}`, json: "x".repeat(1100) });
    clock.advance(1000);
  }
  thinner.flush();
  outbox.flush();
  uplink.hurry();
  clock.advance(60_000);
  expect(outbox.counts().records).toBe(0);
  const windows = collector.stored.reduce(
    (sum, { record }) =>
      sum + (record.kind === "prediction-batch" ? record.windows.reduce((a, b) => a + b, 0) : 0),
    0,
  );
  expect(windows).toBe(secondsADay);
  const { bytesSent, bytesByLane } = uplink.counts();
  return { bytes: bytesSent, records: collector.stored.length, byLane: { ...bytesByLane } };
}

test.each([
  ["a healthy turbine", 0],
  ["a turbine above its threshold half of the time", 0.5],
  ["a turbine above its threshold all day", 1],
])("%s sends at most 1 MB a day at one window a second", (name, alarmed) => {
  const { bytes, records, byLane } = runDay(alarmed);
  console.log(
    `uplink bytes per turbine-day, ${name}: ${bytes} in ${records} records, ${JSON.stringify(byLane)}`,
  );
  expect(bytes).toBeLessThanOrEqual(1e6);
});
