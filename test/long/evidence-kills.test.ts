import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Packet, parser } from "mqtt-packet";
import { expect, onTestFinished, test } from "vitest";
import type { SampleSource } from "../../src/cli/device/sample-source.ts";
import { evidenceAboutSchema } from "../../src/core/contract/evidence.ts";
import type { RecordedEvidence } from "../../src/core/contract/evidence-list.ts";
import type { UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { encodeNpy } from "../../src/core/platform/files/encode-npy.ts";
import { unpackSamples } from "../../src/core/platform/files/sample-codec.ts";
import { decodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { createInstallation, type Installation, names, startDevice } from "../gateway/installation.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/until.ts";
import { openWatchedLink, type WatchedLink } from "../support/watched-link.ts";

interface Status {
  readonly evidence: { readonly kept: number; readonly waiting: number };
  readonly unpublishedAlerts: number;
}

const read = async (gateway: GatewayProcess): Promise<Status> =>
  (await gateway.status()) as unknown as Status;

async function openLink(
  { mqttUrl, folder }: Installation,
  bytesPerSecond?: number,
): Promise<{ readonly link: WatchedLink; readonly mqtt: object }> {
  const link = await openWatchedLink(Number(new URL(mqttUrl).port), bytesPerSecond);
  const passwordFile = join(folder, "gateway.password");
  return { link, mqtt: { url: `mqtt://127.0.0.1:${link.port}`, username: names.gateway, passwordFile } };
}

/** Every record that went over the link, as often as it did. */
function listRecords({ sent }: WatchedLink): UplinkRecord[] {
  const records: UplinkRecord[] = [];
  for (const pieces of sent) {
    const packets = parser({ protocolVersion: 5 });
    packets.on("packet", (packet: Packet) => {
      if (packet.cmd !== "publish" || !packet.topic.includes("/up/")) return;
      const envelope = decodeUplinkEnvelope(packet.payload as Uint8Array);
      if (envelope.ok) records.push(...envelope.value.records);
    });
    for (const piece of pieces) packets.parse(Buffer.from(piece));
  }
  return records;
}

/** A fault at 20 s; what its device has sent is noted. */
function createFaulty() {
  const { bearing, source } = createTurbine(32, { kind: "outer-race", onsetS: 20 });
  const noted: Int16Array[] = [];
  const watched: SampleSource = {
    ...source,
    read: (into) => {
      const got = source.read(into);
      noted.push(into[0]!.slice(0, got.samples));
      return got;
    },
  };
  return { bearing, source: watched, noted };
}

const listParts = (folder: string): string[] => {
  const incoming = join(folder, "collector", "evidence", "incoming");
  return existsSync(incoming) ? readdirSync(incoming).filter((name) => name.endsWith(".part")) : [];
};
const sizeOfPart = (folder: string): number => {
  const [part] = listParts(folder);
  return part === undefined
    ? 0
    : (statSync(join(folder, "collector", "evidence", "incoming", part), { throwIfNoEntry: false })?.size ??
        0);
};

test("evidence arrives once and byte for byte over kills of gateway and collector and cuts of the link, within its bytes a day", async () => {
  const installation = await createInstallation();
  const { folder } = installation;
  const { link, mqtt } = await openLink(installation, 20_000);
  const { bearing, source } = createFaulty();
  const device = await startDevice("WT02", source, 40);
  const dailyBytes = 2_000_000;
  const changes = {
    mqtt,
    evidence: { allow: ["alarm"], secondsBefore: 12, secondsAfter: 6, dailyBytes },
  };
  // Nobody listens until the evidence is made.
  let gateway = await startGatewayProcess(
    installation.writeGatewayConfig([{ id: "WT02", bearing, connect: device.address }], changes),
  );
  onTestFinished(() => gateway.kill());
  await until(async () => (await read(gateway)).evidence.kept === 1, "evidence", 60_000);
  await device.close();
  const spool = join(folder, "gateway", "evidence");
  const [pack] = readdirSync(spool).filter((name) => name.endsWith(".pack"));
  const id = pack!.slice(0, 64);
  const about = readFileSync(join(spool, `${id}.json`));
  const packed = readFileSync(join(spool, pack!));
  expect(packed.length).toBeGreaterThan(100_000);

  const collectorConfig = installation.writeCollectorConfig();
  const gatewayConfig = installation.writeGatewayConfig([{ id: "WT02", bearing, connect: "mqtt" }], changes);
  let collector = await startGatewayProcess(collectorConfig, "collector");
  onTestFinished(() => collector.kill());
  let arrived = 0;
  const steps = [
    async () => {
      await gateway.kill();
      gateway = await startGatewayProcess(gatewayConfig);
    },
    async () => {
      await collector.kill();
      collector = await startGatewayProcess(collectorConfig, "collector");
    },
    async () => link.cut(),
    async () => {
      await Promise.all([gateway.kill(), collector.kill()]);
      collector = await startGatewayProcess(collectorConfig, "collector");
      gateway = await startGatewayProcess(gatewayConfig);
    },
  ];
  for (const step of steps) {
    await until(() => sizeOfPart(folder) > arrived, "another piece", 60_000);
    arrived = sizeOfPart(folder);
    expect(arrived).toBeLessThan(packed.length);
    await step();
    // What was there is there.
    expect(sizeOfPart(folder)).toBeGreaterThanOrEqual(arrived);
  }
  const list = async (): Promise<readonly RecordedEvidence[]> => {
    const reply = (await (await fetch(`${collector.url}/api/v1/evidence`)).json()) as {
      readonly items: readonly RecordedEvidence[];
    };
    return reply.items;
  };
  await until(async () => (await list()).length > 0, "the evidence", 120_000);
  await until(async () => (await read(gateway)).evidence.waiting === 0, "an empty spool", 60_000);

  expect((await list()).map((each) => each.id)).toEqual([id]);
  const path = join(folder, "collector", "evidence", id.slice(0, 2), id);
  expect(readFileSync(`${path}.json`)).toEqual(about);
  const { evidence } = evidenceAboutSchema().parse(JSON.parse(about.toString()));
  const npy = Buffer.from(encodeNpy([await unpackSamples(packed, evidence.samples)]));
  expect(readFileSync(`${path}.npy`).equals(npy)).toBe(true);
  expect(listParts(folder)).toEqual([]);

  const pieces = listRecords(link).filter((record) => record.kind === "evidence-piece");
  const sentBytes = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(sentBytes).toBeGreaterThanOrEqual(packed.length);
  expect(sentBytes).toBeLessThan(dailyBytes);
}, 300_000);

test("no more than its bytes a day, whoever starts it again", async () => {
  const installation = await createInstallation();
  const { folder } = installation;
  const { link, mqtt } = await openLink(installation);
  const { bearing, source } = createFaulty();
  const device = await startDevice("WT02", source, 40);
  const dailyBytes = 65_536;
  const changes = {
    mqtt,
    evidence: { allow: ["alarm"], secondsBefore: 12, secondsAfter: 6, dailyBytes },
  };
  await installation.startCollector();
  let gateway = await startGatewayProcess(
    installation.writeGatewayConfig([{ id: "WT02", bearing, connect: device.address }], changes),
  );
  onTestFinished(() => gateway.kill());
  await until(async () => (await read(gateway)).evidence.kept === 1, "evidence", 60_000);
  await device.close();
  const config = installation.writeGatewayConfig([{ id: "WT02", bearing, connect: "mqtt" }], changes);
  for (let start = 0; start < 2; start++) {
    await until(() => sizeOfPart(folder) > 8_000, "a piece", 60_000);
    await gateway.kill();
    gateway = await startGatewayProcess(config);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  }
  const pieces = listRecords(link).filter((record) => record.kind === "evidence-piece");
  expect(pieces.length).toBeGreaterThan(0);
  expect(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(dailyBytes);
  expect((await read(gateway)).evidence.waiting).toBe(1);
}, 180_000);

test("without permission no raw sample is in anything that is sent to the broker", async () => {
  const installation = await createInstallation();
  const { link, mqtt } = await openLink(installation);
  const { bearing, source, noted } = createFaulty();
  const device = await startDevice("WT02", source, 40);
  const collector = await installation.startCollector();
  await installation.startGateway([{ id: "WT02", bearing, connect: device.address }], {
    mqtt,
  });
  await until(
    async () => (await collector.record.alarms({ limit: 1, offset: 0 })).total > 0,
    "the alarm at the collector",
    60_000,
  );
  await until(() => listRecords(link).some(({ kind }) => kind === "prediction-batch"), "predictions", 30_000);
  await device.close();

  const kinds = new Set(listRecords(link).map(({ kind }) => kind));
  expect(kinds.has("alert")).toBe(true);
  expect(kinds.has("evidence-piece")).toBe(false);
  // Eight bytes, four samples in a row, of any place.
  const stretches = new Set<bigint>();
  let samples = 0;
  for (const counts of noted) {
    samples += counts.length;
    const view = new DataView(counts.buffer, counts.byteOffset, counts.byteLength);
    for (let at = 0; at + 8 <= counts.byteLength; at += 2) stretches.add(view.getBigUint64(at, true));
  }
  stretches.delete(0n);
  let found = 0;
  for (const pieces of link.sent) {
    const bytes = Buffer.concat(pieces);
    for (let at = 0; at + 8 <= bytes.length; at++) if (stretches.has(bytes.readBigUInt64LE(at))) found++;
  }
  expect(samples).toBeGreaterThan(200_000);
  expect(found).toBe(0);
  // Nor would they fit in, however they were packed.
  expect(link.sentBytes).toBeLessThan(samples / 4);
}, 300_000);
