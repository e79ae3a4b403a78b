import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { createTestBundle } from "../support/test-bundle.ts";
import { until } from "../support/until.ts";
import { waitsForNobody } from "../support/waits-for-nobody.ts";
import { type Running, startAurora } from "./aurora.ts";

// Each demonstration starts three processes from source, which a busy machine compiles slowly.
vi.setConfig({ testTimeout: 180_000 });

interface Demo extends Running {
  /** Where the demonstration makes its own folder. */
  readonly folder: string;
  /** Ids of the processes that the demonstration has started. */
  children(): number[];
}

/** Starts a demonstration with the tests' own bundle. */
async function startDemo(...args: readonly string[]): Promise<Demo> {
  const root = createTemporaryFolder();
  const models = join(root, "models");
  const pair = createKeyPair();
  const name = "bearing-vibration";
  await writeBundle(
    join(models, name, "1.0.0"),
    createTestBundle({ name }),
    parsePrivateKey(pair.privateKeyPem),
  );
  writeFileSync(join(models, "release.pub"), pair.publicKeyPem);
  const folder = join(root, "tmp");
  mkdirSync(folder);
  const demo = startAurora(["demo", "--models", models, ...args], { TMPDIR: folder });
  const seen = new Set<number>();
  const children = (): number[] => {
    for (const pid of childrenOf(demo.child.pid!)) seen.add(pid);
    return [...seen];
  };
  return { ...demo, folder, children };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    // A zombie has ended.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Nothing is left of a demonstration. */
function expectGone(demo: Demo): void {
  expect(demo.children().filter(isRunning)).toEqual([]);
  expect(readdirSync(demo.folder).filter((name) => name.startsWith("aurora-"))).toEqual([]);
}

/** Interrupts and expects the end at once. */
async function interrupt(demo: Demo, by: NodeJS.Signals = "SIGINT"): Promise<Awaited<Running["finished"]>> {
  demo.children();
  demo.child.kill(by);
  const finished = await waitsForNobody(demo.finished);
  expectGone(demo);
  return finished;
}

const linux = existsSync("/proc/self/stat");
const alerting = ["--seed", "1", "--fault", "outer-race", "--speed", "20"];

test("--until alert --json ends with 0 and one JSON object once the expected turbine has alerted", async () => {
  const demo = await startDemo(...alerting, "--until", "alert", "--json");
  const { code, stdout, stderr } = await demo.finished;
  expect([code, stderr]).toEqual([0, expect.stringContaining("ALERT RAISED")]);
  const report: Record<string, unknown> = JSON.parse(stdout);
  expect(Object.keys(report).sort()).toEqual([
    "alerts",
    "expected",
    "latencyMs",
    "startToFirstPredictionMs",
    "windows",
  ]);
  expect(report).toMatchObject({
    expected: { fault: "outer-race" },
    alerts: [{ type: "io.aurora.alert.raised.v1", data: { failureMode: "outer-race" } }],
    windows: { quarantined: 0, dropped: 0 },
  });
  expect(stderr).toMatch(/mosquitto_sub -h 127\.0\.0\.1 -p \d+ -t 'aurora\/v1\/turbine\/\+\/\+\/alert'/);
  expectGone(demo);
});

test("--timeout ends with 1 when nothing was decided in time, with the report so far", async () => {
  const demo = await startDemo("--fault", "none", "--until", "alert", "--json", "--timeout", "1");
  const { code, stdout } = await demo.finished;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ expected: null, alerts: [] });
  expectGone(demo);
});

test.skipIf(!linux)("Ctrl-C stops a running demonstration at once and leaves nothing", async () => {
  const demo = await startDemo(...alerting);
  await until(() => demo.output().includes("ALERT RAISED"), "the alert", 60_000);
  expect(demo.children()).toHaveLength(2);
  const { code, stdout } = await interrupt(demo);
  expect(code).toBe(0);
  expect(stdout).toContain("Ctrl-C");
});

test.skipIf(!linux).for([
  ["SIGINT", "before anything was started", "aurora demo --seed", 0],
  ["SIGTERM", "while the collector starts", "aurora demo --seed", 1],
  ["SIGHUP", "while the gateway starts", "aurora demo --seed", 2],
] as const)("%s %s leaves nothing either", async ([by, , words, children]) => {
  const demo = await startDemo(...alerting);
  await until(() => demo.output().includes(words) && demo.children().length >= children, words, 60_000);
  const { code, signal } = await interrupt(demo, by);
  expect([code, signal]).toEqual([0, null]);
});

test.skipIf(!linux)("daemons whose demonstration was killed end by themselves", async () => {
  const demo = await startDemo(...alerting);
  await until(() => demo.children().length === 2, "both daemons", 60_000);
  demo.child.kill("SIGKILL");
  await until(() => demo.children().every((pid) => !isRunning(pid)), "the daemons' end", 20_000);
});
