import { expect, test, vi } from "vitest";
import { playDrift } from "../cli/demo/play-drift.ts";

vi.setConfig({ testTimeout: 330_000 });

// How often each kind of drift is found with its cause, and nothing where nothing drifts, is counted by `npm run test:drift`.
test("--fault sensor is found as that sensor's drift, and told in the words of whoever looks after sensors", async () => {
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
