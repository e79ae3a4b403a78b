import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openShapedLink } from "../../scripts/faults/shaped-link.ts";
import { type IngestWorker, startIngestWorker } from "../../src/collector/ingest-worker.ts";
import { openRecord } from "../../src/collector/open-record.ts";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { viewAll } from "../../src/collector/worker-report.ts";
import {
  type CollectorConfig,
  collectorConfigSchema,
} from "../../src/core/contract/config/collector-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { alertEvent, alertRecord, turbineState } from "../collector/fleet-records.ts";
import { childrenOf } from "../support/children-of.ts";
import { compiledCommand } from "../support/compiled.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasEnded } from "../support/has-ended.ts";
import { dynamicSecurity, hasMosquitto, type Mosquitto, startMosquitto } from "../support/mosquitto.ts";
import { hasPostgres, type ScratchPostgres, startScratchPostgres } from "../support/scratch-postgres.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { viewHere } from "../support/whole-collector.ts";

const base = "aurora/v1";
const topics = createTopics(base);
const hasBoth = hasMosquitto && hasPostgres;
const none = hasBoth ? "" : " (mosquitto or PostgreSQL is not installed)";

/** Many gateways on one connection: sends envelopes of numbered events, and hears how far each gateway is stored. */
async function connectGateways(port: number, detail = "") {
  const client = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "gateways" });
  onTestFinished(() => client.close());
  const stored = new Map<string, number>();
  await client.subscribe(`${base}/gateway/+/ack`, 1, (topic, payload) => {
    const ack = decodeUplinkAck(payload);
    const gateway = topic.split("/").at(-2)!;
    if (ack.ok) stored.set(gateway, Math.max(stored.get(gateway) ?? 0, ack.value.sequence));
  });
  await until(() => client.connected, "the gateways are connected");
  const send = async (gateway: string, sequence: number): Promise<void> => {
    const event = {
      kind: "event",
      timeMs: Date.now(),
      name: `${gateway}/${sequence}`,
      subject: "s",
      detail,
    } as const;
    const header = { gateway, bootId: "b", lane: "update", oldestSequence: 1 } as const;
    const envelope = encodeUplinkEnvelope({ ...header, firstSequence: sequence, records: [event] });
    await client.publish(topics.up(gateway, "update"), envelope, { qos: 1, retain: false });
  };
  return { client, stored, send };
}

async function listNames(record: FleetRecord): Promise<string[]> {
  const names: string[] = [];
  for (let offset = 0; ; offset += 500) {
    const { items } = await record.events({ limit: 500, offset });
    names.push(...items.map(({ name }) => name));
    if (items.length < 500) return names;
  }
}

describe.skipIf(!hasBoth)(`workers that share what gateways send${none}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres();
  });
  afterAll(() => server?.close());

  const begin = async (
    extra: readonly string[] = [],
  ): Promise<{
    readonly broker: Mosquitto;
    readonly config: CollectorConfig;
    readonly record: FleetRecord;
  }> => {
    const broker = await startMosquitto(await findFreePort(), [
      "max_inflight_messages 0",
      "max_queued_messages 0",
      ...extra,
    ]);
    onTestFinished(() => broker.close());
    const config = collectorConfigSchema().parse({
      collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
      mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
      record: { kind: "postgres", url: await server.createDatabase() },
    });
    const record = await openRecord(config, silentLogger);
    onTestFinished(() => record.close());
    return { broker, config, record };
  };

  it("stores each record once and in its order, and tells each gateway, although no worker has all of its lane", async () => {
    const { broker, config, record } = await begin();
    for (const index of [1, 2, 3]) await startWorker(config, index);
    const { stored, send } = await connectGateways(broker.port);
    const gateways = Array.from({ length: 8 }, (_, index) => `gw-${index}`);
    await Promise.all(
      gateways.map(async (gateway) => {
        for (let sequence = 1; sequence <= 40; sequence++) {
          // As many under way as a gateway has.
          await until(() => sequence - (stored.get(gateway) ?? 0) <= 8, `${gateway} may go on`);
          await send(gateway, sequence);
        }
      }),
    );
    await until(() => gateways.every((gateway) => stored.get(gateway) === 40), "all is acknowledged");
    const names = await listNames(record);
    expect(names).toHaveLength(320);
    expect(new Set(names).size).toBe(320);
    const own = names.filter((name) => name.startsWith("gw-3/")).reverse();
    const sorted = own.map((name) => Number(name.slice(5)));
    expect([...sorted].sort((a, b) => a - b)).toEqual(sorted);
  });

  it("keeps what comes while PostgreSQL is gone, and stores it when it is there again", async () => {
    const own = await startScratchPostgres();
    onTestFinished(() => own.close());
    const { broker, config: shared } = await begin();
    const config = { ...shared, record: { ...shared.record, url: await own.createDatabase() } };
    const worker = await startWorker(config, 1);
    const { stored, send } = await connectGateways(broker.port);
    await send("gw-1", 1);
    await until(() => stored.get("gw-1") === 1, "the first is acknowledged");
    await own.kill();
    for (let sequence = 2; sequence <= 40; sequence++) await send("gw-1", sequence);
    await until(() => worker.storing.unstored === "all", "the worker cannot store");
    expect(stored.get("gw-1")).toBe(1);
    await own.start();
    await until(() => stored.get("gw-1") === 40, "the rest is acknowledged");
    expect(worker.storing.unstored).toBeNull();
    const record = await openRecord(config, silentLogger);
    onTestFinished(() => record.close());
    expect(await listNames(record)).toHaveLength(40);
  });

  it("leaves with the broker what a slow database cannot take", async () => {
    const own = await startScratchPostgres();
    onTestFinished(() => own.close());
    const { broker, config: shared } = await begin();
    const link = await openShapedLink(broker.port, { name: "clear" }, 1);
    onTestFinished(() => link.close());
    const config = {
      ...shared,
      mqtt: { ...shared.mqtt, url: `mqtt://127.0.0.1:${link.port}` },
      record: { ...shared.record, url: await own.createDatabase() },
      ingest: { ...shared.ingest, maxUnacknowledged: 50 },
    };
    await startWorker(config, 1);
    const { stored, send } = await connectGateways(broker.port, "x".repeat(4_000));
    await send("gw-0", 1);
    await until(() => stored.get("gw-0") === 1, "the first is acknowledged");
    own.freeze();
    const before = link.bytes;
    const gateways = Array.from({ length: 1_000 }, (_, index) => `gw-${index + 1}`);
    await Promise.all(gateways.map((gateway) => send(gateway, 1)));
    // 50 messages of 4 kB, and no megabytes.
    await until(() => link.bytes - before > 50 * 4_000, "what it may hold came");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(link.bytes - before).toBeLessThan(60 * 4_300);
    own.goOn();
    await until(() => stored.size === 1_001, "all is acknowledged", 30_000);
  });

  it.skipIf(dynamicSecurity === undefined)(
    "asks again for what the broker refuses, and says so, until its rights are mended",
    async () => {
      const { broker, config, record } = await begin(refusing());
      const told: string[] = [];
      const tell = (message: string): void => void told.push(message);
      const logger = { ...silentLogger, warn: tell, error: tell };
      const worker = await startIngestWorker(config, 1, { logger, metrics: createMetrics() });
      onTestFinished(() => worker.close());
      const { notReady, impairment } = viewAll([viewHere(worker.storing)]);
      await until(() => notReady() === null, "lanes are granted");
      const wanted = [topics.allStates, topics.allStatuses, topics.allOfLane("raw")];
      await until(() => worker.storing.refusedFilters.length === wanted.length, "all three are refused");
      expect(worker.storing.refusedFilters.toSorted()).toEqual(wanted.toSorted());
      expect(impairment()).toContain(topics.allStates);
      const { client } = await connectGateways(broker.port);
      const state = JSON.stringify(turbineState("wt-1", Date.now(), "d"));
      await client.publish(topics.state("north-sea", "wt-1"), state, { qos: 1, retain: true });
      const acls = [{ acltype: "subscribe", allow: true }];
      const mend = JSON.stringify({ commands: [{ command: "setDefaultACLAccess", acls }] });
      await client.publish("$CONTROL/dynamic-security/v1", mend, { qos: 1, retain: false });
      const heard = async (): Promise<boolean> => (await record.turbines()).length === 1;
      await until(heard, "the state that was there is heard", 30_000);
      await until(() => impairment() === null, "it is well", 30_000);
      expect(told.filter((message) => message.includes("refuses a subscription"))).toHaveLength(3);
      expect(told.filter((message) => message.includes("no connection"))).toEqual([]);
    },
  );

  it("is not thrown out by whoever guesses its client id, where there is an enrolment", async () => {
    const { broker, config: shared } = await begin();
    const enrolmentKeyFile = join(createTemporaryFolder(), "enrolment.key");
    writeFileSync(enrolmentKeyFile, "5a".repeat(32));
    const name = "i".repeat(63);
    const config = {
      ...shared,
      mqtt: { ...shared.mqtt, enrolmentKeyFile },
      ingest: { ...shared.ingest, name },
    };
    const losses: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void losses.push(message) };
    const worker = await startIngestWorker(config, 1, { logger, metrics: createMetrics() });
    onTestFinished(() => worker.close());
    await until(() => worker.storing.connected, "the worker is connected");
    // What it says at its start is not meant.
    losses.length = 0;
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const thief = createMqttClient({ url, clientId: `aurora-${name}-1` });
    onTestFinished(() => thief.close());
    await until(() => thief.connected, "the thief is connected");
    const { stored, send } = await connectGateways(broker.port);
    await send("gw-1", 1);
    await until(() => stored.get("gw-1") === 1, "it is acknowledged");
    expect(losses).toEqual([]);
  });

  it("says what it is when two have one name", async () => {
    const { config } = await begin();
    const hints = new Set<unknown>();
    const logger = {
      ...silentLogger,
      warn: (_message: string, fields?: Readonly<Record<string, unknown>>) => void hints.add(fields?.hint),
    };
    for (let count = 0; count < 2; count++) {
      const worker = await startIngestWorker(config, 1, { logger, metrics: createMetrics() });
      onTestFinished(() => worker.close());
    }
    const isSaid = (): boolean => [...hints].some((hint) => String(hint).includes("another ingest.name"));
    await until(isSaid, "the cause is said", 60_000);
  });

  it("sets poison aside, and stores its neighbours", async () => {
    const { broker, config, record } = await begin();
    await startWorker(config, 1);
    const { client, stored, send } = await connectGateways(broker.port);
    const junk = Uint8Array.of(1, 2, 3);
    await client.publish(topics.up("gw-1", "update"), junk, { qos: 1, retain: false });
    await send("gw-1", 1);
    await until(() => stored.get("gw-1") === 1, "the neighbour is acknowledged");
    expect((await record.quarantine(9)).items).toMatchObject([{ reason: "envelope-invalid", messages: 1 }]);
  });

  it("takes of a gateway what its enrolment allows, and nothing of one that was never enrolled", async () => {
    const { broker, config, record } = await begin();
    const enrolledFile = join(createTemporaryFolder(), "enrolled.json");
    writeFileSync(enrolledFile, JSON.stringify({ version: 1, gateways: [{ id: "gw-1", site: "kelmarsh" }] }));
    await startWorker({ ...config, mqtt: { ...config.mqtt, enrolledFile } }, 1);
    const { client, stored, send } = await connectGateways(broker.port);
    const header = {
      gateway: "gw-1",
      bootId: "b",
      lane: "alert",
      firstSequence: 1,
      oldestSequence: 1,
    } as const;
    const records = [alertRecord(alertEvent("wt-1", "raised", Date.now()))];
    const envelope = encodeUplinkEnvelope({ ...header, records });
    await client.publish(topics.up("gw-1", "alert"), envelope, { qos: 1, retain: false });
    await until(() => stored.get("gw-1") === 1, "what is refused is answered for");
    await send("gw-2", 1);
    const state = JSON.stringify(turbineState("wt-1", Date.now(), "d"));
    await client.publish(topics.state("north-sea", "wt-1"), state, { qos: 1, retain: true });
    await until(async () => (await record.quarantine(9)).items.length === 3, "all three are set aside");
    const { items } = await record.quarantine(9);
    expect(items.map(({ topic, reason }) => [topic, reason]).sort()).toEqual([
      [topics.up("gw-1", "alert"), "foreign-site"],
      [topics.up("gw-2", "update"), "not-enrolled"],
      [topics.state("north-sea", "wt-1"), "foreign-site"],
    ]);
    expect((await record.alarms({ limit: 9, offset: 0 })).total).toBe(0);
    expect(await listNames(record)).toEqual([]);
    expect(await record.turbines()).toEqual([]);
    expect(stored.has("gw-2")).toBe(false);
  });

  it("loses and doubles nothing when a worker is killed in the middle of a batch", async () => {
    const { broker, config, record } = await begin();
    const { url, workers } = await startProcess(config, "ingest");
    await until(async () => (await fetch(`${url}/-/ready`)).ok, "both run", 30_000);
    const { stored, send } = await connectGateways(broker.port);
    const holder = new pg.Client(config.record.url!);
    await holder.connect();
    onTestFinished(() => holder.end());
    await holder.query("BEGIN; LOCK TABLE uplink_progress IN EXCLUSIVE MODE");
    const gateways = Array.from({ length: 60 }, (_, index) => `gw-${index}`);
    await Promise.all(gateways.map((gateway) => send(gateway, 1)));
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND database =
      (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await until(async () => (await holder.query(waiting)).rowCount === 2, "both are in their batch");
    process.kill(workers()[0]!, "SIGKILL");
    await holder.query("COMMIT");
    // Nobody sends again: the broker still has what was not committed.
    await until(() => stored.size === 60, "all is acknowledged", 30_000);
    const names = await listNames(record);
    expect(names).toHaveLength(60);
    expect(new Set(names).size).toBe(60);
    await until(async () => (await fetch(`${url}/-/ready`)).ok, "both run again", 30_000);
    const counted = 'aurora_uplink_messages_total{outcome="stored",worker="2"}';
    await until(
      async () => (await (await fetch(`${url}/metrics`)).text()).includes(counted),
      "the worker says what it stored",
    );
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/api/v1/turbines`)).status).toBe(404);
  });

  it("shows in one process what others store", async () => {
    const { broker, config, record } = await begin();
    const { url, workers } = await startProcess(config, "all");
    await until(async () => (await fetch(`${url}/-/ready`)).ok, "all is ready", 30_000);
    expect(workers()).toHaveLength(2);
    const { client, stored, send } = await connectGateways(broker.port);
    await send("gw-1", 1);
    await until(() => stored.get("gw-1") === 1, "it is acknowledged");
    const state = JSON.stringify(turbineState("wt-1", Date.now(), "d"));
    await client.publish(topics.state("north-sea", "wt-1"), state, { qos: 1, retain: true });
    await until(async () => (await record.turbines()).length === 1, "one of the workers follows the states");
    const page = async (): Promise<string> => (await fetch(`${url}/`)).text();
    await until(async () => (await page()).includes("wt-1"), "the page shows it");
    expect(await page()).not.toContain("no connection to its broker");
    await broker.kill();
    await until(async () => (await page()).includes("no connection to its broker"), "the page says so");
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics.match(/aurora_mqtt_connected\{.*\} 0/g)).toHaveLength(2);
  });

  it("takes nothing of gateways as `--role web`", async () => {
    const { broker, config, record } = await begin();
    const { url, workers } = await startProcess(config, "web");
    await until(async () => (await fetch(`${url}/-/ready`)).ok, "the page is ready", 30_000);
    const { send } = await connectGateways(broker.port);
    await send("gw-1", 1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await listNames(record)).toEqual([]);
    expect(workers()).toEqual([]);
    const read = async (at: string): Promise<string> => (await fetch(`${url}${at}`)).text();
    expect(await read("/metrics")).not.toContain("uplink_messages_total");
    expect(await read("/metrics")).toContain("aurora_mqtt_connected 1");
    await broker.kill();
    await until(
      async () => (await read("/metrics")).includes("aurora_mqtt_connected 0"),
      "it is not connected",
    );
    // Whether others hear of gateways is not known here.
    expect(await read("/")).not.toContain("no connection to its broker");
  });
});

/** A broker that grants shared subscriptions and acknowledgements, and no other; anyone may change that. */
function refusing(): string[] {
  const path = join(createTemporaryFolder(), "dynamic-security.json");
  const allow = (acltype: string, topic: string) => ({ acltype, topic, priority: 1, allow: true });
  const acls = [
    allow("publishClientSend", "$CONTROL/#"),
    allow("subscribePattern", topics.ack("+")),
    allow("subscribePattern", "$share/#"),
  ];
  const rights = {
    defaultACLAccess: {
      publishClientSend: true,
      publishClientReceive: true,
      subscribe: false,
      unsubscribe: true,
    },
    clients: [],
    groups: [{ groupname: "all", roles: [{ rolename: "all" }] }],
    anonymousGroup: "all",
    roles: [{ rolename: "all", acls }],
  };
  writeFileSync(path, JSON.stringify(rights));
  return ["user root", `plugin ${dynamicSecurity}`, `plugin_opt_config_file ${path}`];
}

async function startWorker(config: CollectorConfig, index: number): Promise<IngestWorker> {
  const worker = await startIngestWorker(config, index, { logger: silentLogger, metrics: createMetrics() });
  onTestFinished(() => worker.close());
  await until(() => worker.storing.connected, "the worker is connected");
  return worker;
}

/** The real command; resolves when its HTTP server answers. */
async function startProcess(
  config: CollectorConfig,
  role: string,
): Promise<{ readonly url: string; readonly workers: () => number[] }> {
  const folder = createTemporaryFolder();
  const path = join(folder, "collector.yaml");
  const httpPort = await findFreePort();
  const file = {
    collector: { stateDir: join(folder, "state"), httpPort },
    mqtt: { url: config.mqtt.url },
    record: { kind: "postgres", url: config.record.url },
    ingest: { workers: 2 },
  };
  writeFileSync(path, JSON.stringify(file));
  const command = [compiledCommand(), "collector", "--config", path, "--role", role];
  const child = endWithProcess(spawn(process.execPath, command, { stdio: "ignore" }));
  onTestFinished(() => stop(child));
  const url = `http://127.0.0.1:${httpPort}`;
  const answers = async (): Promise<boolean> => {
    expect(hasEnded(child)).toBe(false);
    return fetch(`${url}/-/healthy`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await until(answers, "it answers", 30_000);
  return { url, workers: () => childrenOf(child.pid!) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

describe("a role that cannot be", () => {
  const run = (
    ...options: readonly string[]
  ): { readonly status: number | null; readonly stderr: string } => {
    const folder = createTemporaryFolder();
    const path = join(folder, "collector.yaml");
    writeFileSync(path, JSON.stringify({ collector: { stateDir: join(folder, "state"), httpPort: 0 } }));
    const command = [compiledCommand(), "collector", "--config", path, ...options];
    return spawnSync(process.execPath, command, { encoding: "utf8", timeout: 60_000 });
  };

  it.each(["ingest", "web"])("is refused: `%s` on SQLite", (role) => {
    const { status, stderr } = run("--role", role);
    expect(status).toBe(1);
    expect(stderr).toContain(`the role ${role} needs a record that processes share (record.kind: postgres)`);
    expect(stderr).toContain("--role all");
  });

  it("is refused: one that is not known", () => {
    const { status, stderr } = run("--role", "both");
    expect(status).not.toBe(0);
    expect(stderr).toContain("all, ingest, web");
  });
});
