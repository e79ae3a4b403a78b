import { expect, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { digestScoring } from "../../../src/core/serving/digest-scoring.ts";
import { selectWatchParts } from "../../../src/core/serving/select-watch-parts.ts";
import { sampleManifest } from "../bundle/sample-bundle.ts";
import { watchParts } from "../decision/watch-feed.ts";

test("of a manifest a watch takes what decides, and nothing else", () => {
  const { model, outputs: _outputs, ...decides } = watchParts;
  const outputs = ["inner-race", "outer-race", "ball"].map((failureMode) => ({
    failureMode,
    title: failureMode,
  }));
  const whole = { ...sampleManifest({ ...decides, outputs, features: bearingFeatureSpec }), files: [] };
  const bearing = { bpfo: 6.14, bpfi: 7.86, bsf: 7, ftf: 0.44 };
  const parts = selectWatchParts(whole, model, bearing);
  const scoringDigest = digestScoring(whole);
  const orders = [6.14, 7.86, 7, 0.44];
  expect(parts).toEqual({ ...watchParts, outputs, scoringDigest, coinciding: [], orders });
  expect(selectWatchParts(whole, model, { ...bearing })).toBe(parts);
  const alike = selectWatchParts(whole, model, { ...bearing, bsf: 7.89 });
  expect(alike).toEqual({ ...parts, coinciding: [0, 2], orders: [6.14, 7.86, 7.89, 0.44] });
  expect(selectWatchParts(whole, model, bearing)).toBe(parts);
});
