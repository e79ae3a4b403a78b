import { expect, test, vi } from "vitest";
import { playDrift } from "../cli/demo/play-drift.ts";

vi.setConfig({ testTimeout: 330_000 });

test.for([
  ["grease", "2", "turbine", 2],
  ["winter", "3", "site", 6],
  ["sensor", "7", "sensor", 1],
] as const)("--drift %s (seed %s) is found and placed: %s", async ([drift, seed, kind, points]) => {
  const { code, report, said } = await playDrift("--drift", drift, "--seed", seed);
  expect([code, said]).toEqual([0, expect.stringContaining("found, named and placed")]);
  const { expected, found } = report.drift!;
  expect([expected!.kind, expected!.points.length]).toEqual([kind, points]);
  for (const { turbine, component } of found) expect(expected!.points).toContainEqual({ turbine, component });
});

test("a healthy demonstration shows no drift", async () => {
  const { code, report } = await playDrift("--drift", "none", "--seed", "4");
  expect([code, report.drift]).toMatchObject([0, { expected: null, found: [] }]);
  expect(report.drift!.periods).toBeGreaterThanOrEqual(20);
});
