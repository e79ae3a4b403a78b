/** The rooms of this path know nothing of each other; here they are joined by hand, as a gateway does. */
import { expect, test } from "vitest";
import { type AlertEvent, alertEventSchema } from "../../../src/core/contract/alert.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../../src/core/contract/bundle/quantised-mlp.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import type { DeciderParts } from "../../../src/core/decision/heard-parts.ts";
import { fitReference } from "../../../src/core/drift/fit-reference.ts";
import { encodeReference } from "../../../src/core/drift/reference-codec.ts";
import { encodeBackground } from "../../../src/core/explain/background.ts";
import { encodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { explainWindow, type LoadedBundle, serveBundle } from "../../../src/core/serving/loaded-bundle.ts";
import { sampleManifest } from "../../core/bundle/sample-bundle.ts";
import { point, startMs } from "../../core/decision/alarms/decisions.ts";

const failureModes = ["inner-race", "outer-race"];
const features = [0, 1, 2, 3].map((index) => ({
  name: `feature-${index}`,
  operator: "rms-db",
  chain: "band",
  params: {},
  group: failureModes[index < 2 ? 0 : 1]!,
}));
const random = createRandom(77);
const createRow = (): Float32Array => Float32Array.from({ length: 4 }, () => random.normal() * 0.3);
const background = encodeBackground({
  rows: 16,
  features: 4,
  values: Float32Array.from({ length: 64 }, () => random.normal() * 0.3),
  weights: new Float64Array(16).fill(1 / 16),
});
const reference = encodeReference(
  fitReference(
    {
      rows: Array.from({ length: 200 }, createRow),
      featureNames: features.map(({ name }) => name),
      scoreRows: Array.from({ length: 200 }, () => createRow().subarray(2)),
    },
    { seed: 3, replicates: 100, sampleSizes: [30, 125], scoreNames: failureModes },
  ),
);

/** Two outputs: the mean of the first two features, the mean of the last two, each with a gain. */
function createStudent(gain: number): QuantisedMlp {
  return {
    inputScale: Math.fround(0.05),
    inputZeroPoint: 128,
    layers: [
      {
        inputs: 4,
        outputs: 2,
        weights: Int8Array.of(gain, gain, 0, 0, 0, 0, gain, gain),
        weightScales: Float32Array.of(0.02, 0.02),
        bias: Int32Array.of(-3_000, -3_000),
        relu: false,
        outputScale: Math.fround(0.06),
        outputZeroPoint: 128,
      },
    ],
  };
}

async function openBundle(version: string, gain: number): Promise<LoadedBundle> {
  const manifest = sampleManifest({
    version,
    features: { ...sampleManifest().features, list: features },
    scaler: { mean: [0, 0, 0, 0], inverseStd: [1, 1, 1, 1], clamp: 8 },
    groups: failureModes,
  });
  const files = new Map([
    [bundleFileNames.model, encodeStudent(createStudent(gain))],
    [bundleFileNames.reference, reference],
    [bundleFileNames.background, background],
  ]);
  const bytes = { manifestBytes: new Uint8Array(), signatureBytes: new Uint8Array() };
  return serveBundle(
    "nowhere",
    { manifest: { ...manifest, files: [] }, digest: version.padStart(64, "0"), files, ...bytes },
    { engine: "auto", logger: silentLogger },
  );
}

function partsOf({ ref }: LoadedBundle): DeciderParts {
  return {
    outputs: failureModes.map((failureMode) => ({ failureMode, title: failureMode })),
    calibration: failureModes.map(() => ({ slope: 1.5, intercept: 0 })),
    baseline: {},
    model: ref,
  };
}

test("a growing fault raises one explained alarm, which outlives another bundle and is cleared once", async () => {
  const first = await openBundle("1.0.0", 40);
  const decider = createDecider(point, partsOf(first), { falsePerYear: 0.1, faultPrior: 0.05 });
  const register = createAlarmRegister();
  const events: AlertEvent[] = [];

  /** Takes a window that its bundle retains. */
  const processWindow = async (index: number, window: Float32Array, bundle: LoadedBundle): Promise<void> => {
    const { quantised, logits } = await bundle.score({ features: window });
    if (bundle.ref.digest !== decider.parts.model.digest) decider.adopt(partsOf(bundle));
    // A second each; from window 120 on one each ten minutes, for more than a day.
    const fromMs = startMs + index * 1_000 + Math.max(0, index - 119) * 599_000;
    const decision = decider.update({
      point,
      windowId: `t1/generator-bearing/${fromMs}`,
      fromMs,
      toMs: fromMs + 1_000,
      quantised,
      logits,
      model: bundle.ref,
      operatingState: "full-performance",
    });
    for (const due of register.update(decision)) {
      const explanations = await explainWindow(bundle, window);
      const event = register.announce(due, { explanation: explanations[due.output]!, horizonHours: null });
      if (event !== null) events.push(event);
    }
    bundle.release();
  };

  let serving = first;
  let isRetired = false;
  let retired: Promise<void> | undefined;
  for (let index = 0; index < 300; index++) {
    // A fault of the outer race between windows 30 and 90; the inner race's features rise a little with it.
    const severity = index >= 30 && index < 90 ? Math.min((index - 30) / 10, 1) : 0;
    const window = createRow().map((value, feature) => value + severity * (feature < 2 ? 4.5 : 5.5));
    const begunWith = serving;
    begunWith.retain();
    if (index === 60) {
      // Another bundle serves from the next window on; this one still belongs to the bundle that it began with.
      serving = await openBundle("1.1.0", 44);
      retired = first.retire().then(() => {
        isRetired = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isRetired).toBe(false);
    }
    await processWindow(index, window, begunWith);
  }
  await retired;
  await serving.retire();
  await expect(first.score({ features: createRow() })).rejects.toMatchObject({ code: "INFERENCE" });

  // What changes while it stands (the model, its severity) is told as the same alarm.
  const told = events.filter(({ type }) => !type.includes("updated"));
  expect(told.map(({ type, data }) => [type.split(".")[3], data.failureMode])).toEqual([
    ["raised", "outer-race"],
    ["cleared", "outer-race"],
  ]);
  expect(new Set(events.map(({ data }) => data.failureMode)).size).toBe(1);
  const [raised, cleared] = told;
  expect(raised!.data.model.version).toBe("1.0.0");
  expect(cleared!.data.model.version).toBe("1.1.0");
  expect(cleared!.data.since).toBe(raised!.data.since);
  for (const event of events) {
    expect(alertEventSchema().safeParse(event).error).toBeUndefined();
    const { explanation, score } = event.data;
    const sum = explanation.groups.reduce((total, { share }) => total + share, explanation.baseValue);
    expect(Math.abs(sum - score)).toBeLessThan(1e-9);
  }
  const shares = new Map(raised!.data.explanation.groups.map(({ name, share }) => [name, share]));
  expect(shares.get("outer-race")).toBeGreaterThan(1);
  expect(shares.get("inner-race")).toBe(0);
});
