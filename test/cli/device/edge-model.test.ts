import { expect, test } from "vitest";
import { readShippedModels } from "../../../scripts/mcu/shipped-models.ts";
import { createEdgeScorer, openEdgeModel } from "../../../src/cli/device/edge-model.ts";
import type { ScoreMessage } from "../../../src/core/contract/device/device-message.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };

test("a simulated device begins anew with another bearing, and not with the same one said again", async () => {
  const shipped = (await readShippedModels()).find((one) => one.manifest.name === "bearing-vibration")!;
  const model = openEdgeModel(shipped.mcuModel!)!;
  const random = createRandom(1);
  const counts = Int16Array.from({ length: 52_000 }, () => Math.round(4000 * (random.uniform() - 0.5)));
  const block = {
    deviceId: "",
    channel: "vibration",
    unit: "g",
    sampleRateHz: 12_000,
    scale: 1e-3,
    shaftRpm: 1797,
    counts,
  };
  const scores: ScoreMessage[] = [];
  const scorer = createEdgeScorer((score) => scores.push(score));
  const other = { ...bearing, bpfi: 5.1 };
  for (const [index, now] of [bearing, { ...bearing }, other].entries()) {
    const firstSample = index * counts.length;
    scorer.accept({ ...block, firstSample, timestampMs: firstSample / 12 }, model, now);
  }
  expect(scorer.scores).toBe(scores.length);
  // Two windows of a block, and another that has begun in the first ends in the second; of the third block alone two.
  expect(scores.map(({ firstSample = 0 }) => firstSample >= 2 * counts.length)).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
  const [first, renewed] = [scores[0]!, scores.at(-2)!];
  expect(renewed.firstSample).toBe(2 * counts.length);
  // The same samples, looked at elsewhere.
  expect(Buffer.compare(first.inputs!, renewed.inputs!)).not.toBe(0);
  // Samples are lost, and with them the window that is open.
  expect(scorer.abandonedWindows).toBe(0);
  const firstSample = 4 * counts.length;
  scorer.accept({ ...block, firstSample, timestampMs: firstSample / 12 }, model, other);
  expect(scorer.abandonedWindows).toBe(1);
  expect(scorer.scores).toBe(scores.length);
});
