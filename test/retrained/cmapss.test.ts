/** The turbofan yardstick, trained anew: minutes, so not among the quick tests. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { evaluateBundle } from "../../src/training/evaluate-bundle.ts";
import type { LifeEvaluation } from "../../src/training/recipes/life/life-evaluation.ts";
import { train } from "../../src/training/train.ts";
import { dataFolder as dataDir } from "../support/data-folder.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { quiet } from "../training/tiny-options.ts";

test.skipIf(!existsSync(join(dataDir, "cmapss"))).each(["fd001", "fd003"])(
  "the int8 student of %s predicts remaining life better than the published networks, in intervals that hold what they promise (set AURORA_DATA to run)",
  async (subset) => {
    const outDir = createTemporaryFolder();
    const config = new URL(`../../models/turbofan-life/${subset}.yaml`, import.meta.url).pathname;
    const signer = parsePrivateKey(createKeyPair().privateKeyPem);
    const options = { dataDir, outDir, signer, workDir: null, reportDir: null, ...quiet };
    const { evaluation } = await train(config, { ...options, gate: "refuse" });
    const { outOfFold } = evaluation as LifeEvaluation;
    const { json } = await evaluateBundle(outDir, "cmapss", { dataDir, ...quiet });
    const { checks } = json as { checks: Readonly<Record<string, boolean>> };
    expect(checks).toEqual({ rmse: true, coverage: true, modelBytes: true, asClaimed: true });
    expect(Math.abs(outOfFold.coverage.value - 0.9)).toBeLessThan(0.03);
  },
  60 * 60_000,
);
