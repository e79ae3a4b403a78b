import { expect, test } from "vitest";
import { decodeGolden } from "../../src/bundle/golden.ts";
import { createKeyPair, parsePrivateKey } from "../../src/bundle/keys.ts";
import { createBundle } from "../../src/bundle/write-bundle.ts";
import { bundleFileNames } from "../../src/contract/manifest.ts";
import { serveBundle } from "../../src/gateway/loaded-bundle.ts";
import { proveGolden } from "../../src/gateway/prove-golden.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { createTestBundle, otherSpec, type TestBundleOptions } from "../support/test-bundle.ts";

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
    const loaded = await serveBundle("in memory", bundle, engine, silentLogger);
    const golden = decodeGolden(bundle.files.get(bundleFileNames.golden)!);
    const report = await proveGolden(loaded, golden);
    await loaded.retire();
    expect(report).toMatchObject({ ok: failed === 0, failed, cases: golden.cases.length, engine });
    expect(golden.cases.filter(({ kind }) => kind === "window").length).toBeGreaterThan(8);
    expect(golden.groups).toBeGreaterThan(2);
  },
);
