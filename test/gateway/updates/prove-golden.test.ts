import { describe, expect, it, test } from "vitest";
import {
  decodeGolden,
  encodeGolden,
  type Golden,
  type GoldenWindowCase,
} from "../../../src/core/bundle/golden.ts";
import type { GoldenWindow } from "../../../src/core/bundle/golden-window.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { createBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { serveBundle } from "../../../src/core/serving/loaded-bundle.ts";
import type { ProofReport } from "../../../src/gateway/updates/proof-message.ts";
import { featureTolerance, proveGolden } from "../../../src/gateway/updates/prove-golden.ts";
import { createTestBundle, otherSpec, type TestBundleOptions } from "../../support/test-bundle.ts";

interface Trial {
  readonly name: string;
  readonly engine: "onnx" | "integer";
  readonly options: TestBundleOptions;
  readonly failed: number;
}

const trials: readonly Trial[] = [
  { name: "onnx reproduces", engine: "onnx", options: {}, failed: 0 },
  { name: "integer reproduces", engine: "integer", options: {}, failed: 0 },
  { name: "onnx, with other features, reproduces", engine: "onnx", options: otherSpec, failed: 0 },
  { name: "onnx does not reproduce altered", engine: "onnx", options: { golden: "wrong" }, failed: 1 },
  { name: "integer does not reproduce altered", engine: "integer", options: { golden: "wrong" }, failed: 1 },
];

test.for(trials)(
  "$name golden vectors to the bit, outputs and explanations",
  async ({ engine, options, failed }) => {
    const key = parsePrivateKey(createKeyPair().privateKeyPem);
    const bundle = createBundle(createTestBundle(options), key);
    const loaded = await serveBundle("in memory", bundle, { engine, logger: silentLogger });
    const golden = decodeGolden(bundle.files.get(bundleFileNames.golden)!);
    const report = await proveGolden(loaded, golden);
    await loaded.retire();
    expect(report).toMatchObject({ ok: failed === 0, failed, cases: golden.cases.length, engine });
    const windows = golden.cases.filter((one) => one.kind === "window");
    expect(windows.map(({ window }) => window.sampleRateHz)).toEqual([
      12_000, 12_000, 12_000, 12_000, 48_000,
    ]);
    expect(golden.groups).toBeGreaterThan(2);
  },
);

/** Proves the usual bundle on its golden vectors after `change` was made to the first window that shows a fault. */
async function proveChanged(change: (one: GoldenWindowCase) => GoldenWindowCase): Promise<ProofReport> {
  const key = parsePrivateKey(createKeyPair().privateKeyPem);
  const bundle = createBundle(createTestBundle(), key);
  const golden = decodeGolden(bundle.files.get(bundleFileNames.golden)!);
  const index = golden.cases.findIndex((one) => one.kind === "window") + 1;
  const altered: Golden = {
    ...golden,
    cases: golden.cases.map((one, at) => (at === index && one.kind === "window" ? change(one) : one)),
  };
  const loaded = await serveBundle("in memory", bundle, { engine: "integer", logger: silentLogger });
  const report = await proveGolden(loaded, decodeGolden(encodeGolden(altered)));
  await loaded.retire();
  return report;
}

const withWindow =
  (change: (window: GoldenWindow) => Partial<GoldenWindow>) =>
  (one: GoldenWindowCase): GoldenWindowCase => ({ ...one, window: { ...one.window, ...change(one.window) } });

const withFeature =
  (by: number) =>
  (one: GoldenWindowCase): GoldenWindowCase => ({
    ...one,
    features: one.features.map((value, index) => (index === 3 ? value + by : value)),
  });

describe("a golden window", () => {
  it("that is untouched proves the extraction, and the report says how closely", async () => {
    const report = await proveChanged((one) => one);
    expect(report).toMatchObject({ ok: true, failed: 0 });
    expect(report.detail).toMatch(/the features of 5 windows to \d\.\de[+-]\d+$/);
  });

  it.each<[string, (one: GoldenWindowCase) => GoldenWindowCase, RegExp]>([
    ["a wrong feature", withFeature(0.01), /feature bpfi\.side\.shaft is/],
    [
      "a feature just beyond the tolerance",
      withFeature(2 * featureTolerance),
      /feature bpfi\.side\.shaft is/,
    ],
    [
      "a window without its last revolution",
      withWindow(({ counts, sampleRateHz, shaftRpm }) => ({
        counts: counts.slice(0, Math.round(counts.length - (60 * sampleRateHz) / shaftRpm)),
      })),
      /feature \S+ is/,
    ],
    [
      "a window of almost nothing",
      withWindow(({ counts }) => ({ counts: counts.slice(0, 1) })),
      /feature \S+ is|cannot be computed/,
    ],
    [
      "another bearing",
      withWindow(({ bearing }) => ({ bearing: { ...bearing, bpfi: bearing.bpfi * 1.05 } })),
      /feature bpfi\.\S+ is/,
    ],
    ["another speed", withWindow(({ shaftRpm }) => ({ shaftRpm: shaftRpm * 1.01 })), /feature \S+ is/],
    [
      "another rate",
      withWindow(({ sampleRateHz }) => ({ sampleRateHz: sampleRateHz * 1.01 })),
      /feature \S+ is/,
    ],
    [
      "a single sample that stuck at full scale",
      withWindow(({ counts }) => ({ counts: counts.map((count, at) => (at === 5000 ? 32_767 : count)) })),
      /feature \S+ is/,
    ],
    [
      "a signal that is dead",
      withWindow(({ counts }) => ({ counts: new Int16Array(counts.length) })),
      /feature \S+ is NaN/,
    ],
    [
      "a window longer than the chains hold",
      withWindow(({ counts }) => ({ counts: Int16Array.from([...counts, ...counts]) })),
      /cannot be computed/,
    ],
  ])("with %s is noticed", async (_, change, message) => {
    const report = await proveChanged(change);
    expect(report).toMatchObject({ ok: false, failed: 1 });
    expect(report.detail).toMatch(/^case \d+ \(window\): /);
    expect(report.detail).toMatch(message);
  });

  it("whose features differ by less than the tolerance is still held to every bit from there on", async () => {
    const report = await proveChanged(withFeature(featureTolerance / 4));
    expect(report).toMatchObject({ ok: false, failed: 1 });
    expect(report.detail).toMatch(/standardised feature bpfi\.side\.shaft differs/);
  });
});
