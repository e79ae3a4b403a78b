import { expect, test } from "vitest";
import { changeFeatures } from "../../../scripts/mcu/change-features.ts";
import { readShippedModels } from "../../../scripts/mcu/shipped-models.ts";
import { createEdgeScorer, openEdgeModel } from "../../../src/cli/device/edge-model.ts";
import type { ScoreMessage } from "../../../src/core/contract/device/device-message.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };

test("a simulated device pools its windows as a model says, and begins anew with another bearing alone", async () => {
  const shipped = (await readShippedModels()).find((one) => one.manifest.name === "bearing-vibration")!;
  const models = [shipped, changeFeatures(shipped, { params: { pooledWindows: 4 } })].map(
    ({ mcuModel }) => openEdgeModel(mcuModel!)!,
  );
  const random = createRandom(1);
  const counts = Int16Array.from({ length: 26_000 }, () => Math.round(4000 * (random.uniform() - 0.5)));
  const block = {
    deviceId: "",
    channel: "vibration",
    unit: "g",
    sampleRateHz: 12_000,
    scale: 1e-3,
    shaftRpm: 1797,
    counts,
  };
  const [alone, pooled] = models.map((model) => {
    const scores: ScoreMessage[] = [];
    const scorer = createEdgeScorer((score) => scores.push(score));
    const bearings = [bearing, { ...bearing }, { ...bearing, bsf: 4.7 }];
    for (const [index, now] of bearings.entries()) {
      const firstSample = index * counts.length;
      scorer.accept({ ...block, firstSample, timestampMs: firstSample / 12 }, model, now);
    }
    expect(scorer.scores).toBe(scores.length);
    return scores;
  });
  // Two windows of a block, and another that has begun in the first ends in the second.
  expect(pooled!.map(({ firstSample }) => firstSample)).toEqual(alone!.map(({ firstSample }) => firstSample));
  const isAlike = pooled!.map(({ inputs }, index) => Buffer.compare(inputs!, alone![index]!.inputs!) === 0);
  const anew = pooled!.findIndex(({ firstSample }) => firstSample === 2 * counts.length);
  expect(anew).toBeGreaterThan(2);
  expect(isAlike).toEqual(pooled!.map((_, index) => index === 0 || index === anew));
});
