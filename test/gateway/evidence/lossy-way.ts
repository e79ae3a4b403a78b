import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { evidenceOrderSchema } from "../../../src/core/contract/evidence.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { clearRawLane } from "../../../src/gateway/compose-evidence.ts";
import { createEvidenceSender } from "../../../src/gateway/evidence/evidence-sender.ts";
import { openEvidenceSpool } from "../../../src/gateway/evidence/evidence-spool.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink } from "../../../src/gateway/record/uplink.ts";
import { makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { findFreePort } from "../../support/free-port.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { startCollector } from "../../support/whole-collector.ts";

const gateway = "gw-1";

/** All that evidence goes through, from a gateway's spool to a collector's files, over a mosquitto with these limits. */
export async function openWay(limits: readonly string[], version: 4 | 5 = 5) {
  const port = await findFreePort();
  const broker = await startMosquitto(port, limits);
  onTestFinished(() => broker.close());
  const url = `mqtt://127.0.0.1:${port}`;
  const config = collectorConfigSchema().parse({
    collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
    mqtt: { url },
  });
  const collector = await startCollector(config, { logger: silentLogger });
  onTestFinished(() => collector.close());

  const topics = createTopics(config.mqtt.base);
  const folder = createTemporaryFolder();
  const file = openStoreFile({ path: join(folder, "store.db"), survives: "crash" });
  onTestFinished(() => file.close());
  const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
  onTestFinished(() => outbox.close());
  const backoff = { firstMs: 20, maxMs: 100 };
  const transport = createMqttClient({ url, clientId: "gateway", version, backoff });
  onTestFinished(() => transport.close());
  let losses = 0;
  transport.onDisconnect(() => losses++);
  const resend = { firstMs: 20, maxMs: 100 };
  const clock = systemClock;
  const uplink = createUplink({
    gateway,
    outbox,
    transport,
    topics,
    clock,
    timers: systemTimers,
    ackTimeoutMs: 400,
    resend,
  });
  onTestFinished(() => uplink.close());
  const spool = await openEvidenceSpool({
    dir: join(folder, "evidence"),
    maxBytes: 1e7,
    allowed: ["alarm"],
    clock,
    reserve: { isHeld: true },
    onDropped: () => {},
    onFault: () => {},
  });
  const held: string[] = [];
  const refused: string[] = [];
  let shiftMs = 0;
  const sender = createEvidenceSender({
    spool,
    budget: { spend: () => true, charge: () => {}, left: 1, renewsMs: 0 },
    append: (piece) => outbox.append(piece),
    lane: () => outbox.counts().lanes.raw,
    withdraw: () => clearRawLane(outbox),
    laneBytesSent: () => uplink.counts().bytesByLane.raw,
    acknowledgements: () => uplink.counts().acksReceived,
    clock: { monotonicMs: () => systemClock.monotonicMs() + shiftMs },
    logger: silentLogger,
    onRefused: (_evidence, reason) => void refused.push(reason),
    onHeld: ({ id }) => void held.push(id),
  });
  onTestFinished(() => sender.close());
  await transport.subscribe(topics.evidence(gateway), 1, (_topic, payload) => {
    const order = evidenceOrderSchema().parse(JSON.parse(new TextDecoder().decode(payload)));
    if (order.type === "receipt") sender.receive(order);
  });
  let events = 0;
  // What goes on meanwhile at any gateway.
  const ticker = setInterval(() => {
    outbox.append({
      kind: "event",
      timeMs: Date.now(),
      name: `e-${++events}`,
      subject: gateway,
      detail: "",
    });
    sender.tick();
  }, 100);
  onTestFinished(() => clearInterval(ticker));
  const add = async (samples: number): Promise<string> => {
    const made = await makeEvidence({}, samples);
    await spool.add({ ...made, kind: "alarm" });
    return made.id;
  };
  const list = async (): Promise<string[]> =>
    (await collector.record.evidence({ limit: 10, offset: 0 })).items.map(({ id }) => id);
  return {
    broker,
    collector,
    sender,
    spool,
    outbox,
    held,
    refused,
    add,
    list,
    events: () => events,
    losses: () => losses,
    pass: (ms: number) => {
      shiftMs += ms;
    },
  };
}

/** Sends evidence by smaller pieces than the broker takes; nothing of it is lost on the way. */
export async function expectSmallerPieces(limits: readonly string[], version: 4 | 5): Promise<void> {
  const way = await openWay(limits, version);
  const id = await way.add(60_000);
  await until(async () => (await way.list()).includes(id), "it is stored", 60_000);
  await until(() => way.spool.waiting === 0, "it leaves the gateway");
  expect(way.sender.lostPieces).toBeGreaterThan(0);
  expect(way.sender.pieceLimitBytes).toBeLessThan(12_000);
  expect(way.sender.held).toBe(0);
  expect(way.held).toEqual([]);
  expect(way.refused).toEqual([]);
  if (version === 5) expect(way.losses()).toBe(0);
  // What was taken out of the lane is no loss that anybody would look for.
  const { items } = await way.collector.record.events({ limit: 500, offset: 0 });
  expect(items.map(({ name }) => name).filter((name) => !name.startsWith("e-"))).toEqual([]);
}
