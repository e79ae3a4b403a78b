/**
 * A small bundle that really tells the simulator's faults apart: the physics score as one layer by hand, scaled and
 * calibrated on simulated rows. Made from code in a moment, so that tests of the whole path need no trained model.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { bearingFeatureSpec, bearingWindow } from "../../scripts/bearing-feature-spec.ts";
import { encodeGolden, type GoldenCase } from "../../src/core/bundle/golden.ts";
import type { BundleContents } from "../../src/core/bundle/write-bundle.ts";
import type { BaselineSpec } from "../../src/core/contract/bundle/baseline-spec.ts";
import { faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../src/core/contract/bundle/feature-spec.ts";
import {
  bundleFileNames,
  type Calibration,
  type Manifest,
  mcuModelFileName,
  type Scaler,
  type WindowSpec,
} from "../../src/core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import { fitReference } from "../../src/core/drift/fit-reference.ts";
import { encodeReference } from "../../src/core/drift/reference-codec.ts";
import { encodeBackground } from "../../src/core/explain/background.ts";
import { encodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { sha256Hex } from "../../src/core/platform/files/sha256.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { clusterBackground } from "../../src/training/bundle/cluster-background.ts";
import { createMcuModel } from "../../src/training/bundle/create-mcu-model.ts";
import { createGoldenCases } from "../../src/training/bundle/golden-cases.ts";
import { extractRows } from "../../src/training/learn/extract-rows.ts";
import { standardiseRows } from "../../src/training/learn/fit-scaler.ts";
import { quantiseNetwork, runQuantised } from "../../src/training/learn/quantise-network.ts";
import { sampleManifest } from "../core/bundle/sample-bundle.ts";
import { makeOnce } from "./make-once.ts";

/** Name of the bundle. */
export const testBundleName = "bearing-test";

/** How a bundle differs from the usual one. */
export interface TestBundleOptions {
  /** Default {@link testBundleName}. */
  readonly name?: string;
  /** Default 1.0.0. */
  readonly version?: string;
  readonly window?: WindowSpec;
  readonly features?: FeatureSpec;
  /** `wrong`: one expected output of one case is off by one. */
  readonly golden?: "right" | "wrong";
  /** Default none: the bundle knows no healthy baselines, and no levels when it watches for drift. */
  readonly baseline?: BaselineSpec;
  /** What the manifest claims, whatever the features are. */
  readonly catalogueVersion?: number;
  /** What the manifest says otherwise, whatever the model is. */
  readonly changes?: Partial<Pick<Manifest, "channels" | "task" | "window" | "baseline">>;
  /** Its lineage says that its gate was not asked. */
  readonly ungated?: true;
}

/** Another window, and a shorter feature list in another sequence. */
export const otherSpec: Required<Pick<TestBundleOptions, "window" | "features">> = {
  window: { unit: "revolutions", length: 24, hop: 24 },
  features: {
    ...bearingFeatureSpec,
    list: bearingFeatureSpec.list.filter(({ group }) => group !== "cage" && group !== "shaft").reverse(),
  },
};

const clamp = 8;
const orders = ["bpfi", "bpfo", "bsf"] as const;
const severities = { "inner-race": 7, "outer-race": 5, ball: 10 } as const;

interface Rows {
  readonly rows: number;
  readonly features: Float32Array;
}

interface Model {
  readonly scaler: Scaler;
  readonly student: QuantisedMlp;
  readonly calibration: readonly Calibration[];
  readonly reference: Uint8Array;
  readonly background: Uint8Array;
  readonly golden: readonly GoldenCase[];
}

const models = new Map<string, Model>();
const modelFile = "model.bin";

/** Everything of a bundle but its signature; what is expensive is made once a run. */
export function createTestBundle(options: TestBundleOptions = {}): BundleContents {
  const window = options.window ?? bearingWindow;
  const features = options.features ?? bearingFeatureSpec;
  const groups = [...new Set(features.list.map((feature) => feature.group))];
  const levelNames = options.baseline?.levels.list.map(({ name }) => name) ?? [];
  const key = JSON.stringify([window, features, levelNames]);
  let model = models.get(key);
  if (model === undefined) {
    model = makeModel(key, { window, spec: features, groups, levelNames });
    models.set(key, model);
  }
  const text = new TextEncoder();
  const golden = options.golden === "wrong" ? spoil(model.golden) : model.golden;
  const { lineage } = sampleManifest();
  const manifest = sampleManifest({
    lineage: options.ungated === true ? { ...lineage, ungated: true } : lineage,
    name: options.name ?? testBundleName,
    version: options.version ?? "1.0.0",
    channels: [
      {
        name: "vibration",
        unit: "g",
        min: -16,
        max: 16,
        minRateHz: 8000,
        maxRateHz: 50_000,
        kind: "waveform",
        missing: "quarantine",
        stuckAfter: 256,
      },
    ],
    window,
    features: { ...features, catalogueVersion: options.catalogueVersion ?? features.catalogueVersion },
    scaler: model.scaler,
    outputs: faultKinds.map((kind) => ({ failureMode: kind, title: `${kind} fault` })),
    calibration: model.calibration,
    thresholds: faultKinds.map(() => ({ raise: 0.7, onCount: 3, onWindows: 5, clear: 0.3, offWindows: 5 })),
    groups,
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    ...options.changes,
  });
  return {
    manifest,
    files: new Map([
      [mcuModelFileName, createMcuModel(manifest, model.student)],
      [bundleFileNames.model, encodeStudent(model.student)],
      [bundleFileNames.reference, model.reference],
      [bundleFileNames.background, model.background],
      [
        bundleFileNames.golden,
        encodeGolden({
          features: features.list.length,
          outputs: faultKinds.length,
          groups: groups.length,
          cases: golden,
        }),
      ],
      [bundleFileNames.card, text.encode("# For tests\n")],
      [bundleFileNames.evaluation, text.encode("{}")],
      [bundleFileNames.bom, text.encode("{}")],
    ]),
  };
}

interface ModelParts {
  readonly window: WindowSpec;
  readonly spec: FeatureSpec;
  readonly groups: readonly string[];
  readonly levelNames: readonly string[];
}

/** What {@link createModel} gives, from the disk where another process of this run has asked for the same. */
function makeModel(key: string, parts: ModelParts): Model {
  const folder = makeOnce(`test-model-${sha256Hex(new TextEncoder().encode(key))}`, (empty) =>
    writeFileSync(join(empty, modelFile), serialize(createModel(parts))),
  );
  return deserialize(readFileSync(join(folder, modelFile)));
}

function createModel({ window, spec, groups, levelNames }: ModelParts): Model {
  const columns = spec.list.length;
  const healthy = joinRows([11, 12, 13].map((seed) => simulateRows(seed, null, 70, window, spec)));
  const scaler = fitScaler(healthy, columns);
  const inputs = standardiseRows(healthy.features, healthy.rows, scaler);
  const faulty = faultKinds.map((kind) => simulateRows(21, kind, 12, window, spec));
  const all = joinRows([healthy, ...faulty]);
  const student = quantiseNetwork(
    [{ inputs: columns, outputs: orders.length, ...weigh(spec), relu: false }],
    { features: standardiseRows(all.features, all.rows, scaler), rows: all.rows, clamp },
  );
  const score = (rows: Rows): Float32Array =>
    runQuantised(student, standardiseRows(rows.features, rows.rows, scaler), rows.rows);
  const quiet = score(healthy);
  const calibration = faultKinds.map((_, output): Calibration => {
    const high = meanOf(score(faulty[output]!).filter((_, index) => index % orders.length === output));
    const low = Math.max(...quiet.filter((_, index) => index % orders.length === output));
    // Even between the loudest healthy window and the usual faulty one, and sure at either. A kind that cannot be
    // told from healthy windows must at least stay quiet.
    const distance = Math.max(high - low, 2);
    const slope = 8 / distance;
    return { slope, intercept: -slope * (low + distance / 2) };
  });
  const row = (values: Float32Array, width: number, index: number): Float32Array =>
    values.subarray(index * width, (index + 1) * width);
  const each = Array.from({ length: healthy.rows }, (_, index) => index);
  const reference = fitReference(
    {
      rows: each.map((index) => row(healthy.features, columns, index)),
      featureNames: spec.list.map((feature) => feature.name),
      scoreRows: each.map((index) => row(quiet, orders.length, index)),
      ...(levelNames.length === 0 ? {} : { levels: drawLevels(levelNames, healthy.rows) }),
    },
    { seed: 3, replicates: 100, sampleSizes: [30, 125], scoreNames: [...faultKinds] },
  );
  const background = encodeBackground(
    clusterBackground({ values: inputs, rows: healthy.rows }, 8, createRandom(5)),
  );
  const subject = { spec, window, groups, scaler, student, background };
  return {
    scaler,
    student,
    calibration,
    reference: encodeReference(reference),
    background,
    golden: createGoldenCases(subject, 8, createRandom(7)),
  };
}

/** Levels as some machine might have them: a machine's own days are what it is held against. */
function drawLevels(names: readonly string[], rows: number): { names: readonly string[]; rows: number[][] } {
  const random = createRandom(9);
  return { names, rows: Array.from({ length: rows }, () => names.map(() => -20 + 4 * random.normal())) };
}

/** Own harmonics and margin for a hypothesis, the others' harmonics against it. */
function weigh(spec: FeatureSpec): { weights: Float32Array; bias: Float32Array } {
  const columns = spec.list.length;
  const weights = new Float32Array(orders.length * columns);
  for (const [output, own] of orders.entries()) {
    for (const [column, { name }] of spec.list.entries()) {
      const [order, what] = name.split(".");
      const isHarmonic = what !== undefined && /^h\d$/.test(what);
      if (order === own && what === "margin") weights[output * columns + column] = 0.5;
      else if (order === own && isHarmonic) weights[output * columns + column] = 0.25;
      else if (orders.some((each) => each === order) && isHarmonic)
        weights[output * columns + column] = -0.06;
    }
  }
  return { weights, bias: new Float32Array(orders.length) };
}

function simulateRows(
  seed: number,
  kind: (typeof faultKinds)[number] | null,
  seconds: number,
  window: WindowSpec,
  spec: FeatureSpec,
): Rows {
  const simulation = createTurbineSimulation({
    seed,
    turbines: 1,
    meanWindMetresPerSecond: 9,
    fault:
      kind === null ? "none" : { turbine: 0, kind, onsetS: 0, growthS: 0, finalSeverity: severities[kind] },
  });
  // The speed is constant within a block: short ones, or the windows are smeared.
  const parts: Rows[] = [];
  for (let second = 0; second < seconds; second += 4) {
    const block = simulation.nextBlock(0, 4 * simulation.sampleRateHz);
    const { scale, sampleRateHz } = simulation;
    const signal = { counts: block.counts, scale, sampleRateHz, shaftRpm: block.shaftRpm };
    parts.push(extractRows({ ...signal, bearing: simulation.turbines[0]!.orders }, window, spec));
  }
  return joinRows(parts);
}

function joinRows(parts: readonly Rows[]): Rows {
  const features = new Float32Array(parts.reduce((sum, part) => sum + part.features.length, 0));
  let offset = 0;
  for (const part of parts) {
    features.set(part.features, offset);
    offset += part.features.length;
  }
  return { rows: parts.reduce((sum, part) => sum + part.rows, 0), features };
}

function fitScaler({ rows, features }: Rows, columns: number): Scaler {
  const mean = new Array<number>(columns).fill(0);
  const square = new Array<number>(columns).fill(0);
  for (const [index, value] of features.entries()) mean[index % columns]! += value / rows;
  for (const [index, value] of features.entries()) {
    square[index % columns]! += (value - mean[index % columns]!) ** 2 / rows;
  }
  return { mean, inverseStd: square.map((each) => 1 / Math.sqrt(each + 1e-9)), clamp };
}

function spoil(cases: readonly GoldenCase[]): GoldenCase[] {
  return cases.map((one, index) => {
    if (index !== 0) return one;
    const logits = one.logits.slice();
    logits[0] = logits[0] === 255 ? 254 : logits[0]! + 1;
    return { ...one, logits };
  });
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
