/** The integer engine in C on any target. */
import { afterAll, describe, expect, test } from "vitest";
import { CheckCommands, CheckResults } from "../../scripts/mcu/check-commands.ts";
import { buildCheckProgram, type CheckProgram, type CheckTarget } from "../../scripts/mcu/check-program.ts";
import { createRandomStudent } from "../../scripts/mcu/random-student.ts";
import { createRequantiseCases, requantiseAsDefined } from "../../scripts/mcu/requantise-cases.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { reasonToSkip } from "./skip-reason.ts";

const shapes = [
  [64, 32, 16, 6],
  [21, 24, 12, 3],
  [32, 16, 4],
  [1, 1],
  [3, 2],
  [7, 5, 9, 11],
  [128, 128, 1],
];

/** What the engine in C does on a target, by the definition and beside the TypeScript engine. */
export function describeEngine(target: CheckTarget): void {
  const reason = reasonToSkip(target);
  describe.skipIf(reason !== null)(
    `the engine in C on ${target}${reason === null ? "" : ` (${reason})`}`,
    () => {
      let program: CheckProgram | null = null;
      const run = (input: Uint8Array): CheckResults => {
        program ??= buildCheckProgram(target);
        return new CheckResults(program.run(input));
      };
      afterAll(() => program?.close());

      test("requantises as defined at every corner", () => {
        const cases = createRequantiseCases(createRandom(31), 20_000);
        const actual = run(new CheckCommands().requantise(cases).finish()).bytes(cases.length);
        const wrong = cases.filter((one, index) => actual[index] !== requantiseAsDefined(one));
        expect(wrong.slice(0, 3)).toEqual([]);
      });

      test("gives the integers of the TypeScript engine for random students and inputs", () => {
        const random = createRandom(32);
        const commands = new CheckCommands();
        const expected: Uint8Array[] = [];
        const rows = 400;
        for (const widths of shapes) {
          const student = createRandomStudent(random, widths);
          const [inputs, outputs] = [widths[0]!, widths[widths.length - 1]!];
          const raiseAt = new Array<number>(outputs).fill(256);
          const file = encodeMcuModel({ name: "random", version: "1.0.0", student, raiseAt, features: null });
          if (target === "m0" && file.length > 8192) continue;
          const quantised = Uint8Array.from({ length: rows * inputs }, () => random.integer(256));
          const out = new Uint8Array(rows * outputs);
          createIntegerKernel(student).runQuantisedInto(quantised, rows, out);
          commands.model(file).rows(quantised, rows);
          expected.push(out);
        }
        const results = run(commands.finish());
        for (const out of expected) {
          expect(results.word()).toBe(0);
          expect(Buffer.compare(results.bytes(out.length), out)).toBe(0);
        }
        expect(results.left).toBe(0);
      });
    },
  );
}
