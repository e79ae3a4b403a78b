/** A bundle of one failure mode and one level that is watched, and windows that it has scored. */
import type { Prediction } from "../../src/core/contract/prediction.ts";
import type { PointId } from "../../src/core/contract/stream.ts";
import type { WatchedWindow } from "../../src/core/decision/reference/own-reference.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";

/** The bearing's orders. */
export const watchedBearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };

const model = { name: "m", version: "1.0.0", digest: "d" };
const manifest = {
  outputs: [{ failureMode: "outer-race", component: "b" }],
  calibration: [{ slope: 1, intercept: 0 }],
  features: { catalogueVersion: 1, chains: [], list: [] },
  channels: [],
  files: [],
  scaler: { mean: [], scale: [] },
  window: { unit: "revolutions", length: 60, hop: 60 },
  baseline: {
    levels: {
      catalogueVersion: 1,
      chains: [{ name: "x", kind: "band-level", params: { fromHz: 500, toHz: 1500 } }],
      list: [{ name: "low.rms", operator: "rms-db", chain: "x", params: {}, group: "level" }],
    },
    minWindows: 8,
    reference: [{ locationDb: -30, scaleDb: 3 }],
    healthy: { location: 0, machine: 1, wander: 1, window: 1 },
  },
};

export const watchedBundle = { manifest, ref: model } as unknown as LoadedBundle;

/** One window of a point, `toMs` on. */
export function scoredWindow(
  point: PointId,
  toMs: number,
  { logit = 0.1, levelDb = -30 } = {},
): WatchedWindow {
  const prediction: Prediction = {
    point,
    windowId: `${point.turbine}/${toMs}`,
    fromMs: toMs - 1000,
    toMs,
    quantised: Uint8Array.of(0),
    logits: Float64Array.of(logit),
    model,
    operatingState: "full-performance",
  };
  return { prediction, levels: Float32Array.of(levelDb), shaftRpm: 1500 };
}
