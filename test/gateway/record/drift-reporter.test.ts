import { describe, expect, it } from "vitest";
import type { DriftReport } from "../../../src/core/contract/uplink-record.ts";
import { createDriftReporter, type DriftReporter } from "../../../src/gateway/record/drift-reporter.ts";
import { createFakeBundle, driftReference, point, startMs } from "../fakes.ts";

const intervalMs = 600_000;
const { ref } = createFakeBundle();

function create(): {
  reporter: DriftReporter;
  reports: DriftReport[];
  add: (afterMs: number, version?: string, load?: { powerKw?: number; shaftRpm?: number }) => void;
} {
  const reports: DriftReport[] = [];
  const reporter = createDriftReporter(intervalMs, (report) => reports.push(report));
  const dayMs = Math.floor(startMs / intervalMs) * intervalMs;
  return {
    reporter,
    reports,
    add: (afterMs, version = "1.0.0", load = {}) =>
      reporter.add(
        point,
        { ref: { ...ref, version, digest: `${version}-digest` }, reference: driftReference },
        {
          toMs: dayMs + afterMs,
          features: Float32Array.of(0.5, 1.5),
          scores: Float64Array.of(-1),
          ...load,
        },
      ),
  };
}

const windowsOf = (report: DriftReport): number =>
  report.sketches[0]!.counts.reduce((sum, count) => sum + count, 0);

describe("the drift reporter", () => {
  it("reports an interval with the first window of the next, and the rest when told to", () => {
    const { reporter, reports, add } = create();
    add(0);
    add(599_000);
    expect(reports).toEqual([]);
    add(600_000);
    expect(reports.map(windowsOf)).toEqual([2]);
    expect(reports[0]!.sketches).toHaveLength(3);
    reporter.flush();
    reporter.flush();
    expect(reports.map(windowsOf)).toEqual([2, 1]);
  });

  it("names the time from the first window's end to the last one's, whatever their order", () => {
    const { reporter, reports, add } = create();
    for (const afterMs of [5000, 9000, 2000]) add(afterMs);
    reporter.flush();
    expect(reports[0]!.toMs - reports[0]!.fromMs).toBe(7000);
    expect(reports[0]!.fromMs % intervalMs).toBe(2000);
  });

  it("merges neither what a clock that jumps back brings, nor two models", () => {
    const { reporter, reports, add } = create();
    add(700_000);
    add(100_000);
    expect(reports.map(windowsOf)).toEqual([1]);
    add(101_000, "1.1.0");
    expect(reports.map(({ modelVersion }) => modelVersion)).toEqual(["1.0.0", "1.0.0"]);
    reporter.flush();
    expect(reports.at(-1)).toMatchObject({
      modelVersion: "1.1.0",
      modelDigest: "1.1.0-digest",
      turbine: "WT01",
    });
  });

  it("states the mean power of the interval, the speed where most windows know no power, or neither", () => {
    const { reporter, reports, add } = create();
    const closeAs = (...loads: readonly { powerKw?: number; shaftRpm?: number }[]): unknown => {
      for (const [index, load] of loads.entries()) add(1000 * index, "1.0.0", load);
      reporter.flush();
      return reports.at(-1)!.load;
    };
    const none = { powerKw: Number.NaN, shaftRpm: 1500 };
    expect(closeAs({ powerKw: 400 }, { powerKw: 1600 })).toEqual({ by: "power", band: 19 });
    expect(closeAs(none, { powerKw: 400 }, { powerKw: 1600 })).toEqual({ by: "power", band: 19 });
    expect(closeAs(none, none, { powerKw: 400, shaftRpm: 1200 })).toEqual({ by: "speed", band: 20 });
    expect(closeAs({ powerKw: -3 })).toBeUndefined();
    expect(closeAs({}, none)).toBeUndefined();
    expect(reports.map(windowsOf)).toEqual([2, 3, 3, 1, 2]);
  });

  it("does not keep an interval to itself when nothing comes any more", () => {
    const { reporter, reports, add } = create();
    add(0);
    for (const atMs of [0, 300_000]) reporter.tick(atMs);
    add(1000);
    for (const atMs of [400_000, 999_000]) reporter.tick(atMs);
    expect(reports).toEqual([]);
    reporter.tick(1_000_000);
    reporter.tick(2_000_000);
    expect(reports.map(windowsOf)).toEqual([2]);
  });
});
