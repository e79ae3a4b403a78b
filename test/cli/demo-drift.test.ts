import { expect, test, vi } from "vitest";
import { startAurora } from "./aurora.ts";
import { playDrift } from "./demo/play-drift.ts";

// Three weeks pass in under a minute, where the machine has nothing else to do.
vi.setConfig({ testTimeout: 330_000 });

test("--fault sensor --until drift finds, names and places the sensor's drift and ends with 0", async () => {
  const { code, report, said } = await playDrift("--fault", "sensor", "--seed", "1");
  expect([code, said]).toEqual([0, expect.stringContaining("found, named and placed")]);
  const { expected, found, periods } = report.drift!;
  expect(expected).toMatchObject({ drift: "sensor", kind: "sensor", points: [{ turbine: "WT02" }] });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ ...expected!.points[0], level: "drift", cause: { kind: "sensor" } });
  expect(found[0]!.cause!.title).toMatch(/^WT02's drive-end sensor is noisier since \d\d:\d\d$/);
  expect(periods).toBeGreaterThan(14);
  expect(said).toContain("learning: 9 of 14 periods are known of each of 6 points");
  expect(report).toMatchObject({ expected: null, alerts: [], windows: { quarantined: 0, dropped: 0 } });
});

test("options that contradict one another are refused before anything starts", async () => {
  const { finished } = startAurora(["demo", "--drift", "grease", "--fault", "ball"]);
  const { code, stderr } = await finished;
  expect([code, stderr]).toEqual([2, expect.stringContaining("--fault ball contradicts --drift grease")]);
});
