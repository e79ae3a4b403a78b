import { expect, test, vi } from "vitest";
import { playDrift } from "../cli/demo/play-drift.ts";

vi.setConfig({ testTimeout: 330_000 });

// How often each kind of drift is found, and nothing where nothing drifts, is counted by `npm run test:drift`.
test("--drift winter is found as a drift of the site", async () => {
  const { code, report, said } = await playDrift("--drift", "winter", "--seed", "3");
  expect([code, said]).toEqual([0, expect.stringContaining("found, named and placed")]);
  const { expected, found } = report.drift!;
  expect([expected!.kind, expected!.points.length]).toEqual(["site", 6]);
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
