import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { compiledCommand } from "../support/compiled.ts";
import { findFreePort } from "../support/free-port.ts";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { hasEnded } from "../support/has-ended.ts";
import { hasPostgres, type ScratchPostgres, startScratchPostgres } from "../support/scratch-postgres.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { makeEvidence } from "./evidence/make-evidence.ts";
import { connectGateway, type TestGateway } from "./fleet-fixture.ts";

const topics = createTopics("aurora/v1");
const preload = pathToFileURL(join(import.meta.dirname, "..", "support", "hold-thread.mjs")).href;

interface HeldCollector extends GatewayProcess {
  readonly gateway: TestGateway;
  readonly folder: string;
  readonly remove: () => void;
  /** Until it is let go, the thread does nothing. Resolves when it does. */
  hold(thread: "main" | "other"): Promise<void>;
  letGo(thread: "main" | "other"): void;
  /** Ends the thread of the page, as a failure would. */
  endPage(): void;
}

/** The real command, and a gateway of it. */
async function start(record: object = {}): Promise<HeldCollector> {
  const { path: folder, remove } = createScratchFolder("page-thread");
  const { path, mqttUrl } = await writeConfig(folder, { record });
  const environment = { NODE_OPTIONS: `--import ${preload}`, HELD_IN: folder };
  const collector = await startGatewayProcess(path, "collector", environment);
  return {
    ...collector,
    folder,
    remove,
    gateway: await connectGateway({ collector: { mqttUrl }, topics }),
    hold: async (thread) => {
      writeFileSync(join(folder, `hold-${thread}`), "");
      await until(() => existsSync(join(folder, `held-${thread}`)), `the thread ${thread} is held`);
    },
    letGo: (thread) => rmSync(join(folder, `hold-${thread}`)),
    endPage: () => writeFileSync(join(folder, "end-other"), ""),
  };
}

async function end(collector: HeldCollector | undefined): Promise<void> {
  await collector?.gateway.close();
  if (collector !== undefined && !hasEnded(collector.child)) await collector.kill();
  collector?.remove();
}

async function writeConfig(
  folder: string,
  { httpPort = 0, record = {} }: { readonly httpPort?: number; readonly record?: object },
): Promise<{ readonly path: string; readonly mqttUrl: string }> {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, "correct horse\n", { mode: 0o600 });
  const port = await findFreePort();
  const config = {
    collector: { stateDir: join(folder, "state"), httpPort },
    mqtt: { embedded: { port, gateways: [{ id: "gw-1", passwordFile }] } },
    record,
  };
  const path = join(folder, "collector.yaml");
  writeFileSync(path, JSON.stringify(config));
  return { path, mqttUrl: `mqtt://127.0.0.1:${port}` };
}

const event = (name: string) =>
  ({ kind: "event", timeMs: Date.now(), name, subject: "s", detail: "" }) as const;

async function eventNames({ url }: GatewayProcess): Promise<string[]> {
  const { items } = (await (await fetch(`${url}/api/v1/events`)).json()) as {
    readonly items: readonly { readonly name: string }[];
  };
  return items.map(({ name }) => name).sort();
}

/** Both halves of what is said of every arrangement with threads. */
function neverWaits(collector: () => HeldCollector): void {
  it("stores and acknowledges while the page's thread does nothing", async () => {
    const { url, gateway, hold, letGo } = collector();
    await hold("other");
    let hasAnswered = false;
    const page = fetch(url).then((answer) => {
      hasAnswered = true;
      return answer;
    });
    // Resolves when it is acknowledged as stored.
    await gateway.send(event("meanwhile"));
    expect(hasAnswered).toBe(false);
    letGo("other");
    expect((await page).status).toBe(200);
    expect(await eventNames(collector())).toEqual(["meanwhile"]);
  });

  it("shows what is stored while the thread that stores does nothing", async () => {
    const { url, gateway, hold, letGo } = collector();
    await hold("main");
    const sent = gateway.send(event("held up"));
    expect(await eventNames(collector())).toEqual(["meanwhile"]);
    for (const path of ["/", "/-/healthy", "/metrics"])
      expect((await fetch(`${url}${path}`)).status).toBe(200);
    expect(gateway.acks).toHaveLength(1);
    letGo("main");
    await sent;
    await until(async () => (await eventNames(collector())).length === 2, "the page shows it");
  });
}

const none = hasPostgres ? "" : " (PostgreSQL is not installed)";
describe.skipIf(!hasPostgres)(`a collector with PostgreSQL and the embedded broker${none}`, () => {
  let server: ScratchPostgres;
  let collector: HeldCollector;
  beforeAll(async () => {
    server = await startScratchPostgres();
    collector = await start({ kind: "postgres", url: await server.createDatabase() });
  });
  afterAll(async () => {
    await end(collector);
    await server?.close();
  });
  neverWaits(() => collector);
});

describe("a collector with SQLite", () => {
  let collector: HeldCollector;
  beforeAll(async () => {
    collector = await start();
  });
  afterAll(() => end(collector));
  neverWaits(() => collector);

  it("shows the figures of both threads", async () => {
    const stored = /aurora_uplink_messages_total\{outcome="stored",worker="1"\} [1-9]/;
    await until(async () => stored.test(await collector.read("/metrics")), "it is counted");
    const lines = (await collector.read("/metrics")).split("\n");
    const numberOf = (name: string): number => lines.filter((line) => line.startsWith(name)).length;
    expect(numberOf("aurora_turbines ")).toBe(1);
    expect(numberOf("aurora_http_request_duration_seconds_count")).toBeGreaterThan(0);
    expect(numberOf("aurora_drift_open_periods{")).toBe(1);
    // Of the process once, of each thread its own.
    expect(numberOf("aurora_process_resident_memory_bytes")).toBe(1);
    expect(numberOf("aurora_nodejs_eventloop_lag_p99_seconds")).toBe(2);
  });

  it.skipIf(process.platform !== "linux")("gives the page less of a busy machine (on Linux)", () => {
    const tasks = `/proc/${collector.child.pid}/task`;
    const niceness = readdirSync(tasks).map((id) => {
      const fields = readFileSync(`${tasks}/${id}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      return { isMain: id === String(collector.child.pid), nice: Number(fields[16]) };
    });
    const ofRest = niceness.find(({ isMain }) => isMain)!.nice;
    expect(niceness.filter(({ nice }) => nice !== ofRest)).toEqual(
      ofRest === 19 ? [] : [{ isMain: false, nice: Math.min(19, ofRest + 5) }],
    );
  });

  it("tells of damaged evidence that the page's thread finds", async () => {
    const { url, gateway, folder } = collector;
    const { id, pieces } = await makeEvidence();
    await gateway.send(...pieces(60_000));
    const path = join(folder, "state", "evidence", id.slice(0, 2), `${id}.json`);
    await until(async () => (await fetch(`${url}/api/v1/evidence/${id}.json`)).ok, "it is stored");
    writeFileSync(path, readFileSync(path, "utf8").replace("alarm", "healthy"));
    const answer = await fetch(`${url}/api/v1/evidence/${id}.json`);
    expect([answer.status, await answer.json()]).toMatchObject([
      410,
      { error: { code: "EVIDENCE_DAMAGED" } },
    ]);
    await until(
      async () => (await eventNames(collector)).includes("evidence-damaged"),
      "an event tells of it",
    );
  });

  it("begins the page's thread again where it was, and stores meanwhile", async () => {
    const isUp = (): Promise<boolean> =>
      fetch(`${collector.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isUp, "it is ready");
    collector.endPage();
    await until(() => collector.log().includes("the page's thread ended; it is begun again"), "it has ended");
    await collector.gateway.send(event("without a page"));
    await until(isUp, "it is ready again");
    expect(await eventNames(collector)).toContain("without a page");
  });

  it("stops in order while the page's thread does nothing", async () => {
    await collector.hold("other");
    await collector.stop();
    expect(collector.child.exitCode).toBe(0);
  });

  it("says before anything runs that its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port: httpPort } = other.address() as AddressInfo;
    const { path } = await writeConfig(createTemporaryFolder(), { httpPort });
    onTestFinished(() => void other.close());
    const child = spawn(process.execPath, [compiledCommand(), "collector", "--config", path]);
    let said = "";
    child.stderr.on("data", (bytes) => {
      said += bytes;
    });
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    expect(said).toContain(`the page cannot listen on 127.0.0.1:${httpPort}`);
    expect(said).toContain("Choose another port (collector.httpPort; 0 for any)");
    expect(said).not.toContain("begun again");
  });
});
