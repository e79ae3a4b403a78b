/** The shipped bundle, made once more from its own configuration: minutes of all cores, so not among the long tests either. */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames, type Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { digestTrainingCode } from "../../src/training/bundle/training-code-digest.ts";
import { type TrainingResult, train } from "../../src/training/train.ts";
import { loadTrainingConfig } from "../../src/training/training-config.ts";
import { dataFolder as data } from "../support/data-folder.ts";

const folder = new URL("../../models/bearing-vibration", import.meta.url).pathname;
const shippedDir = join(folder, readdirSync(folder).find((entry) => /^\d/.test(entry))!);
let again: TrainingResult;

/** All that decides how the bundle behaves: the manifest without what names code, libraries and the files' digests. */
function behaviour(manifest: Manifest): Partial<Manifest> {
  const { lineage: _lineage, files: _files, ...rest } = manifest;
  return rest;
}

describe.skipIf(!existsSync(join(data, "cwru")))("training once more (set AURORA_DATA to run)", () => {
  const scratch = createScratchFolder("retrain");
  beforeAll(async () => {
    again = await train(await loadTrainingConfig(join(folder, "train.yaml")), {
      dataDir: data,
      outDir: join(scratch.path, "bundle"),
      workDir: null,
      gated: true,
      reportDir: null,
      signer: parsePrivateKey(createKeyPair().privateKeyPem),
      log: () => {},
      progress: () => {},
    });
  }, 900_000);
  afterAll(scratch.remove);

  const decisive = [
    bundleFileNames.model,
    bundleFileNames.reference,
    bundleFileNames.background,
    bundleFileNames.golden,
    bundleFileNames.evaluation,
  ];
  test.each(decisive)("gives the shipped %s to the byte", async (name) => {
    const made = await readFile(join(again.dir, name));
    expect(made.equals(await readFile(join(shippedDir, name)))).toBe(true);
  });

  test("gives the shipped contract, features, calibration and thresholds", async () => {
    const [made, shipped] = [await readBundle(again.dir), await readBundle(shippedDir)];
    expect(behaviour(made.manifest)).toEqual(behaviour(shipped.manifest));
  });

  test("gives the shipped digest as long as the training code is the one that the manifest names", async () => {
    const shipped = await readBundle(shippedDir);
    const isSameCode =
      (await digestTrainingCode("src/training/recipes/bearing/bearing-recipe.ts")) ===
      shipped.manifest.lineage.trainingCodeSha256;
    expect(again.digest === shipped.digest).toBe(isSameCode);
  });
});
