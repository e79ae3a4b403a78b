import { join } from "node:path";
import { expect, test } from "vitest";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import type {
  RecordedEntry,
  RecordingSet,
} from "../../../../../src/training/dataset/recordings/recording-set.ts";
import type { BearingConfig } from "../../../../../src/training/recipes/bearing/bearing-config.ts";
import { readRecordedRows } from "../../../../../src/training/recipes/bearing/learn/recorded-rows.ts";
import { loadTrainingConfig } from "../../../../../src/training/training-config.ts";

const path = join(import.meta.dirname, "../../../../../models/bearing-vibration/train.yaml");
const config = (await loadTrainingConfig(path)).recipe.config as BearingConfig;
const bearing = { bpfi: 5.415, bpfo: 3.585, bsf: 2.357, ftf: 0.398 };
const entry = {
  id: "one",
  label: "outer-race",
  machine: "one",
  learn: true,
  sampleRateHz: 12_000,
  shaftRpm: 1_797,
  bearing,
} as unknown as RecordedEntry;

/** Blows of an outer race that ring at 3 kHz, in noise, above a constant part; counts. */
function strike(constant: number): Int16Array {
  const random = createRandom(5);
  const samples = Float64Array.from({ length: 12_000 * 5 }, () => 20 * random.normal());
  const apart = 12_000 / ((bearing.bpfo * 1_797) / 60);
  for (let blow = 0; blow < samples.length - 200; blow += apart) {
    for (let at = Math.ceil(blow); at < blow + 150; at++) {
      samples[at]! += 150 * Math.exp(-(at - blow) / 20) * Math.sin(1.57 * (at - blow));
    }
  }
  return Int16Array.from(samples, (sample) => Math.round(sample + constant));
}

test("what is constant in a recording puts no noise into its copies", async () => {
  const rowsOf = async (constant: number): Promise<Float32Array> => {
    const set = {
      entries: [entry],
      async *parts() {
        yield { counts: strike(constant), scale: 1e-3, sampleRateHz: 12_000, shaftRpm: 1_797, bearing };
      },
    } as unknown as RecordingSet;
    const rows = await readRecordedRows(set, { ...config, refused: [], progress: () => {} });
    const { training } = rows.signals[0]!;
    expect(training.recorded).toBeLessThan(training.rows);
    return training.features;
  };
  const [without, above] = [await rowsOf(0), await rowsOf(4_000)];
  const furthest = above.reduce((most, value, at) => Math.max(most, Math.abs(value - without[at]!)), 0);
  // Rounding to counts alone; with the constant part in it the noise would be a hundred times as strong.
  expect(furthest).toBeLessThan(0.1);
});
