import { expect, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { selectWatchParts } from "../../../src/core/serving/select-watch-parts.ts";
import { watchParts } from "../decision/watch-feed.ts";

test("of a manifest a watch takes what decides, and nothing else", () => {
  const { model, ...manifest } = watchParts;
  const outputs = ["inner-race", "outer-race", "ball"].map((failureMode) => ({
    failureMode,
    title: failureMode,
  }));
  const whole = { ...manifest, outputs, features: bearingFeatureSpec, name: "bearing", files: [] };
  const bearing = { bpfo: 6.14, bpfi: 7.86, bsf: 7, ftf: 0.44 };
  const parts = selectWatchParts(whole, model, bearing);
  expect(parts).toEqual({ ...watchParts, outputs, coinciding: [], orders: [6.14, 7.86, 7, 0.44] });
  expect(selectWatchParts(whole, model, { ...bearing })).toBe(parts);
  const alike = selectWatchParts(whole, model, { ...bearing, bsf: 7.89 });
  expect(alike).toEqual({ ...watchParts, outputs, coinciding: [0, 2], orders: [6.14, 7.86, 7.89, 0.44] });
  expect(selectWatchParts(whole, model, bearing)).toBe(parts);
});
