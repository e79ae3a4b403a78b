import { expect, test } from "vitest";
import type { DeviceScore } from "../../firmware-bridge/device-score.ts";
import { createEdgeScores, type EdgeScoresOptions } from "../../src/gateway/edge-scores.ts";
import type { PipelinePoint } from "../../src/gateway/pipeline-point.ts";

const point = {
  id: { site: "s", turbine: "WT01", component: "bearing" },
  config: { bundle: "bearing" },
} as unknown as PipelinePoint;
const score = { deviceId: "mcu", channel: "de", modelVersion: "1.0.0", fromMs: 0, sampleCount: 7 };

test("a flood of scores is set aside once a thousand wait, and those that wait are taken in turn", async () => {
  const reasons: string[] = [];
  const options: Partial<EdgeScoresOptions> = {
    pointsOf: () => [point],
    findBundle: () => undefined,
    setAside: ({ reason }) => reasons.push(reason),
  };
  const scores = createEdgeScores(options as EdgeScoresOptions);
  const flood = (): void => {
    for (let each = 0; each < 3000; each++) scores.accept(score as DeviceScore, "edge", 0);
  };
  flood();
  expect(reasons).toEqual(new Array(3000 - 1024).fill("overload"));
  await scores.idle();
  expect(reasons.filter((reason) => reason === "unknown-model")).toHaveLength(1024);
  flood();
  await scores.idle();
  expect(scores.counts).toMatchObject({ received: 6000, unknownModel: 2048 });
});
