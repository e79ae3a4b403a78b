import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import type { EventRecord } from "../../src/core/contract/uplink-record.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { createOutbox } from "../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../src/gateway/record/store-file.ts";
import { createUplink, type UplinkTransport } from "../../src/gateway/record/uplink.ts";
import { findFreePort } from "../support/free-port.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { type RunningCollector, startCollector } from "../support/whole-collector.ts";
import { alertEvent, alertRecord, driftReport, predictionBatch } from "./fleet-records.ts";

it("stores every record of a real outbox exactly once, over lost acknowledgements and two restarts of the collector", async () => {
  const folder = createTemporaryFolder();
  const brokerPort = await findFreePort();
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, "secret");
  const config = collectorConfigSchema().parse({
    // Its records are dated 2026.
    retentionDays: 3_650,
    collector: { stateDir: join(folder, "collector"), httpPort: 0 },
    mqtt: { embedded: { port: brokerPort, gateways: [{ id: "gw-1", passwordFile }] } },
  });
  const start = (): Promise<RunningCollector> => startCollector(config, { logger: silentLogger });
  let collector = await start();
  onTestFinished(() => collector.close());

  const file = openStoreFile({ path: join(folder, "gateway.sqlite") });
  const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
  const client = createMqttClient({
    url: `mqtt://127.0.0.1:${brokerPort}`,
    clientId: "gw-1",
    username: "gw-1",
    password: "secret",
    backoff: { firstMs: 20, maxMs: 100 },
  });
  let acks = 0;
  const transport: UplinkTransport = {
    largestPacketBytes: null,
    get connected() {
      return client.connected;
    },
    publish: (topic, payload, options) => client.publish(topic, payload, options),
    // Every second acknowledgement is lost on its way.
    subscribe: (filter, qos, handler) =>
      client.subscribe(filter, qos, (topic, payload) => {
        if (acks++ % 2 === 1) handler(topic, payload);
      }),
    onConnect: (callback) => client.onConnect(callback),
  };
  const uplink = createUplink({
    gateway: "gw-1",
    outbox,
    transport,
    topics: createTopics("aurora/v1"),
    clock: systemClock,
    timers: systemTimers,
    maxRecords: 7,
    ackTimeoutMs: 150,
    resend: { firstMs: 20, maxMs: 100 },
  });
  onTestFinished(async () => {
    uplink.close();
    await client.close();
    file.close();
  });

  // Noon of yesterday.
  const startMs = Math.floor(Date.now() / dayMs) * dayMs - dayMs / 2;
  const event = (index: number): EventRecord => ({
    kind: "event",
    timeMs: startMs + index,
    name: `e${index}`,
    subject: "s",
    detail: "",
  });
  let expectedDriftWindows = 0;
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 60; index++) outbox.append(event(round * 60 + index));
    for (let index = 0; index < 4; index++) {
      const timeMs = startMs + (round * 4 + index) * 60_000;
      outbox.append(alertRecord(alertEvent("wt-1", index % 2 === 0 ? "raised" : "cleared", timeMs)));
      outbox.append(predictionBatch("wt-1", timeMs, { rows: 5, stepMs: 1_000 }));
      outbox.append(driftReport("wt-1", timeMs, "d", { windows: 40, shift: 0, seed: round * 4 + index }));
      expectedDriftWindows += 40;
    }
    outbox.flush();
    uplink.hurry();
    if (round === 2) break;
    const wanted = (round + 1) * 30;
    await until(
      async () => (await collector.record.events({ limit: 1, offset: 0 })).total >= wanted,
      "half of a round",
    );
    await collector.close();
    collector = await start();
  }
  await until(() => outbox.counts().records === 0, "everything acknowledged", 30_000);

  const names = (await collector.record.events({ limit: 500, offset: 0 })).items.map((item) => item.name);
  expect(names.reverse()).toEqual(Array.from({ length: 180 }, (_, index) => `e${index}`));
  const alarms = await collector.record.alarms({ limit: 50, offset: 0 });
  expect(alarms.total).toBe(6);
  expect(alarms.items.every((alarm) => !alarm.active && alarm.steps.length === 2)).toBe(true);
  const [day] = await collector.record.driftOfDay({ day: new Date(startMs).toISOString().slice(0, 10) });
  expect(day!.reports).toBe(12);
  for (const sketch of day!.sketches) {
    expect(sketch.counts.reduce((sum, count) => sum + count, 0)).toBe(expectedDriftWindows);
  }
  const range = { fromMs: 0, toMs: startMs + dayMs, bucketMs: 1 };
  const [series] = await collector.record.predictions({ site: "north-sea", turbine: "wt-1", ...range });
  expect(series!.timesMs).toHaveLength(60);
  expect((await collector.record.quarantine(0)).total).toBe(0);
});
