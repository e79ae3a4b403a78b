import { existsSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { until } from "../support/until.ts";
import { alerting, expectGone, interrupt, isRunning, startDemo } from "./demo/start-demo.ts";

// Each demonstration starts three processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const linux = existsSync("/proc/self/stat");

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
