/** The bundle that ships, on the built-in simulator, which it was not trained on: verified, silent, and right. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { shippedFeatureSpec } from "../../scripts/bearing-feature-spec.ts";
import { decodeGolden } from "../../src/core/bundle/golden.ts";
import { loadTrustedKeys } from "../../src/core/bundle/keys.ts";
import { readBundle, verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames, type Manifest } from "../../src/core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import { createDecider } from "../../src/core/decision/decider.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { planScenario } from "../../src/core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { createRevolutionWindower } from "../../src/core/window/revolution-windower.ts";
import { readVerdict } from "../../src/training/gate/verdict.ts";
import { runStudent } from "../../src/training/learn/train-student.ts";

const models = new URL("../../models", import.meta.url).pathname;
const name = "bearing-vibration";
const versions = readdirSync(join(models, name)).filter((entry) => /^\d+\.\d+\.\d+$/.test(entry));
let manifest: Manifest;
let student: QuantisedMlp;
let golden: Uint8Array;

beforeAll(async () => {
  const keys = await loadTrustedKeys(join(models, "release.pub"));
  for (const version of versions) {
    const bundle = await verifyBundle(join(models, name, version), keys);
    manifest = bundle.manifest;
    student = decodeStudent(bundle.files.get(bundleFileNames.model)!);
    golden = bundle.files.get(bundleFileNames.golden)!;
  }
});

/** Modes that the decider raises on a turbine's stream of 0.1 s blocks, in their sequence. */
function raisedOn(seed: number, turbine: number, seconds: number, fault: "none" | "random"): string[] {
  const simulation = createTurbineSimulation({ seed, fault });
  const bearing = simulation.turbines[turbine]!.orders;
  const point = { site: "s", turbine: `${turbine}`, component: "bearing" };
  const model = { name, version: manifest.version, digest: "" };
  const decider = createDecider(point, { ...manifest, model }, { falsePerYear: 0.1, faultPrior: 0.05 });
  const extractor = createWaveformExtractor(manifest.features);
  const raised = new Set<string>();
  const windower = createRevolutionWindower(manifest.window, {
    begin: (_slot, { sampleRateHz, shaftRpm }) => extractor.begin({ sampleRateHz, shaftRpm, bearing }),
    push: (_slot, run) => extractor.push(run),
    end: (_slot, { fromMs, toMs }) => {
      const row = new Float32Array(manifest.features.list.length);
      extractor.finish(row, 0);
      const logits = runStudent({ scaler: manifest.scaler, quantised: student }, row, 1);
      decider.update({
        point,
        windowId: `${fromMs}`,
        fromMs,
        toMs,
        quantised: new Uint8Array(manifest.outputs.length),
        logits: Float64Array.from(logits),
        model,
        operatingState: "full-performance",
      });
      for (const { failureMode } of decider.active) raised.add(failureMode);
    },
    abandon: () => {},
    refuse: () => {},
  });
  for (let tenth = 0; tenth < 10 * seconds; tenth++) {
    const block = simulation.nextBlock(turbine, simulation.sampleRateHz / 10);
    windower.accept({
      deviceId: "d",
      channel: "vibration",
      unit: "g",
      timestampMs: 100 * tenth,
      firstSample: block.firstSample,
      sampleRateHz: simulation.sampleRateHz,
      scale: simulation.scale,
      shaftRpm: block.shaftRpm,
      counts: block.counts,
    });
  }
  return [...raised];
}

test("there is a bundle, and the release key has signed it", () => {
  expect(versions.length).toBeGreaterThan(0);
  expect(manifest.name).toBe(name);
});

test("the verdict beside it is about this very bundle, says that it passed, and the release key has signed it", async () => {
  for (const version of versions) {
    const dir = join(models, name, version);
    const verdict = await readVerdict(dir, await loadTrustedKeys(join(models, "release.pub")));
    expect(verdict.bundle).toEqual({ name, version, digest: (await readBundle(dir)).digest });
    expect(verdict.passed).toBe(true);
    expect(verdict.checks.find((check) => check.name === "reproducible-rebuild")?.outcome).toBe("passed");
  }
});

test("its features are those that the features room chose and tests", () => {
  expect(manifest.features).toEqual(shippedFeatureSpec);
});

test("it reproduces its golden vectors", () => {
  const kernel = createIntegerKernel(student);
  const { cases } = decodeGolden(golden);
  expect(cases.length).toBeGreaterThan(64);
  for (const each of cases) {
    const logits = new Uint8Array(kernel.outputs);
    kernel.runInto(each.standardised, 1, logits);
    expect(logits).toEqual(each.logits);
  }
});

test("it names whole bearings of every kind of fault that it was not trained on", () => {
  const { trainGroups, heldOutGroups } = manifest.lineage.data[0]!;
  for (const kind of ["IR", "OR", "B"]) {
    expect(heldOutGroups.some((group) => group.split("_")[1] === kind)).toBe(true);
  }
  expect(trainGroups.filter((group) => heldOutGroups.includes(group))).toEqual([]);
  expect(heldOutGroups).toContain("normal");
});

describe("on simulated turbines", () => {
  test("it is silent on healthy ones", () => {
    const raised = Array.from({ length: 5 }, (_, seed) => raisedOn(900 + seed, seed % 3, 120, "none"));
    expect(raised.flat()).toEqual([]);
  });

  test("it raises the right fault on at least 9 of 10 failing ones within a minute, and no wrong one", () => {
    const seeds = Array.from({ length: 10 }, (_, index) => 500 + index);
    const right = seeds.filter((seed) => {
      const plan = planScenario(seed);
      const raised = raisedOn(seed, plan.turbine, 60, "random");
      expect(raised.filter((mode) => mode !== plan.kind)).toEqual([]);
      return raised.length === 1;
    });
    expect(right.length).toBeGreaterThanOrEqual(9);
  });
});
