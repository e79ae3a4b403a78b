/**
 * The golden vectors of a bundle: random inputs on the student's own integer grid, and windows of the seeded
 * simulator, with the logits and explanations that every device must reproduce. Never a recorded window.
 */
import type { GoldenCase } from "../bundle/golden.ts";
import type { FeatureSpec } from "../contract/feature-spec.ts";
import type { Scaler, WindowSpec } from "../contract/manifest.ts";
import type { QuantisedMlp } from "../contract/quantised-mlp.ts";
import type { ExplanationBackground } from "../explain/background.ts";
import { decodeBackground } from "../explain/background-codec.ts";
import { planCoalitions } from "../explain/coalition-plan.ts";
import { type FeatureGroups, groupFeatures } from "../explain/feature-groups.ts";
import { reduceShapley } from "../explain/shapley.ts";
import { createIntegerKernel, type IntegerKernel } from "../inference/integer-engine.ts";
import type { Random } from "../maths/random.ts";
import { faultKinds } from "../simulate/scenario.ts";
import { createTurbineSimulation } from "../simulate/turbine-simulation.ts";
import { extractRows } from "./extract-rows.ts";
import { standardiseRows } from "./train-student.ts";

/** What the cases are made for. */
export interface GoldenSubject {
  readonly spec: FeatureSpec;
  readonly window: WindowSpec;
  readonly groups: readonly string[];
  readonly scaler: Scaler;
  readonly student: QuantisedMlp;
  /** Bytes of `background.bin`: what a device decodes from them is rounded, and shares are compared to the bit. */
  readonly background: Uint8Array;
}

/** Makes `randomCases` random ones and one per window of a short simulation of every kind of fault. */
export function createGoldenCases(subject: GoldenSubject, randomCases: number, random: Random): GoldenCase[] {
  const { spec, student, scaler } = subject;
  const columns = spec.list.length;
  const kernel = createIntegerKernel(student);
  const background = decodeBackground(subject.background);
  const groups = groupFeatures(spec, subject.groups);
  const finish = (
    kind: GoldenCase["kind"],
    features: Float32Array,
    standardised: Float32Array,
  ): GoldenCase => {
    const logits = new Uint8Array(kernel.outputs);
    kernel.runInto(standardised, 1, logits);
    const shares = explainWindow(kernel, standardised, background, groups);
    return { kind, features, standardised, logits, shares };
  };
  const cases: GoldenCase[] = [];
  for (let index = 0; index < randomCases; index++) {
    // Whole steps of the input grid, half of them beyond its ends now and then, where saturation must agree too.
    const standardised = Float32Array.from({ length: columns }, () => {
      const step = random.integer(256 + 64) - 32 - student.inputZeroPoint;
      return Math.fround(step * student.inputScale);
    });
    cases.push(finish("random", new Float32Array(columns), standardised));
  }
  for (const features of simulateWindows(subject, random)) {
    cases.push(finish("window", features, standardiseRows(features, 1, scaler)));
  }
  return cases;
}

/** Shares [outputs × groups] of one standardised window, float32. */
function explainWindow(
  kernel: IntegerKernel,
  standardised: Float32Array,
  background: ExplanationBackground,
  groups: FeatureGroups,
): Float32Array {
  const plan = planCoalitions(standardised, background, groups);
  const inputs = new Float32Array(plan.rows * plan.features);
  plan.fill(0, plan.rows, inputs);
  const outputs = new Uint8Array(plan.rows * kernel.outputs);
  kernel.runInto(inputs, plan.rows, outputs);
  const explanations = reduceShapley(plan, outputs, {
    outputs: kernel.outputs,
    scale: kernel.outputScale,
    zeroPoint: kernel.outputZeroPoint,
  });
  return Float32Array.from(explanations.flatMap((each) => each.groups.map((group) => group.share)));
}

/** A healthy stretch and one of each kind of fault, fully developed: a few windows each. */
function simulateWindows(subject: GoldenSubject, random: Random): Float32Array[] {
  const columns = subject.spec.list.length;
  const seconds = 4;
  const windows: Float32Array[] = [];
  for (const kind of [null, ...faultKinds]) {
    const simulation = createTurbineSimulation({
      seed: random.integer(2 ** 31),
      turbines: 1,
      fault: kind === null ? "none" : { turbine: 0, kind, onsetS: 0, growthS: 0, finalSeverity: 5 },
    });
    const block = simulation.nextBlock(0, seconds * simulation.sampleRateHz);
    const extracted = extractRows(
      {
        counts: block.counts,
        scale: simulation.scale,
        sampleRateHz: simulation.sampleRateHz,
        shaftRpm: block.shaftRpm,
        bearing: simulation.turbines[0]!.orders,
      },
      subject.window,
      subject.spec,
    );
    for (let row = 0; row < extracted.rows; row++) {
      windows.push(extracted.features.slice(row * columns, (row + 1) * columns));
    }
  }
  return windows;
}
