/** Bytes that one turbine costs on the uplink in a day, with a real collector that acknowledges what it stores. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectAsync, type IClientOptions } from "mqtt";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { assembleEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { encodeRecord } from "../../src/core/wire/record-codec.ts";
import { stateRefreshMs } from "../../src/gateway/alarms/state-pace.ts";
import { startCollector } from "../../test/support/whole-collector.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { startBenchDevices } from "./bench-devices.ts";
import { startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { encodeBenchStream } from "./bench-stream.ts";

const daySeconds = 86_400;
/** Health and state go by the wall clock, so a replay that is faster than time sends few: counted apart, one message each. */
const healthPerDay = daySeconds / 60;
const statesPerDay = (daySeconds * 1000) / stateRefreshMs;
/** Of a PUBLISH, beside topic and payload. */
const headerBytes = 8;

/** What a turbine costs a day. */
export interface UplinkCost {
  readonly bytesPerTurbineDay: number;
  /** The same by what it is spent on: the lanes, health, and the retained state. */
  readonly bytesByLane: Readonly<Record<string, number>>;
  /** Of signal that was streamed. */
  readonly seconds: number;
}

/** Streams `seconds` of one turbine's data through a gateway and scales what its uplink sent to a day. */
export async function measureUplink(seconds: number, password: string): Promise<UplinkCost> {
  const scratch = createScratchFolder("bench-uplink");
  const dir = scratch.path;
  const passwordFile = join(dir, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  const config = collectorConfigSchema().parse({
    collector: { stateDir: join(dir, "collector"), httpPort: 0 },
    mqtt: { embedded: { port: 0, gateways: [{ id: "gw-bench", passwordFile }] } },
  });
  const collector = await startCollector(config, { logger: silentLogger });
  const fleet = await startBenchDevices(1, encodeBenchStream(seconds));
  const mqtt = { url: collector.mqttUrl, username: "gw-bench", password };
  const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt });
  try {
    await fleet.send(Number.POSITIVE_INFINITY);
    let status = await waitUntilIdle(gateway);
    // Predictions wait up to ten seconds for company before they are sent.
    for (let tries = 0; tries < 100 && status.outbox.records + status.outbox.pendingRecords > 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      status = await gateway.status();
    }
    const perDay = (bytes: number): number => Math.round((bytes * daySeconds) / seconds);
    const health = healthPerDay * healthBytes();
    const state = statesPerDay * (await stateBytes(mqtt));
    const lanes = Object.entries(status.uplink.bytesByLane).map(([lane, bytes]) => [lane, perDay(bytes)]);
    return {
      bytesPerTurbineDay: perDay(status.uplink.bytesSent) + health + state,
      bytesByLane: { ...Object.fromEntries(lanes), health, state },
      seconds,
    };
  } finally {
    await gateway.stop();
    fleet.close();
    await collector.close();
    scratch.remove();
  }
}

/** Bytes of the PUBLISH that is retained of the turbine's state. */
async function stateBytes({ url, ...login }: IClientOptions & { readonly url: string }): Promise<number> {
  const client = await connectAsync(url, login);
  try {
    const told = new Promise<number>((resolve) => {
      client.on("message", (topic, payload) => resolve(topic.length + payload.length + headerBytes));
    });
    await client.subscribeAsync("aurora/v1/turbine/+/+/state");
    return await told;
  } finally {
    await client.endAsync();
  }
}

/** Bytes of a PUBLISH with one typical health record in an envelope of its own. */
function healthBytes(): number {
  const record = encodeRecord({
    kind: "health",
    timeMs: Date.UTC(2026, 0, 1),
    uptimeMs: 1e9,
    rssBytes: 120e6,
    windowsProcessed: 1e6,
    windowsQuarantined: 100,
    windowsDropped: 0,
    quarantined: { gap: 50, range: 50 },
    outboxRecords: 10,
  });
  const header = {
    gateway: "gw-bench",
    bootId: "0".repeat(32),
    lane: "prediction",
    firstSequence: 1e6,
    oldestSequence: 1e6,
  } as const;
  const envelope = assembleEnvelope(header, [record]);
  return envelope.length + "aurora/v1/gateway/gw-bench/up/prediction".length + headerBytes;
}
