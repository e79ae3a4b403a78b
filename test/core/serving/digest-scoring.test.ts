import { join } from "node:path";
import { expect, test } from "vitest";
import { renumberBundle } from "../../../src/cli/bundle/republish-bundle.ts";
import { loadTrustedKeys } from "../../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames, type Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import { decodeReference } from "../../../src/core/drift/reference-codec.ts";
import { digestScoring, digestSketching } from "../../../src/core/serving/digest-scoring.ts";
import { findNewestVersion } from "../../../src/core/serving/served-models.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { newKey } from "../bundle/sample-bundle.ts";

const models = join(import.meta.dirname, "..", "..", "..", "models");

async function openShipped(name: string) {
  const keys = await loadTrustedKeys(join(models, "release.pub"));
  return verifyBundle(await findNewestVersion(models, name), keys);
}

test.for(["bearing-vibration", "turbine-scada"])(
  "of %s under a higher version it is the same, whatever else names the version",
  async (name) => {
    const before = await openShipped(name);
    const key = newKey();
    const dir = join(createTemporaryFolder(), "again");
    await writeBundle(dir, renumberBundle(before, { version: "99.0.0", changelog: null }), key);
    const after = await verifyBundle(dir, [key.publicKey]);
    expect(after.digest).not.toBe(before.digest);
    expect(digestScoring(after.manifest)).toBe(digestScoring(before.manifest));
    expect(digestScoring(before.manifest)).toMatch(/^[0-9a-f]{64}$/);
  },
);

test("it is another one for whatever changes a logit or a level, and the same for what only reads them otherwise", async () => {
  const { manifest } = await openShipped("bearing-vibration");
  const baseline = manifest.baseline!;
  const changed = (change: Partial<Manifest>): boolean =>
    digestScoring({ ...manifest, ...change }) !== digestScoring(manifest);
  const fileOf = (name: string): Partial<Manifest> => ({
    files: manifest.files.map((file) => (file.path === name ? { ...file, sha256: "0".repeat(64) } : file)),
  });
  const [channel] = manifest.channels;
  const others: Partial<Manifest>[] = [
    fileOf(bundleFileNames.model),
    { window: { ...manifest.window, length: manifest.window.length + 1 } },
    { scaler: { ...manifest.scaler, clamp: manifest.scaler.clamp + 1 } },
    { features: { ...manifest.features, list: manifest.features.list.toReversed() } },
    { outputs: manifest.outputs.toReversed() },
    { channels: [{ ...channel!, unit: "m/s2" }] },
    { baseline: { ...baseline, levels: { ...baseline.levels, list: baseline.levels.list.toReversed() } } },
    { baseline: undefined },
  ];
  for (const change of others) expect([change, changed(change)]).toEqual([change, true]);
  const same: Partial<Manifest>[] = [
    fileOf(bundleFileNames.card),
    fileOf(bundleFileNames.reference),
    { version: "9.9.9", title: "t", changelog: "c", runtime: "*" },
    { calibration: manifest.calibration.map(({ slope }) => ({ slope, intercept: 0 })), thresholds: [] },
    { outputs: manifest.outputs.map(({ failureMode }) => ({ failureMode, title: "in other words" })) },
    { channels: [{ ...channel!, max: 100, stuckAfter: 1000, maxRateHz: 96_000 }] },
    { baseline: { ...baseline, healthy: undefined, minWindows: 100 } },
    { lineage: { ...manifest.lineage, seed: 1 } },
  ];
  for (const change of same) expect([change, changed(change)]).toEqual([change, false]);
});

test.for(["bearing-vibration", "turbine-scada"])(
  "of %s days are of one history where scores, columns and bins are the same, however training's thresholds lie",
  async (name) => {
    const { manifest, files } = await openShipped(name);
    const reference = decodeReference(files.get(bundleFileNames.reference)!);
    const digestOf = (changes: Partial<typeof reference>): string =>
      digestSketching({ manifest, reference: { ...reference, ...changes } });
    const { features } = reference;
    const [first, ...rest] = features;
    const renumbered = { ...manifest, version: "99.0.0" };
    expect(digestSketching({ manifest: renumbered, reference })).toBe(digestOf({}));
    const thresholds = features.map((column) => ({ ...column, driftPsi: [], warningPsi: [], mean: 0 }));
    expect(digestOf({ features: thresholds, rows: 1 })).toBe(digestOf({}));
    const others: Partial<typeof reference>[] = [
      { features: [...rest, first!] },
      { features: rest },
      { features: [{ ...first!, edges: first!.edges.map((edge) => edge + 1) }, ...rest] },
      { features: [{ ...first!, role: "level" }, ...rest] },
      { featureCount: reference.featureCount - 1 },
    ];
    for (const change of others) expect(digestOf(change)).not.toBe(digestOf({}));
    const window = { ...manifest.window, length: manifest.window.length + 1 };
    expect(digestSketching({ manifest: { ...manifest, window }, reference })).not.toBe(digestOf({}));
  },
);
