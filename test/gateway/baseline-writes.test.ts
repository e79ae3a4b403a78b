import { expect, test } from "vitest";
import type { Prediction } from "../../src/core/contract/prediction.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";
import { createSiteBaselines } from "../../src/gateway/points/site-baselines.ts";

const model = { name: "m", version: "1.0.0", digest: "d" };
const manifest = {
  outputs: [{ failureMode: "outer-race", component: "b" }],
  calibration: [{ slope: 1, intercept: 0 }],
  baseline: {
    levels: { list: [{ name: "low.rms" }] },
    minWindows: 8,
    reference: [{ locationDb: -30, scaleDb: 3 }],
    healthy: { location: 0, machine: 1, wander: 1, window: 1 },
  },
};
const bundle = { manifest, ref: model } as unknown as LoadedBundle;

test("what points have learnt for a quarter of an hour of data is written once for all, at the next tick", () => {
  const writes: string[][] = [];
  const baselines = createSiteBaselines({
    commissioning: { minWindows: 1e6, minHours: 1 },
    falsePerPointYear: () => 0.1,
    faultPrior: 0.05,
    state: {
      get: () => null,
      set: () => true,
      setAll: () => true,
      setDescribed: (entries) => {
        writes.push(Object.keys(entries));
        return true;
      },
      release: () => {},
    },
    logger: silentLogger,
    onEvent: () => {},
  });
  const points = ["WT01", "WT02"].map((turbine) => ({ site: "s", turbine, component: "b" }));
  const watches = points.map((point) =>
    baselines.create(point, { config: { baselineEpoch: 0 }, bundle, decider: undefined }),
  );
  const learnUntil = (toMs: number): void => {
    for (const [index, point] of points.entries()) {
      const prediction: Prediction = {
        point,
        windowId: `${point.turbine}/${toMs}`,
        fromMs: toMs - 1000,
        toMs,
        quantised: Uint8Array.of(0),
        logits: Float64Array.of(0.1),
        model,
        operatingState: "full-performance",
      };
      watches[index]!.update({ prediction, levels: Float32Array.of(-30), shaftRpm: 1500 });
    }
  };
  learnUntil(1000);
  baselines.tick();
  expect(writes).toEqual([]);
  learnUntil(901_000);
  expect(writes).toEqual([]);
  baselines.tick();
  expect(writes).toEqual([["baseline/WT01/b", "baseline/WT02/b"]]);
  baselines.tick();
  expect(writes).toHaveLength(1);
  baselines.save();
  expect(writes).toHaveLength(2);
});
