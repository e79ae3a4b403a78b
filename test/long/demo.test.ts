import { existsSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { alerting, expectGone, interrupt, startDemo } from "../cli/demo/start-demo.ts";
import { until } from "../support/until.ts";

vi.setConfig({ testTimeout: 180_000 });

test("--timeout ends with 1 when nothing was decided in time, with the report so far", async () => {
  const demo = await startDemo("--fault", "none", "--until", "alert", "--json", "--timeout", "1");
  const { code, stdout } = await demo.finished;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ expected: null, alerts: [] });
  expectGone(demo);
});

test.skipIf(!existsSync("/proc/self/stat"))(
  "SIGHUP while the gateway starts leaves nothing either",
  async () => {
    const demo = await startDemo(...alerting);
    const isStarting = (): boolean =>
      demo.output().includes("aurora demo --seed") && demo.children().length >= 2;
    await until(isStarting, "both daemons", 60_000);
    const { code, signal } = await interrupt(demo, "SIGHUP");
    expect([code, signal]).toEqual([0, null]);
  },
);
