/** Predictions as a gateway sends them, for the benchmarks of the record. */
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";

/** Whose they are. */
export const predictionSite = "bench";

const failureModes = ["inner-race", "outer-race", "ball"];

/** Rows of one point, one a minute, the last at `endMs`. */
export function predictionRows(
  turbine: string,
  component: string,
  { rows, endMs }: { readonly rows: number; readonly endMs: number },
): PredictionBatch {
  const indices = Array.from({ length: rows }, (_, index) => index);
  return {
    kind: "prediction-batch",
    site: predictionSite,
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    failureModes,
    timesMs: indices.map((index) => endMs - (rows - 1 - index) * 60_000),
    windows: indices.map(() => 60),
    meanProbability: indices.flatMap((index) =>
      failureModes.map((_, mode) => 0.01 + ((index + mode) % 7) / 1e3),
    ),
    maxProbability: indices.flatMap((index) =>
      failureModes.map((_, mode) => 0.02 + ((index + mode) % 9) / 1e3),
    ),
    shaftRpm: indices.map((index) => 1_500 + (index % 13)),
  };
}
