/** What a full disk, a hostile device, a copied card or somebody with a socket may do to a gateway. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createFrameEncoder } from "../../firmware-bridge/framing/frame-encoder.ts";
import { encodeMessage } from "../../firmware-bridge/messages/message-codec.ts";
import { packetFlags, packetTypes, protocolVersion } from "../../firmware-bridge/protocol.ts";
import { hourMs } from "../../src/core/maths/durations.ts";
import { listeningPort } from "../../test/support/listening-port.ts";
import { until } from "../../test/support/until.ts";
import { foreignHost, holdOpen } from "./collector-defects.ts";
import { patienceMs } from "./daemon-process.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import type { FaultSite } from "./fault-site.ts";
import { startSender } from "./sender-process.ts";
import { mountTinyDisk, type TinyDisk } from "./tiny-disk.ts";
import { openHealthyPark, type WatchedPark } from "./watched-park.ts";

/** Runs the cases one after the other; gives what was measured. */
export async function attackGateway(site: FaultSite, ledger: FaultLedger): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {};
  const disk = mountTinyDisk(join(site.folder, "full"), 2_048);
  if (disk === null) figures.skipped = "a start on a full disk: none can be mounted";
  else await ledger.run("1: a start on a full disk", () => startFull(site, disk));
  const park = await openHealthyPark(site, "attacked");
  try {
    await park.gateway.start();
    await ledger.run("10: 200 half-open connections to the gateway", () => holdOpen(park.gateway.url));
    await ledger.run("12: a Host header that is not the gateway's", () => foreignHost(park.gateway.url));
    await ledger.run("12: a copied card", () => copyCard(site, park));
    await ledger.run("12: files that others may read", async () => readableFiles(site, park));
  } finally {
    await park.close();
  }
  await ledger.run("8: a device that says hello and never reads", async () => {
    const grownMb = await floodHellos(site);
    figures["8: grown, MB"] = grownMb;
    return grownMb < 40 ? [] : [`the gateway grew by ${grownMb} MB`];
  });
  await ledger.run("9: the outbox on the disk", async () => {
    const { share, bytes } = await measureOutbox(site);
    figures["9: bytes on the disk per byte of bodies"] = share;
    figures["9: bytes on the disk"] = bytes;
    return share < 1.6 ? [] : [`${share} bytes on the disk for a byte of bodies`];
  });
  return figures;
}

async function startFull(site: FaultSite, disk: TinyDisk): Promise<readonly string[]> {
  disk.fill(0);
  const park = await openHealthyPark(site, "on-full-disk", { stateDir: join(disk.path, "state") });
  try {
    await park.gateway.start();
    await until(async () => (await park.status()).windows.processed > 3, "it decides windows", patienceMs);
    return park.gateway.crashes;
  } finally {
    await park.close();
    disk.unmount();
  }
}

/** Two gateways with one identity: both say why they lose their connection. */
async function copyCard(site: FaultSite, park: WatchedPark): Promise<readonly string[]> {
  await until(() => site.collector.isRunning, "the collector runs");
  const copy = await openHealthyPark(site, park.name, { stateDir: join(site.folder, "copy") });
  try {
    await copy.gateway.start();
    const names = (log: string): boolean =>
      /same (id|identity|client id)|another (gateway|client)|taken over/i.test(log);
    await until(
      () => names(copy.gateway.log) || names(park.gateway.log),
      "a log names the cause",
      patienceMs,
    );
    return [];
  } finally {
    await copy.close();
  }
}

function readableFiles(site: FaultSite, park: WatchedPark): readonly string[] {
  const folder = join(site.folder, park.name, "state");
  const open = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .concat(folder)
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
  return open.length === 0
    ? []
    : [`others may read ${open.map((path) => path.slice(folder.length) || ".").join(", ")}`];
}

/** A device of this gateway that sends hellos of another's id as fast as they are taken. Resolves with the growth, MB. */
async function floodHellos(site: FaultSite): Promise<number> {
  const sockets: Socket[] = [];
  const hello = recordHello();
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.pause();
    const more = (): void => {
      while (!socket.destroyed && socket.write(hello));
    };
    socket.on("drain", more);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `tcp://127.0.0.1:${listeningPort(server)}`;
  const park = await openHealthyPark(site, "flooded", {
    changes: { devices: [{ id: "mcu-flooded-1", connect: address }] },
  });
  try {
    await park.gateway.start();
    await delay(2_000);
    const before = rssMb(park.gateway.pid!);
    await delay(8_000);
    return Math.round(rssMb(park.gateway.pid!) - before);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await park.close();
  }
}

function rssMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Hellos of another's id, framed, with different numbers. */
function recordHello(): Uint8Array {
  const encoder = createFrameEncoder();
  const out = new Uint8Array(65_536);
  let end = 0;
  for (let sequence = 0; out.length - end > 4_096; sequence++) {
    const hello = {
      type: "hello",
      protocolMajor: protocolVersion.major,
      protocolMinor: protocolVersion.minor,
      deviceId: "somebody-else",
      firmware: "hostile",
      sessionId: 1 + sequence,
      channels: [{ name: "accel-de", unit: "g", sampleRateHz: 12_000, scale: 0.0005 }],
    } as const;
    const bytes = encodeMessage(hello, encoder.payload);
    end = encoder.encode(packetTypes.hello, packetFlags.acknowledge, sequence, bytes, out, end);
  }
  return out.subarray(0, end);
}

/** Bytes on the disk for a byte of bodies, while nobody takes them. */
async function measureOutbox(site: FaultSite): Promise<{ readonly share: number; readonly bytes: number }> {
  const path = join(site.folder, "large", "gateway.db");
  const sender = await startSender({
    name: "large",
    startMs: Date.now() - 40 * hourMs,
    path,
    url: "mqtt://127.0.0.1:9",
  });
  try {
    await sender.backlog({ hours: 36, points: 20, alerts: 10 });
    const { bodyBytes } = await sender.state();
    await sender.stop();
    const bytes = statSync(path).size;
    return { share: Number((bytes / bodyBytes).toFixed(2)), bytes };
  } finally {
    await sender.kill();
  }
}
