import { expect, test } from "vitest";
import type { FeatureSpec } from "../../../../../src/core/contract/bundle/feature-spec.ts";
import { createScalarExtractor } from "../../../../../src/core/features/scalar-extractor.ts";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import {
  inventService,
  type ServiceConfig,
} from "../../../../../src/training/recipes/scada/learn/invent-service.ts";
import type { TurbineRows } from "../../../../../src/training/recipes/scada/learn/scada-rows.ts";
import type { InventedStops } from "../../../../../src/training/recipes/scada/scada-config.ts";

const stepMs = 600_000;
const channels = ["speed", "ambient"];
const spec: FeatureSpec = {
  catalogueVersion: 1,
  chains: channels.map((channel) => ({ name: channel, kind: "readings", params: { channel } })),
  list: channels.flatMap((chain) => [
    { name: chain, operator: "mean", chain, params: {}, group: chain },
    { name: `${chain}.2h`, operator: "recent-mean", chain, params: { tauHours: 2 }, group: chain },
  ]),
};
const stops: InventedStops = {
  copies: 1,
  everyDays: 1e3,
  minMinutes: 30,
  maxMinutes: 600,
  standing: { speed: [0, 10] },
};

const stoppedEvery = (everyDays: number): ServiceConfig => ({
  window: { length: stepMs / 1000 },
  channels: channels.map((name) => ({ name })),
  features: spec,
  stops: { ...stops, everyDays },
});

/** A turbine that runs at 1500 at 10 °C, with rows at `steps` of the grid; features by the serving extractor. */
function runAt(steps: readonly number[]): TurbineRows {
  const rows = steps.length;
  const readings = Float32Array.from({ length: 2 * rows }, (_, index) => (index % 2 === 0 ? 1500 : 10));
  const features = new Float32Array(4 * rows);
  const timestampMs = Float64Array.from(steps, (step) => step * stepMs);
  const extractor = createScalarExtractor(spec);
  for (let row = 0; row < rows; row++) {
    extractor.begin();
    for (const [channel, name] of channels.entries()) extractor.push(name, readings[2 * row + channel]!);
    extractor.finish(features, 4 * row, timestampMs[row]!);
  }
  const usable = new Uint8Array(rows).fill(1);
  return {
    turbine: "T01",
    rows,
    trainRows: rows,
    timestampMs,
    features,
    readings,
    measured: features,
    usable,
  };
}

const count = (rows: number): number[] => Array.from({ length: rows }, (_, row) => row);

test("without a gap and without a stop, a life is the measured one", () => {
  const rows = runAt(count(300));
  const life = inventService(rows, stoppedEvery(1e9), createRandom(1));
  expect(life.features).toEqual(rows.features);
  expect(life.stands.every((stands) => stands === 0)).toBe(true);
});

test("rows an hour apart are no gaps, and stops come as often among them", () => {
  const rows = runAt(count(20_000).map((step) => 6 * step));
  const live = (everyDays: number) =>
    inventService(rows, { ...stoppedEvery(everyDays), window: { length: 3600 } }, createRandom(2));
  expect(live(1e9).features).toEqual(rows.features);
  const { stands } = live(20);
  const begins = stands.filter((stood, row) => stood === 1 && stands[row - 1] === 0).length;
  expect(begins).toBeGreaterThan(25);
  expect(begins).toBeLessThan(60);
});

test("a gap may have been a stop: the average is lower after it, and the row itself as measured", () => {
  const steps = [...count(100), ...count(100).map((step) => 172 + step)];
  const rows = runAt(steps);
  const after = count(40).map((seed) => {
    const life = inventService(rows, stoppedEvery(1e9), createRandom(seed));
    expect(life.features.subarray(0, 400)).toEqual(rows.features.subarray(0, 400));
    expect(life.features[400]).toBe(1500);
    expect(life.features[403]).toBeCloseTo(10, 4);
    return life.features[401]!;
  });
  expect(rows.features[401]).toBeCloseTo(1500, 3);
  // Twelve hours of standing leave 8 % of the average's way back to the first row after them, and sometimes it ran on.
  expect(Math.min(...after)).toBeLessThan(200);
  expect(Math.max(...after)).toBeGreaterThan(1000);
  expect(Math.max(...after)).toBeLessThan(1501);
});

test("stops where it ran are marked, last from the shortest to the longest, and pull the averages behind them", () => {
  const rows = runAt(count(20_000));
  const { features, stands } = inventService(rows, stoppedEvery(2), createRandom(7));
  const lengths: number[] = [];
  for (let row = 1; row < rows.rows; row++) {
    if (stands[row] === 1) {
      if (stands[row - 1] === 0) lengths.push(0);
      if (lengths.length > 0) lengths[lengths.length - 1]!++;
      expect(features[4 * row]).toBeLessThanOrEqual(10);
    } else {
      expect(features[4 * row]).toBe(1500);
      if (stands[row - 1] === 1) expect(features[4 * row + 1]).toBeLessThan(1400);
    }
  }
  expect(lengths.length).toBeGreaterThan(40);
  expect(lengths.length).toBeLessThan(100);
  expect(Math.min(...lengths)).toBeLessThan(8);
  expect(Math.max(...lengths)).toBeGreaterThan(30);
});

test("one stream gives one life", () => {
  const rows = runAt(count(2000));
  const live = (seed: number): Float32Array =>
    inventService(rows, stoppedEvery(1), createRandom(seed)).features;
  expect(live(3)).toEqual(live(3));
  expect(live(3)).not.toEqual(live(4));
});
