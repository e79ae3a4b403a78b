import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openShapedLink } from "../../scripts/faults/shaped-link.ts";
import { openRecord } from "../../src/collector/open-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { type EvidenceReceipt, evidenceOrderSchema } from "../../src/core/contract/evidence.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { sha256Hex } from "../../src/core/platform/files/sha256.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { clearRawLane } from "../../src/gateway/compose-evidence.ts";
import { createEvidenceSender } from "../../src/gateway/evidence/evidence-sender.ts";
import { createOutbox } from "../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../src/gateway/record/store-file.ts";
import { createUplink } from "../../src/gateway/record/uplink.ts";
import { type MadeEvidence, makeEvidence } from "../collector/evidence/make-evidence.ts";
import { childrenOf } from "../support/children-of.ts";
import { compiledCommand } from "../support/compiled.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasEnded } from "../support/has-ended.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { hasPostgres, type ScratchPostgres, startScratchPostgres } from "../support/scratch-postgres.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const topics = createTopics("aurora/v1");
const hasBoth = hasMosquitto && hasPostgres;
const none = hasBoth ? "" : " (mosquitto or PostgreSQL is not installed)";

/** What of a gateway sends evidence: its outbox, its uplink and its sender, over a slow line. */
async function sendAsGateway(brokerPort: number, { id, about, packed }: MadeEvidence) {
  const link = await openShapedLink(brokerPort, { name: "slow", bytesPerSecond: 25_000 }, 1);
  onTestFinished(() => link.close());
  const transport = createMqttClient({ url: `mqtt://127.0.0.1:${link.port}`, clientId: "gw-1" });
  const file = openStoreFile({ path: join(createTemporaryFolder(), "gateway.sqlite") });
  const around = { clock: systemClock, timers: systemTimers, logger: silentLogger };
  const outbox = createOutbox({ ...around, file });
  const resend = { firstMs: 500, maxMs: 2_000 };
  const uplink = createUplink({
    ...around,
    gateway: "gw-1",
    outbox,
    transport,
    topics,
    resend,
    ackTimeoutMs: 2_000,
  });
  const receipts: EvidenceReceipt[] = [];
  let isThere = true;
  const sender = createEvidenceSender({
    spool: {
      next: async () => (isThere ? { id, kind: "alarm", about, packed } : null),
      remove: async () => {
        isThere = false;
      },
      has: () => isThere,
    },
    budget: { spend: () => true, charge: () => {}, left: 1e9, renewsMs: 0 },
    append: (piece) => outbox.append(piece),
    lane: () => outbox.counts().lanes.raw,
    withdraw: () => clearRawLane(outbox),
    laneBytesSent: () => uplink.counts().bytesByLane.raw,
    acknowledgements: () => uplink.counts().acksReceived,
    // What is not answered within half a minute is sent again: in the test within three seconds.
    clock: { monotonicMs: () => 10 * performance.now() },
    logger: silentLogger,
    onRefused: () => {},
    onHeld: () => {},
  });
  await transport.subscribe(topics.evidence("gw-1"), 1, (_, payload) => {
    const order = evidenceOrderSchema().parse(JSON.parse(Buffer.from(payload).toString()));
    if (order.type !== "receipt") return;
    receipts.push(order);
    sender.receive(order);
  });
  const ticking = setInterval(() => sender.tick(), 100);
  onTestFinished(async () => {
    clearInterval(ticking);
    await sender.close();
    uplink.close();
    outbox.close();
    file.close();
    await transport.close();
  });
  return { receipts, isStored: () => !isThere };
}

interface Machine {
  readonly stateDir: string;
  /** Ids of its processes. */
  pids(): number[];
  /** As a power cut would, all of it. */
  kill(): Promise<void>;
}

describe.skipIf(!hasBoth)(`evidence through workers that share what gateways send${none}`, () => {
  let server: ScratchPostgres;
  let bucket: S3Server;
  beforeAll(async () => {
    server = await startScratchPostgres();
    bucket = await startS3Server();
  });
  afterAll(async () => {
    await server?.close();
    await bucket?.close();
  });

  it.each(["folder", "bucket"] as const)(
    "completes a file whose holder was killed: another machine takes over, with a %s",
    async (kind) => {
      const broker = await startMosquitto(await findFreePort(), [
        "max_inflight_messages 0",
        "max_queued_messages 0",
      ]);
      onTestFinished(() => broker.close());
      const url = await server.createDatabase();
      // A folder is shared between machines; with a bucket each puts together in a place of its own.
      const shared = join(createTemporaryFolder(), "evidence");
      const settings = kind === "folder" ? { dir: shared } : { s3: bucket.settings };
      const plan = (name: string, stateDir: string) => ({
        collector: { stateDir, httpPort: 0 },
        mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
        record: { kind: "postgres", url },
        ingest: { workers: 1, name },
        evidence: settings,
      });
      const record = await openRecord(
        collectorConfigSchema().parse(plan("nobody", createTemporaryFolder())),
        silentLogger,
      );
      onTestFinished(() => record.close());
      const machines = await Promise.all(["one", "two"].map((name) => startMachine(name, plan)));
      const database = new pg.Client(url);
      await database.connect();
      onTestFinished(() => database.end());
      const findHolder = async (): Promise<Machine | undefined> => {
        const { rows } = await database.query("SELECT holder FROM lease WHERE name = 'states and evidence'");
        const pid = Number(String(rows[0]?.holder).split("/").at(-2));
        return machines.find((machine) => machine.pids().includes(pid));
      };
      await until(async () => (await findHolder()) !== undefined, "somebody holds the lane", 60_000);
      const holder = (await findHolder())!;
      const other = machines.find((machine) => machine !== holder)!;
      const incomingOf = ({ stateDir }: Machine): string =>
        join(kind === "folder" ? shared : join(stateDir, "evidence"), "incoming");

      const evidence = await makeEvidence({}, 200_000);
      const { receipts, isStored } = await sendAsGateway(broker.port, evidence);
      const arrived = (): number => sizeOfPart(incomingOf(holder));
      await until(() => arrived() > 30_000, "a part of it", 60_000);
      await holder.kill();
      const left = arrived();
      expect(left).toBeLessThan(evidence.packed.length);
      const before = receipts.length;
      // As if its minute were over.
      await database.query("UPDATE lease SET until = now() WHERE name = 'states and evidence'");

      await until(async () => (await findHolder()) === other, "the other holds the lane", 120_000);
      await until(isStored, "the file is stored", 120_000);
      const [row] = (await record.evidence({ limit: 9, offset: 0 })).items;
      expect(row).toMatchObject({ id: evidence.id, gateway: "gw-1", samples: 200_000 });
      // In a folder that both have it goes on where it was; elsewhere it begins again.
      const [first] = receipts.slice(before);
      if (kind === "folder") expect(first!.have).toBeGreaterThanOrEqual(left);
      else expect(receipts.slice(before).some(({ have }) => have === 0)).toBe(true);
      expect(receipts.filter(({ state }) => state === "stored").length).toBeGreaterThan(0);
      // It may be said to be stored before what it was put together in is gone.
      await until(() => readdirSync(incomingOf(other)).length === 0, "nothing of it is left beside", 60_000);

      // Whoever shows it serves the file, whichever machine put it together.
      const page = await startMachine("page", plan, "web");
      const npy = Buffer.from(
        await (await fetch(`${page.url}/api/v1/evidence/${evidence.id}.npy`)).arrayBuffer(),
      );
      expect(sha256Hex(npy)).toBe(row!.npySha256);
    },
    400_000,
  );
});

async function startMachine(
  name: string,
  plan: (name: string, stateDir: string) => object,
  role: "ingest" | "web" = "ingest",
): Promise<Machine & { readonly url: string }> {
  const folder = createTemporaryFolder();
  const stateDir = join(folder, "state");
  const path = join(folder, "collector.yaml");
  const httpPort = await findFreePort();
  writeFileSync(path, JSON.stringify({ ...plan(name, stateDir), collector: { stateDir, httpPort } }));
  const command = [compiledCommand(), "collector", "--config", path, "--role", role];
  const child = endWithProcess(spawn(process.execPath, command, { stdio: "ignore" }));
  const pids = (): number[] => childrenOf(child.pid!);
  const kill = async (): Promise<void> => {
    if (hasEnded(child)) return;
    const workers = pids();
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    for (const pid of workers) process.kill(pid, "SIGKILL");
    await gone;
  };
  onTestFinished(kill);
  const url = `http://127.0.0.1:${httpPort}`;
  await until(() => isReady(url, child), `${name} is ready`, 60_000);
  return { stateDir, url, pids, kill };
}

async function isReady(url: string, child: ChildProcess): Promise<boolean> {
  expect(hasEnded(child)).toBe(false);
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function sizeOfPart(dir: string): number {
  const [part] = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".part")) : [];
  return part === undefined ? 0 : (statSync(join(dir, part), { throwIfNoEntry: false })?.size ?? 0);
}
