import { describe, expect, it } from "vitest";
import type { DriftReport } from "../../../src/core/contract/uplink-record.ts";
import { createDriftWatch, type DriftWatch } from "../../../src/gateway/record/drift-watch.ts";
import { createFakeBundle, driftReference, point, startMs } from "../fakes.ts";

const intervalMs = 600_000;
const { ref } = createFakeBundle();

function create(): {
  watch: DriftWatch;
  reports: DriftReport[];
  add: (afterMs: number, version?: string, load?: { powerKw?: number; shaftRpm?: number }) => void;
} {
  const reports: DriftReport[] = [];
  const watch = createDriftWatch(intervalMs, (report) => reports.push(report));
  const dayMs = Math.floor(startMs / intervalMs) * intervalMs;
  return {
    watch,
    reports,
    add: (afterMs, version = "1.0.0", load = {}) =>
      watch.add(
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

describe("the drift watch", () => {
  it("reports an interval with the first window of the next, and the rest when told to", () => {
    const { watch, reports, add } = create();
    add(0);
    add(599_000);
    expect(reports).toEqual([]);
    add(600_000);
    expect(reports.map(windowsOf)).toEqual([2]);
    expect(reports[0]!.sketches).toHaveLength(3);
    watch.flush();
    watch.flush();
    expect(reports.map(windowsOf)).toEqual([2, 1]);
  });

  it("names the time from the first window's end to the last one's, whatever their order", () => {
    const { watch, reports, add } = create();
    for (const afterMs of [5000, 9000, 2000]) add(afterMs);
    watch.flush();
    expect(reports[0]!.toMs - reports[0]!.fromMs).toBe(7000);
    expect(reports[0]!.fromMs % intervalMs).toBe(2000);
  });

  it("merges neither what a clock that jumps back brings, nor two models", () => {
    const { watch, reports, add } = create();
    add(700_000);
    add(100_000);
    expect(reports.map(windowsOf)).toEqual([1]);
    add(101_000, "1.1.0");
    expect(reports.map(({ modelVersion }) => modelVersion)).toEqual(["1.0.0", "1.0.0"]);
    watch.flush();
    expect(reports.at(-1)).toMatchObject({
      modelVersion: "1.1.0",
      modelDigest: "1.1.0-digest",
      turbine: "WT01",
    });
  });

  it("tells loads apart by power, by speed where power is not known, and names the interval of all of them", () => {
    const { watch, reports, add } = create();
    add(1000, "1.0.0", { powerKw: 1000, shaftRpm: 1500 });
    add(2000, "1.0.0", { powerKw: 500, shaftRpm: 1500 });
    add(3000, "1.0.0", { powerKw: 1020, shaftRpm: 1200 });
    add(4000, "1.0.0", { powerKw: Number.NaN, shaftRpm: 1500 });
    add(5000, "1.0.0", { powerKw: -3 });
    watch.flush();
    expect(reports.map((report) => [report.load, windowsOf(report)])).toEqual([
      [undefined, 1],
      [{ by: "power", band: 17 }, 1],
      [{ by: "power", band: 19 }, 2],
      [{ by: "speed", band: 21 }, 1],
    ]);
    expect(new Set(reports.map(({ fromMs, toMs }) => toMs - fromMs))).toEqual(new Set([4000]));
    add(6000, "1.0.0", { powerKw: 1000 });
    watch.flush();
    expect(reports.slice(4).map(windowsOf)).toEqual([1]);
  });

  it("does not keep an interval to itself when nothing comes any more", () => {
    const { watch, reports, add } = create();
    add(0);
    for (const atMs of [0, 300_000]) watch.tick(atMs);
    add(1000);
    for (const atMs of [400_000, 999_000]) watch.tick(atMs);
    expect(reports).toEqual([]);
    watch.tick(1_000_000);
    watch.tick(2_000_000);
    expect(reports.map(windowsOf)).toEqual([2]);
  });
});
