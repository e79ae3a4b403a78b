import { describe, expect, it } from "vitest";
import { compareBundles } from "../../../src/core/bundle/compare-bundles.ts";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { createBundle, resignBundle, writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { newKey, sampleContents, sampleManifest, withTempDir } from "./sample-bundle.ts";

const key = newKey();
const base = createBundle(sampleContents(), key);
const sentences = (contents: Parameters<typeof createBundle>[0]): string[] =>
  compareBundles(base, createBundle(contents, key)).map((change) => change.sentence);

describe("comparing bundles", () => {
  it("finds nothing in the same content, whoever signed it", () => {
    expect(compareBundles(base, createBundle(sampleContents(), newKey()))).toEqual([]);
  });

  it("says in words and figures what changed", () => {
    const thresholds = [{ ...sampleManifest().thresholds[0]!, raise: 0.7 }];
    const features = sampleManifest().features;
    const list = [features.list[1]!, { ...features.list[0]!, name: "peak", operator: "peak" }];
    const contents = sampleContents({ version: "1.1.0", thresholds, features: { ...features, list } });
    const files = new Map(contents.files)
      .set("evaluation.json", Buffer.from('{"auroc":0.95,"sd":0.02}'))
      .set("model.mcu.bin", Buffer.alloc(100));
    const told = sentences({ ...contents, files });
    expect(told).toContain("version: 1.0.0 → 1.1.0");
    expect(told).toContain("thresholds.inner-race.raise: 0.8 → 0.7 (−12.5 %)");
    expect(told).toContain("features.list.peak.operator: new, peak");
    expect(told).toContain("features.list.rms.operator: gone (was rms-db)");
    expect(told).toContain("evaluation.auroc: 0.93 → 0.95 (+2.2 %)");
    expect(told).toContain("evaluation.sd: new, 0.02");
    expect(told).toContain("file model.mcu.bin: new, 100 bytes");
    expect(told).toContain("file evaluation.json: other content, 14 → 24 bytes (+71.4 %)");
    expect(told.some((sentence) => sentence.includes("impact"))).toBe(false);
  });

  it("says of an evaluation that is nested without end that it is, and the rest as ever", () => {
    const contents = sampleContents({ version: "1.1.0" });
    const files = new Map(contents.files).set(
      "evaluation.json",
      Buffer.from("[".repeat(200_000) + "]".repeat(200_000)),
    );
    const told = sentences({ ...contents, files });
    expect(told).toContain("version: 1.0.0 → 1.1.0");
    expect(told).toContain("evaluation: new, nested more deeply than any evaluation is");
  });

  it("gives a change of decibels in decibels", () => {
    const withLevel = (locationDb: number): ReturnType<typeof createBundle> => {
      const contents = sampleContents();
      const evaluation = Buffer.from(JSON.stringify({ level: { locationDb } }));
      return createBundle(
        { ...contents, files: new Map(contents.files).set("evaluation.json", evaluation) },
        key,
      );
    };
    const told = compareBundles(withLevel(-25.99), withLevel(-20.88)).map(({ sentence }) => sentence);
    expect(told).toContain("evaluation.level.locationDb: -25.99 → -20.88 (+5.11 dB)");
  });

  it("says of an evaluation's long tables how much of them changed, and of its figures what", () => {
    const evaluation = (brier: number): Buffer =>
      Buffer.from(
        JSON.stringify({
          metrics: { macroAuroc: { value: 0.9 + brier } },
          slices: [
            { by: "load", value: "1 hp", brier },
            { by: "load", value: "2 hp", brier: 0 },
          ],
        }),
      );
    const withEvaluation = (brier: number): ReturnType<typeof createBundle> => {
      const contents = sampleContents();
      const files = new Map(contents.files).set("evaluation.json", evaluation(brier));
      return createBundle({ ...contents, files }, key);
    };
    const told = compareBundles(withEvaluation(0.01), withEvaluation(0.02)).map(({ sentence }) => sentence);
    expect(told).toContain("evaluation.metrics.macroAuroc.value: 0.91 → 0.92 (+1.1 %)");
    expect(told).toContain("evaluation.slices: 1 of 6 values changed");
  });

  it("does not drown people in digests, and still has a line for everything that is signed", () => {
    const lineage = { ...sampleManifest().lineage, configSha256: "1".repeat(64) };
    expect(sentences(sampleContents({ lineage }))).toEqual(["lineage: trained with another configuration"]);
    const data = [{ ...lineage.data[0]!, sha256: "2".repeat(64), heldOutGroups: ["b", "c"] }];
    expect(sentences(sampleContents({ lineage: { ...sampleManifest().lineage, data } }))).toEqual([
      'lineage.data.sample.heldOutGroups: with ["c"]',
      "lineage: trained on other files",
    ]);
    const moved = { ...sampleManifest().scaler, mean: [0.25, 3] };
    expect(sentences(sampleContents({ scaler: moved }))).toEqual([
      "scaler.mean: without [0.125], with [0.25]",
    ]);
  });
});

describe("bundles that differ only where there are no words", () => {
  it("are still not called the same", () => {
    const channel = sampleManifest().channels[0]!;
    const twice = (max: number): ReturnType<typeof createBundle> =>
      createBundle(sampleContents({ channels: [{ ...channel, max }, channel] }), key);
    expect(compareBundles(twice(10), twice(20)).map((change) => change.path)).toEqual(["manifest.json"]);
  });
});

describe("signing again", () => {
  it("keeps the digest and changes who must be trusted", async () => {
    await withTempDir(async (dir) => {
      const bundleDir = `${dir}/b`;
      const written = await writeBundle(bundleDir, sampleContents(), key);
      const [own, second] = [newKey(), newKey()];
      await resignBundle(bundleDir, [own, second]);
      const verified = await verifyBundle(bundleDir, [second.publicKey, own.publicKey]);
      expect(verified.digest).toBe(written.digest);
      expect([...verified.signedBy].sort()).toEqual([own.keyId, second.keyId].sort());
      await expect(verifyBundle(bundleDir, [key.publicKey])).rejects.toThrow(/0 trusted keys/);
      await expect(verifyBundle(bundleDir, [own.publicKey])).rejects.toThrow(/is not by a trusted key/);
    });
  });
});
