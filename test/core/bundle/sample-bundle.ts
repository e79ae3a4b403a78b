/** A small bundle of the right form for tests; its model is not a model. */
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { encodeGolden } from "../../../src/core/bundle/golden.ts";
import { createKeyPair, type PrivateKey, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import type { BundleContents } from "../../../src/core/bundle/write-bundle.ts";
import type { Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";

const sha = "0".repeat(64);

export function sampleManifest(changes: Partial<Manifest> = {}): Omit<Manifest, "files"> {
  const { files: _, ...rest } = {
    formatVersion: 1 as const,
    name: "bearing-sample",
    version: "1.0.0",
    title: "Sample — für Tests",
    changelog: "First.",
    runtime: ">=0.1.0 <1.0.0",
    task: "diagnosis" as const,
    horizonHours: null,
    channels: [
      {
        name: "vibration",
        unit: "g",
        min: -50,
        max: 50,
        minRateHz: 8000,
        maxRateHz: 50_000,
        kind: "waveform" as const,
        missing: "quarantine" as const,
        stuckAfter: 64,
      },
    ],
    window: { unit: "revolutions" as const, length: 30, hop: 30 },
    features: {
      catalogueVersion: 1,
      chains: [{ name: "band", kind: "band-level", params: { fromHz: 500, toHz: 1500 } }],
      list: [
        { name: "rms", operator: "rms-db", chain: "band", params: {}, group: "level" },
        { name: "impact", operator: "peak-db", chain: "band", params: {}, group: "shape" },
      ],
    },
    scaler: { mean: [0.125, 3], inverseStd: [4, 1e-7], clamp: 8 },
    outputs: [{ failureMode: "inner-race", title: "inner race fault" }],
    calibration: [{ slope: 1.5, intercept: -0.25 }],
    thresholds: [{ raise: 0.8, onCount: 3, onWindows: 5, clear: 0.4, offWindows: 10 }],
    groups: ["level", "shape"],
    budgets: [{ device: "gateway", maxModelBytes: 65_536, maxInferenceMicroseconds: 200 }],
    lineage: {
      trainingCodeSha256: sha,
      configSha256: sha,
      seed: 7,
      data: [{ name: "sample", sha256: sha, trainGroups: ["a"], heldOutGroups: ["b"] }],
      libraries: { tfjs: "4.22.0" },
      parent: null,
      teacher: "none",
    },
    files: [],
    ...changes,
  };
  return rest;
}

export const sampleGolden: Uint8Array = encodeGolden({
  features: 2,
  outputs: 1,
  groups: 2,
  cases: [
    {
      kind: "window",
      window: {
        sampleRateHz: 12_000,
        shaftRpm: 1797,
        bearing: { bpfo: 3.5, bpfi: 5.5, bsf: 4.75, ftf: 0.375 },
        scale: 0.5,
        counts: Int16Array.of(1, -2, 32_767),
      },
      features: Float32Array.of(0.5, 4),
      standardised: Float32Array.of(1.5, 1e-7),
      logits: Uint8Array.of(200),
      shares: Float32Array.of(0.25, -0.5),
    },
  ],
});

export function sampleFiles(model = "a model"): Map<string, Uint8Array> {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  return new Map([
    [bundleFileNames.model, text(model)],
    [bundleFileNames.reference, new Uint8Array(3000).map((_, index) => index * 7)],
    [bundleFileNames.background, text("background")],
    [bundleFileNames.golden, sampleGolden],
    [bundleFileNames.card, text("# Card\n")],
    [bundleFileNames.evaluation, text('{"auroc":0.93}')],
    [bundleFileNames.bom, text("{}")],
  ]);
}

export function sampleContents(changes: Partial<Manifest> = {}, model?: string): BundleContents {
  return { manifest: sampleManifest(changes), files: sampleFiles(model) };
}

export function newKey(): PrivateKey {
  return parsePrivateKey(createKeyPair().privateKeyPem);
}

/** Runs `use` with a fresh folder that is removed afterwards. */
export async function withTempDir<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const { path, remove } = createScratchFolder("bundle");
  try {
    return await use(path);
  } finally {
    remove();
  }
}
