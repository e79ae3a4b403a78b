import { describe, expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { faultKinds } from "../../../src/core/contract/bundle/bearing-fault.ts";
import { computeLineNoise, dbPerLog, listFaultLines } from "../../../src/core/explain/fault-lines.ts";
import { describeEvidence } from "../../../src/core/explain/physical-evidence.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createTurbineSimulation } from "../../../src/core/simulate/turbine-simulation.ts";
import { extractRows } from "../../../src/training/learn/extract-rows.ts";

const columns = bearingFeatureSpec.list.length;

/** Windows of one healthy simulated turbine; `noise` puts white noise in the place of its vibration. */
function watch(seed: number, seconds: number, noise = false) {
  const simulation = createTurbineSimulation({
    seed,
    turbines: 1,
    meanWindMetresPerSecond: 10,
    fault: "none",
  });
  const bearing = simulation.turbines[0]!.orders;
  const random = createRandom(seed);
  const windows: { readonly features: Float32Array; readonly shaftRpm: number }[] = [];
  for (let second = 0; second < seconds; second += 4) {
    const { counts, shaftRpm } = simulation.nextBlock(0, 4 * simulation.sampleRateHz);
    const { scale, sampleRateHz } = simulation;
    const heard = noise ? counts.map(() => Math.round(1000 * random.normal())) : counts;
    const signal = { counts: heard, scale, sampleRateHz, shaftRpm, bearing };
    const { rows, features } = extractRows(signal, bearingWindow, bearingFeatureSpec);
    for (let row = 0; row < rows; row++) {
      windows.push({ features: features.subarray(row * columns, (row + 1) * columns), shaftRpm });
    }
  }
  return { bearing, windows };
}

describe("the lines of a fault", () => {
  test("are those that the features declare", () => {
    const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
    const lines = listFaultLines({ features: bearingFeatureSpec, bearing });
    expect(lines.map(({ name }) => name)).toEqual(
      bearingFeatureSpec.list.filter(({ operator }) => operator.endsWith("log-snr")).map(({ name }) => name),
    );
    const side = lines.find(({ name }) => name === "bpfi.side.shaft")!;
    expect(side).toMatchObject({
      kind: "side-band",
      of: "bpfi",
      spacing: "shaft",
      harmonic: 1,
      order: 5.4152,
    });
    expect(side.searched).toEqual([4.4152, 6.4152]);
  });

  test("show in white noise what is said that noise shows: the median within 0.7 dB, its spread within a fifth", () => {
    const excess = new Map<string, { values: number[]; deviation: number }>();
    for (let seed = 1; seed <= 6; seed++) {
      const { bearing, windows } = watch(seed, 40, true);
      for (const line of listFaultLines({ features: bearingFeatureSpec, bearing })) {
        // One bin or two at a low order: no median to speak of, and no line of a fault.
        if (line.of === "ftf" || line.of === "shaft") continue;
        const noise = computeLineNoise(line, bearingWindow);
        const entry = excess.get(line.name) ?? { values: [], deviation: noise.deviationDb };
        excess.set(line.name, entry);
        for (const { features } of windows) entry.values.push(features[line.column]! * dbPerLog - noise.db);
      }
    }
    expect(excess.size).toBe(15);
    for (const [name, { values, deviation }] of excess) {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
      expect(Math.abs(mean), name).toBeLessThan(0.7);
      expect(spread / deviation, name).toBeGreaterThan(0.8);
      expect(spread / deviation, name).toBeLessThan(1.25);
    }
  });

  test("are not found on healthy turbines, over ten windows each", () => {
    let looked = 0;
    let found = 0;
    for (let seed = 101; seed <= 108; seed++) {
      const { bearing, windows } = watch(seed, 36);
      for (let from = 0; from + 10 <= windows.length; from += 10) {
        for (const failureMode of faultKinds) {
          const subject = { failureMode, features: bearingFeatureSpec, window: bearingWindow, bearing };
          const { harmonics, sideBands } = describeEvidence(subject, windows.slice(from, from + 10))!;
          looked += harmonics.of + sideBands.of;
          found += harmonics.found + sideBands.found;
        }
      }
    }
    expect(looked).toBeGreaterThan(200);
    expect(found).toBe(0);
  });
});
