import { describe, expect, test } from "vitest";
import { CheckCommands, CheckResults } from "../../scripts/mcu/check-commands.ts";
import { buildCheckProgram } from "../../scripts/mcu/check-program.ts";
import { createRandomStudent } from "../../scripts/mcu/random-student.ts";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { describeEngine } from "./engine-suite.ts";
import { reasonToSkip } from "./skip-reason.ts";

// The other targets are in the long suite.
describeEngine("host");
describeEngine("m4");

describe.skipIf(reasonToSkip("host") !== null)("opening a model in C", () => {
  test("refuses every file with a flipped bit, of another size, or that is no model", () => {
    const student = createRandomStudent(createRandom(33), [5, 4, 3]);
    const file = encodeMcuModel({
      name: "small",
      version: "1.2.3",
      student,
      raiseAt: [256, 0, 255],
      features: null,
    });
    const commands = new CheckCommands().model(file);
    let damaged = 0;
    for (let offset = 0; offset < file.length; offset++) {
      const copy = file.slice();
      copy[offset]! ^= 1 << (offset % 8);
      commands.model(copy);
      damaged++;
    }
    for (let length = 0; length < file.length; length += 4) {
      commands.model(file.subarray(0, length));
      damaged++;
    }
    const program = buildCheckProgram("host");
    const results = new CheckResults(program.run(commands.finish()));
    program.close();
    expect(results.word()).toBe(0);
    for (let index = 0; index < damaged; index++) expect(results.word()).not.toBe(0);
  });
});
