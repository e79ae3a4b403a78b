import { expect, test } from "vitest";
import type { DeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import type { LoadedBundle } from "../../../src/core/serving/loaded-bundle.ts";
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

/** A student of two inputs whose output is always 9, 9, 9. */
const bundle = {
  ref: { name: "bearing", version: "1.0.0", digest: "0".repeat(64) },
  manifest: {
    files: [],
    channels: [],
    features: { chains: [], list: [] },
    window: { unit: "revolutions", length: 60 },
    scaler: { mean: new Float32Array(2), inverseStd: Float32Array.of(1, 1) },
  },
  student: { inputScale: 1, inputZeroPoint: 0 },
  engine: {
    inputs: 2,
    outputs: 3,
    outputScale: 1,
    outputZeroPoint: 0,
    run: async () => Uint8Array.of(9, 9, 9),
  },
  retain: () => {},
  release: () => {},
} as unknown as LoadedBundle;

test("a score of another model of the same version is one of an unknown model, whatever its integers", async () => {
  const reasons: string[] = [];
  const scores = createEdgeScores({
    pointsOf: () => [{ ...point, acceptScore: () => reasons.push("decided upon") }],
    setAside: ({ reason, detail }) => reasons.push(`${reason}: ${detail}`),
    onMismatch: never,
  });
  const image = { path: "model.mcu.bin", sizeBytes: 1, sha256: "ab".repeat(32) };
  scores.know({ ...bundle, manifest: { ...bundle.manifest, files: [image] } });
  const good = { ...score, sampleCount: 0, quantised: Uint8Array.of(9, 9, 9), inputs: new Uint8Array(2) };
  scores.accept({ ...good, quantised: Uint8Array.of(9, 9, 8), modelSha256: "cd".repeat(32) }, "edge");
  scores.accept({ ...good, modelSha256: "cd".repeat(32) }, "edge");
  scores.accept({ ...good, modelSha256: image.sha256 }, "edge");
  scores.accept(good, "edge");
  await scores.idle();
  const detail = "a score of another model that is bearing 1.0.0 too: image cdcdcdcdcdcd…, not abababababab…";
  const other = `unknown-model: ${detail}`;
  expect(reasons).toEqual([other, other, "decided upon", "decided upon"]);
  expect(scores.counts).toEqual({ received: 4, agreed: 2, mismatched: 0, unknownModel: 2 });
});

for (const mode of ["edge", "both"] as const) {
  test(`in mode ${mode} a score that cannot be computed again is set aside and counted, and not decided upon`, async () => {
    const reasons: string[] = [];
    const accepted: string[] = [];
    const scores = createEdgeScores({
      pointsOf: () => [
        { ...point, acceptScore: ({ window }) => accepted.push(`on the ${window.inferredOn}`) },
      ],
      setAside: ({ reason, detail }) => reasons.push(`${reason}: ${detail}`),
      onMismatch: () => {},
    });
    scores.know(bundle);
    const good = { ...score, sampleCount: 0, quantised: Uint8Array.of(9, 9, 9), inputs: new Uint8Array(2) };
    scores.accept(good, mode);
    scores.accept({ ...good, inputs: new Uint8Array(0) }, mode);
    scores.accept({ ...good, quantised: Uint8Array.of(9, 9, 8) }, mode);
    await scores.idle();
    expect(reasons).toEqual([
      "malformed: a score of 0 → 3, not 2 → 3",
      "score-mismatch: WT01/bearing: device 9 9 8, gateway 9 9 9",
    ]);
    expect(accepted).toEqual(mode === "edge" ? ["on the device"] : []);
    expect(scores.counts).toMatchObject({ received: 3, agreed: 1, mismatched: 1 });
  });
}
