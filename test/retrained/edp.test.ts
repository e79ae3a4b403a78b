/** The shipped SCADA recipe, retrained for five seeds on EDP's wind farm: many minutes, so not among the quick tests. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateBundle } from "../../src/training/evaluate-bundle.ts";
import { dataFolder as data } from "../support/data-folder.ts";

const folder = new URL("../../models/turbine-scada", import.meta.url).pathname;
const quiet = { dataDir: data, log: () => {}, progress: () => {} };
const present = existsSync(join(data, "edp"));
const bundle = (): string => join(folder, readdirSync(folder).find((entry) => /^\d/.test(entry))!);

interface Printed {
  readonly metrics: Readonly<Record<string, { readonly value: number }>>;
}

test.skipIf(!present)(
  "on the train period, ahead in time, the scores find failures that rates and costs alone do not; after stops the integers follow the teacher",
  async () => {
    const { json } = await evaluateBundle(bundle(), "edp-tuning", quiet);
    const { metrics } = json as Printed;
    expect(metrics.zCorrelation!.value).toBeGreaterThanOrEqual(0.98);
    expect(metrics.zAfterStops!.value).toBeGreaterThanOrEqual(0.98);
    const { policies } = json as {
      policies: Record<string, { detected: { value: number }; gainEur: { value: number } }>;
    };
    expect(policies.policy!.detected.value).toBeGreaterThan(policies.withoutScores!.detected.value);
    expect(policies.policy!.gainEur.value).toBeGreaterThan(policies.withoutScores!.gainEur.value);
    expect(policies.policy!.detected.value).toBeGreaterThan(policies.shuffledScores!.detected.value);
  },
  30 * 60_000,
);

test.skipIf(!present)(
  "five seeds of the recipe find what is asked for on the test half-year, with int8 within one percent of float and near the teacher",
  async () => {
    const { json } = await evaluateBundle(bundle(), "edp", quiet);
    const { checks } = json as { checks: Readonly<Record<string, boolean>> };
    const names = ["detected", "gainEur", "inspections", "zCorrelation", "maeIncrease"];
    expect(checks).toEqual(Object.fromEntries(names.map((name) => [name, true])));
  },
  60 * 60_000,
);
