/** The shipped SCADA student on EDP's test half-year: a minute, so not among the quick tests. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateBundle } from "../../src/training/evaluate-bundle.ts";
import { dataFolder as data } from "../support/data-folder.ts";

const folder = new URL("../../models/turbine-scada", import.meta.url).pathname;

test.skipIf(!existsSync(join(data, "edp")))(
  "the shipped student gives the figures that its bundle states (set AURORA_DATA to run)",
  async () => {
    const version = readdirSync(folder).find((entry) => /^\d/.test(entry))!;
    const quiet = { dataDir: data, log: () => {}, progress: () => {} };
    expect((await evaluateBundle(join(folder, version), "held-out", quiet)).passed).toBe(true);
  },
  10 * 60_000,
);
