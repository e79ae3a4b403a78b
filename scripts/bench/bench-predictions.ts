/** Predictions as a gateway sends them, for the benchmarks of the record. */
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";

const failureModes = ["inner-race", "outer-race", "ball"];

/** Rows of one point until now, one every five minutes. */
export function predictionRows(turbine: string, rows: number, component: string): PredictionBatch {
  const indices = Array.from({ length: rows }, (_, index) => index);
  const endMs = Date.now();
  return {
    kind: "prediction-batch",
    site: "bench",
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    failureModes,
    timesMs: indices.map((index) => endMs - (rows - index) * 300_000),
    windows: indices.map(() => 300),
    meanProbability: indices.flatMap((index) =>
      failureModes.map((_, mode) => 0.01 + ((index + mode) % 7) / 1e3),
    ),
    maxProbability: indices.flatMap((index) =>
      failureModes.map((_, mode) => 0.02 + ((index + mode) % 9) / 1e3),
    ),
    shaftRpm: indices.map((index) => 1_500 + (index % 13)),
  };
}
