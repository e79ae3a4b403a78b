import { expect, test, vi } from "vitest";
import { playDrift } from "../cli/demo/play-drift.ts";

vi.setConfig({ testTimeout: 330_000 });

test.for([
  ["grease", "2", "turbine", 2],
  ["winter", "3", "site", 6],
] as const)("--drift %s (seed %s) is found and placed: %s", async ([drift, seed, kind, points]) => {
  const { code, report, said } = await playDrift("--drift", drift, "--seed", seed);
  expect([code, said]).toEqual([0, expect.stringContaining("found, named and placed")]);
  const { expected, found } = report.drift!;
  expect([expected!.kind, expected!.points.length]).toEqual([kind, points]);
  for (const { turbine, component } of found) expect(expected!.points).toContainEqual({ turbine, component });
});

test("--fault sensor is the same drift, told in the words of whoever looks after sensors", async () => {
  const { code, report, said } = await playDrift("--fault", "sensor", "--seed", "1");
  expect([code, said]).toEqual([0, expect.stringContaining("found, named and placed")]);
  const { expected, found, periods } = report.drift!;
  expect(expected).toMatchObject({ drift: "sensor", kind: "sensor", points: [{ turbine: "WT02" }] });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ ...expected!.points[0], level: "drift", cause: { kind: "sensor" } });
  expect(found[0]!.cause!.title).toMatch(
    /^WT02's drive-end sensor is (noisier|[\d.]+ dB louder) since \d\d:\d\d$/,
  );
  expect(periods).toBeGreaterThan(14);
  expect(said).toContain("learning: 9 of 14 periods are known of each of 6 points");
  expect(report).toMatchObject({ expected: null, alerts: [], windows: { quarantined: 0, dropped: 0 } });
});

test("a healthy demonstration shows no drift", async () => {
  const { code, report } = await playDrift("--drift", "none", "--seed", "4");
  expect([code, report.drift]).toMatchObject([0, { expected: null, found: [] }]);
  // Fourteen of learning and six of health, but for those that were over when it was first asked.
  expect(report.drift!.periods).toBeGreaterThanOrEqual(16);
});
