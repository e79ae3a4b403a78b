import { expect, test } from "vitest";
import type { SiteBaseline } from "../../../src/core/contract/site-baseline.ts";
import { listHealthyRows, packHealthyRows } from "../../../src/core/decision/reference/healthy-rows.ts";
import { createOwnReference, type OwnReference } from "../../../src/core/decision/reference/own-reference.ts";
import { bearingLevelSpec } from "../../../src/core/features/bearing-level-spec.ts";

const model = { name: "bearing", version: "1.0.0", digest: "a".repeat(64) };
const parts = {
  outputs: [{ failureMode: "inner-race", title: "inner race fault" }],
  calibration: [{ slope: 1, intercept: 0 }],
  baseline: {
    levels: bearingLevelSpec,
    reference: bearingLevelSpec.list.map(() => null),
    minWindows: 64,
    evidence: { clip: 4, allowance: 0.75, raise: 30, clear: 7.5, minProbability: 0.5 },
  },
  model,
};
const options = { epoch: 0, minWindows: 600, minDurationMs: 0 };
const featureRows = [
  [0.5, 1],
  [0.625, 1],
];
const baseline: SiteBaseline = {
  formatVersion: 1,
  version: 1,
  windows: 600,
  fromMs: 0,
  toMs: 1,
  shaftRpm: { min: 1400, max: 1600, reference: 1500 },
  spec: bearingLevelSpec,
  levels: bearingLevelSpec.list.map(() => null),
  model,
  margins: [{ location: 0, scale: 1, autocorrelation: 0 }],
  featureRows,
  suspicions: [],
};
const begun = { version: 1, kept: [], seen: 0, stride: 1, firstMs: null, refusals: 0 };
const snapshot = { ...begun, epoch: 0, modelDigest: model.digest, baseline };

test("the healthy windows of a machine are known for the model that was given them, and for no other", () => {
  const rowsOf = ({ healthyRows }: OwnReference): number[][] =>
    listHealthyRows(healthyRows).map((row) => Array.from(row));
  expect(rowsOf(createOwnReference(parts, options, undefined))).toEqual([]);
  const own = createOwnReference(parts, options, snapshot);
  expect(rowsOf(own)).toEqual(featureRows);
  expect(own.healthyRows.speeds).toEqual([baseline.shaftRpm]);
  expect(own.snapshot()!.baseline!.featureRows).toEqual(featureRows);
  // The same object: whoever makes something of it asks whether it is.
  expect(own.healthyRows).toBe(own.healthyRows);
  own.adopt({ ...parts, model: { ...model, version: "2.0.0", digest: "b".repeat(64) } });
  expect(rowsOf(own)).toEqual([]);
});

test("a renewed machine is not known any more", () => {
  const own = createOwnReference(parts, options, snapshot);
  own.renew({ atMs: 1, by: "somebody", reason: "a new bearing" });
  expect(listHealthyRows(own.healthyRows)).toEqual([]);
});

test("rows come back as they were packed, and those of another length than the first are left out", () => {
  const { shaftRpm } = baseline;
  const rows = packHealthyRows({ shaftRpm, featureRows: [[1, 2.5], [3], Float32Array.of(-4, 5), []] });
  expect(listHealthyRows(rows)).toEqual([Float32Array.of(1, 2.5), Float32Array.of(-4, 5)]);
  expect(listHealthyRows(packHealthyRows({ shaftRpm, featureRows: [] }))).toEqual([]);
  expect(listHealthyRows(packHealthyRows({ shaftRpm, featureRows: [[], [1]] }))).toEqual([]);
});
