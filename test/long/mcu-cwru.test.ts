/** Every window of every recording through the C code and the TypeScript chain: half a minute, so not among the quick tests. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareCwru } from "../../scripts/mcu/compare-cwru.ts";
import { readShippedModels } from "../../scripts/mcu/shipped-models.ts";
import { reasonToSkip } from "../mcu/skip-reason.ts";
import { dataFolder as data } from "../support/data-folder.ts";

test.skipIf(!existsSync(join(data, "cwru")) || reasonToSkip("host") !== null)(
  "a microcontroller decides as the gateway on every CWRU window (set AURORA_DATA to run)",
  async () => {
    const models = await readShippedModels();
    const bearing = models.find((one) => one.manifest.name === "bearing-vibration")!;
    const found = await compareCwru(data, { model: bearing, target: "host" });
    expect(found.windows).toBeGreaterThan(900);
    expect(found).toMatchObject({ scoredByOneOnly: 0, otherDecisions: 0, otherIntegers: 0 });
    // A logit that lies at its threshold is above it on one side where it differs by a step.
    expect(found.otherByOneStep).toBeLessThan(5);
    expect(found.largestLogitSteps).toBeLessThanOrEqual(3);
    expect(found.featureError.lines).toBeLessThan(0.01);
    expect(found.featureError.p9999).toBeLessThan(0.005);
    // Where two deviations of a comb stand equally high but for rounding, each side may take another one: what the lines have
    // more, their side bands have less.
    expect(found.featureError.max).toBeLessThan(0.1);
  },
  10 * 60_000,
);
