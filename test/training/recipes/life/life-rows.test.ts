import { expect, test } from "vitest";
import { AuroraError } from "../../../../src/core/contract/aurora-error.ts";
import type { FeatureSpec } from "../../../../src/core/contract/bundle/feature-spec.ts";
import type { ChannelContract } from "../../../../src/core/contract/bundle/manifest.ts";
import { type CmapssEngine, cmapssChannels } from "../../../../src/training/dataset/cmapss.ts";
import { assignFolds } from "../../../../src/training/recipes/life/cross-fit-life.ts";
import { fitLifeContract } from "../../../../src/training/recipes/life/fit-life-contract.ts";
import {
  createLifeRows,
  selectLastRows,
  selectRows,
  weighCuts,
} from "../../../../src/training/recipes/life/life-rows.ts";

const features: FeatureSpec = {
  catalogueVersion: 1,
  chains: [
    { name: "nf", kind: "history", params: { channel: "nf" } },
    { name: "t2", kind: "history", params: { channel: "t2" } },
  ],
  list: [
    { name: "nf.last", operator: "recent-mean", chain: "nf", params: { steps: 1 }, group: "speeds" },
    { name: "t2.last", operator: "recent-mean", chain: "t2", params: { steps: 1 }, group: "heat" },
  ],
};

/** An engine whose nf counts its cycles; all else is 100. */
function engine(id: string, cycles: number, remainingCycles: number): CmapssEngine {
  const values = new Float64Array(cycles * cmapssChannels.length).fill(100);
  const nf = cmapssChannels.indexOf("nf");
  for (let cycle = 0; cycle < cycles; cycle++) values[cycle * cmapssChannels.length + nf] = cycle + 1;
  return { id, cycles, values, remainingCycles };
}

const channel = (name: string): ChannelContract => ({
  name,
  unit: "1",
  min: 0,
  max: 5,
  minRateHz: 1,
  maxRateHz: 1,
  kind: "scalar",
  missing: "quarantine",
  stuckAfter: 2,
});

test("rows begin where there is history enough, and count what is left", () => {
  const rows = createLifeRows([engine("a", 5, 0), engine("b", 2, 9), engine("c", 4, 7)], features, 3);
  expect([...rows.remaining]).toEqual([2, 1, 0, 8, 7]);
  expect([...rows.engine]).toEqual([0, 0, 0, 2, 2]);
  expect([...rows.features]).toEqual([3, 100, 4, 100, 5, 100, 3, 100, 4, 100]);
});

test("only the last row of an engine is taken where each is judged once", () => {
  const rows = selectLastRows(createLifeRows([engine("a", 5, 12), engine("b", 2, 9)], features, 3));
  expect([...rows.remaining]).toEqual([12]);
  expect([...rows.features]).toEqual([5, 100]);
});

test("every engine weighs the same over the cuts that may happen", () => {
  const rows = createLifeRows([engine("a", 9, 0), engine("b", 4, 0)], features, 1);
  const weights = weighCuts(rows, 3);
  const sum = (index: number): number =>
    weights.reduce((total, weight, row) => total + (rows.engine[row] === index ? weight : 0), 0);
  expect(sum(0)).toBeCloseTo(1, 6);
  expect(sum(1)).toBeCloseTo(1, 6);
  expect(weights[0]).toBe(0);
  const kept = selectRows(rows, (row) => weights[row]! > 0);
  expect([...kept.remaining]).toEqual([3, 2, 1, 0, 3, 2, 1, 0]);
  expect(kept.features[0]).toBe(6);
});

test("folds divide engines evenly, each into one, and by the seed alone", () => {
  const folds = assignFolds(11, 3, 5);
  const sizes = [0, 1, 2].map((fold) => folds.filter((each) => each === fold).length).sort();
  expect(sizes).toEqual([3, 4, 4]);
  expect(assignFolds(11, 3, 5)).toEqual(folds);
  expect(assignFolds(11, 3, 6)).not.toEqual(folds);
});

test("a channel that never changes is dropped with its features, and readings out of range are counted", () => {
  const declared = { channels: [channel("nf"), channel("t2")], features };
  const fitted = fitLifeContract(declared, [engine("a", 9, 0)], 3);
  expect(fitted.channels.map((each) => each.name)).toEqual(["nf"]);
  expect(fitted.features.chains.map((each) => each.name)).toEqual(["nf"]);
  expect(fitted.features.list.map((each) => each.name)).toEqual(["nf.last"]);
  expect(fitted.dropped).toEqual([{ channel: "t2", distinctValues: 1 }]);
  expect(fitted.outOfRange).toBe(4);
});

test("a channel that the data lacks, and a contract that keeps nothing, are refused", () => {
  const engines = [engine("a", 2, 0)];
  const missing = { channels: [channel("vibration")], features };
  expect(() => fitLifeContract(missing, engines, 2)).toThrow('no channel "vibration"');
  const constant = { channels: [channel("t2")], features };
  expect(() => fitLifeContract(constant, engines, 2)).toThrow(AuroraError);
});
