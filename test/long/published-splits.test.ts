/** The shipped recipe, retrained on one of the 100 published splits; `npm run test:retrained` does so on all. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundledConfigName } from "../../src/training/bundle/bundled-files.ts";
import { bearingConfigSchema } from "../../src/training/recipes/bearing/bearing-config.ts";
import { judgeNamedSplits } from "../../src/training/recipes/bearing/judge/split-figures.ts";
import { dataFolder as data } from "../support/data-folder.ts";

const folder = new URL("../../models/bearing-vibration", import.meta.url).pathname;

/** `perSplit` in `aurora evaluate models/bearing-vibration/1.0.0 --protocol cwru-100 --json`, the int8 student. */
const printed: Readonly<Record<string, number>> = {
  "run-28-DE": 0.9889016897081414,
};

test.skipIf(!existsSync(join(data, "cwru")))(
  "a published split gives what the whole protocol printed of it (set AURORA_DATA to run)",
  async () => {
    const version = readdirSync(folder).find((entry) => /^\d/.test(entry))!;
    const bundle = await readBundle(join(folder, version));
    const config = bearingConfigSchema.parse(
      parse(Buffer.from(bundle.files.get(bundledConfigName)!).toString("utf8")),
    );
    const context = { dataDir: data, log: () => {}, progress: () => {} };
    const names = new Set(Object.keys(printed));
    const judged = await judgeNamedSplits("cwru-100", { bundle, config, context }, names);
    expect(Object.fromEntries(judged.map(({ name, int8 }) => [name, int8]))).toEqual(printed);
  },
  10 * 60_000,
);
