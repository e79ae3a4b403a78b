/** The shipped recipe, retrained on the 100 published splits: a quarter of an hour, so neither among the quick tests nor the long ones. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateBundle } from "../../src/training/evaluate-bundle.ts";
import { dataFolder as data } from "../support/data-folder.ts";

const folder = new URL("../../models/bearing-vibration", import.meta.url).pathname;
/** Of one split, as `aurora evaluate models/bearing-vibration/1.0.0 --protocol cwru-100 --json` printed it of the int8 student. */
const printed = { name: "run-28-DE", int8: 0.9889016897081414 };

const quiet = { dataDir: data, log: () => {}, progress: () => {} };

test.skipIf(!existsSync(join(data, "cwru")))(
  "int8 students reach a macro AUROC of 0.938 over the published splits (set AURORA_DATA to run)",
  async () => {
    const version = readdirSync(folder).find((entry) => /^\d/.test(entry))!;
    const { json, passed } = await evaluateBundle(join(folder, version), "cwru-100", quiet);
    const { metrics, perSplit } = json as {
      metrics: { macroAuroc: { value: number }; physics: { value: number } };
      perSplit: readonly object[];
    };
    expect(passed).toBe(true);
    expect(perSplit).toContainEqual(expect.objectContaining(printed));
    expect(metrics.macroAuroc.value).toBeGreaterThanOrEqual(metrics.physics.value + 0.01);
  },
  30 * 60_000,
);
