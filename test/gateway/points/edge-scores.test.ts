import { expect, test } from "vitest";
import type { DeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import type { MeasuringPoint } from "../../../src/core/serving/measuring-point.ts";
import { createEdgeScores } from "../../../src/gateway/points/edge-scores.ts";

const never = (): never => expect.fail("a score of an unknown model goes nowhere");
const point: Pick<MeasuringPoint, "id" | "config" | "acceptScore"> = {
  id: { site: "s", turbine: "WT01", component: "bearing" },
  config: {
    component: "bearing",
    bundle: "bearing",
    device: "mcu",
    channel: "de",
    bearing: { bpfo: 3.6, bpfi: 5.4, bsf: 4.7, ftf: 0.4 },
    shaftRpm: null,
    baselineEpoch: 0,
  },
  acceptScore: never,
};
const score: DeviceScore = {
  deviceId: "mcu",
  channel: "de",
  unit: "g",
  sampleRateHz: 12_000,
  modelVersion: "1.0.0",
  quantised: new Uint8Array(3),
  inputs: new Uint8Array(0),
  fromMs: 0,
  toMs: 1,
  sampleCount: 7,
  shaftRpm: 1800,
  arrivedMonotonicMs: 0,
};

test("a flood of scores is set aside once a thousand wait, and those that wait are taken in turn", async () => {
  const reasons: string[] = [];
  const scores = createEdgeScores({
    pointsOf: () => [point],
    setAside: ({ reason }) => reasons.push(reason),
    onMismatch: never,
  });
  const flood = (): void => {
    for (let each = 0; each < 3000; each++) scores.accept(score, "edge");
  };
  flood();
  expect(reasons).toEqual(new Array(3000 - 1024).fill("overload"));
  await scores.idle();
  expect(reasons.filter((reason) => reason === "unknown-model")).toHaveLength(1024);
  flood();
  await scores.idle();
  expect(scores.counts).toMatchObject({ received: 6000, unknownModel: 2048 });
});
