import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createRandomStudent } from "../../scripts/mcu/random-student.ts";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createMcuWorkshop, hasCompiler } from "./mcu-host.ts";

/** A model of two sectors. */
function createImage(version: string, seed: number): Uint8Array {
  const student = createRandomStudent(createRandom(seed), [64, 64, 20, 6]);
  return encodeMcuModel({ name: "m", version, student, raiseAt: Array(6).fill(256), features: null });
}

describe.skipIf(!hasCompiler)("the model slots (needs a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());

  test("whenever the power goes during an update, the old or the new model runs, and the update can be finished", () => {
    const program = workshop.build("power-cut");
    const old = join(workshop.folder, "old.bin");
    const next = join(workshop.folder, "new.bin");
    writeFileSync(old, createImage("1.0.0", 1));
    writeFileSync(next, createImage("1.0.1", 2));
    // Every first cut; `npm run test:mcu` has every second cut too.
    const run = spawnSync(program, [old, next, "1", "89"], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    // Of four sectors the model has two, and no more are erased.
    expect(JSON.parse(run.stdout)).toMatchObject({
      erasures: 2,
      violations: 0,
      ruleBreaks: 0,
      bootedNone: 0,
    });
    expect(run.status).toBe(0);
  });
});
