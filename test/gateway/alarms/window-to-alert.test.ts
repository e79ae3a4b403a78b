/** The rooms of this path know nothing of each other; here they are joined by hand, as a gateway does. */
import { describe, expect, test } from "vitest";
import { type AlertEvent, alertEventSchema } from "../../../src/core/contract/alert.ts";
import type { QuantisedMlp } from "../../../src/core/contract/bundle/quantised-mlp.ts";
import type { Explanation } from "../../../src/core/contract/prediction.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider, type DeciderParts } from "../../../src/core/decision/decider.ts";
import type { ExplanationBackground } from "../../../src/core/explain/background.ts";
import { type FeatureGroups, planCoalitions } from "../../../src/core/explain/coalition-plan.ts";
import { reduceShapley } from "../../../src/core/explain/shapley.ts";
import { createModelHost, type HostedModel } from "../../../src/core/inference/model-host.ts";
import { encodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { openEngine } from "../../../src/core/inference/open-engine.ts";
import { dequantise } from "../../../src/core/inference/student-engine.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { point, startMs } from "../../core/decision/alarms/decisions.ts";

const groups: FeatureGroups = { names: ["inner-race", "outer-race"], ofFeature: [0, 0, 1, 1] };
const random = createRandom(77);
const background: ExplanationBackground = {
  rows: 16,
  features: 4,
  values: Float32Array.from({ length: 64 }, () => random.normal() * 0.3),
  weights: new Float64Array(16).fill(1 / 16),
};

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

function partsOf(version: string): DeciderParts {
  return {
    outputs: ["inner-race", "outer-race"].map((failureMode) => ({ failureMode, title: failureMode })),
    calibration: [0, 1].map(() => ({ slope: 1.5, intercept: 0 })),
    healthy: undefined,
    model: { name: "bearing-vibration", version, digest: version.padStart(64, "0") },
  };
}

const windows = 300;

async function openModel(version: string, gain: number): Promise<HostedModel<DeciderParts>> {
  const { engine } = await openEngine(encodeStudent(createStudent(gain)), { prefer: "auto" });
  return { engine, meta: partsOf(version) };
}

describe("from a window to an alert", () => {
  test("raises one explained alarm for a growing fault, keeps it over a swap of models, and clears it once", async () => {
    const host = createModelHost(await openModel("1.0.0", 40));
    const decider = createDecider(point, host.current.meta, { falsePerYear: 0.1, faultPrior: 0.05 });
    const register = createAlarmRegister();
    const events: AlertEvent[] = [];

    const processWindow = async (index: number, window: Float32Array): Promise<void> => {
      const { quantised, model } = await host.submit(window);
      const { outputs, outputScale: scale, outputZeroPoint: zeroPoint } = model.engine;
      if (model.meta !== decider.parts) decider.adopt(model.meta);
      // A second each; from window 120 on one each ten minutes, for more than a day.
      const fromMs = startMs + index * 1_000 + Math.max(0, index - 119) * 599_000;
      const decision = decider.update({
        point,
        windowId: `t1/generator-bearing/${fromMs}`,
        fromMs,
        toMs: fromMs + 1_000,
        quantised,
        logits: dequantise(quantised, scale, zeroPoint),
        model: model.meta.model,
        operatingState: "full-performance",
      });
      for (const due of register.update(decision)) {
        const explanations = await host.lend(model, async (engine): Promise<Explanation[]> => {
          const plan = planCoalitions(window, background, groups);
          const batch = new Float32Array(plan.rows * plan.features);
          plan.fill(0, plan.rows, batch);
          return reduceShapley(plan, await engine.run(batch, plan.rows), { outputs, scale, zeroPoint });
        });
        const event = register.announce(due, { explanation: explanations[due.output]!, horizonHours: null });
        if (event !== null) events.push(event);
      }
    };

    let swapped: Promise<void> | undefined;
    for (let index = 0; index < windows; index++) {
      if (index === 60) swapped = host.swap(await openModel("1.1.0", 44));
      // A fault of the outer race between windows 30 and 90; the inner race's features rise a little with it.
      const severity = index >= 30 && index < 90 ? Math.min((index - 30) / 10, 1) : 0;
      const window = Float32Array.from(
        { length: 4 },
        (_, feature) => random.normal() * 0.3 + severity * (feature < 2 ? 4.5 : 5.5),
      );
      await processWindow(index, window);
    }
    await swapped;
    await host.close();

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
    expect(host.counters).toMatchObject({ submitted: windows, completed: windows, failed: 0, swaps: 1 });
  });
});
